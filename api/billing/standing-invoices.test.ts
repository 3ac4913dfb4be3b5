import { describe, expect, it } from 'vitest';
import { standingInvoices } from './standing-invoices.ts';

const invoice = (id: string, status: 'draft' | 'final' | 'void', month = '2026-10') => ({ id, status, month });

describe('the invoice that stands for a month', () => {
  it.each([
    ['the final one', [invoice('9', 'void'), invoice('10', 'final')], ['10']],
    ['the final one, in whatever order', [invoice('10', 'final'), invoice('9', 'void')], ['10']],
    ['the last void one where none is final', [invoice('10', 'void'), invoice('9', 'void')], ['10']],
    ['never a draft', [invoice('9', 'void'), invoice('10', 'draft'), invoice('11', 'draft', '2026-11')], ['9']],
  ])('is %s', (_, issued, ids) => {
    expect(standingInvoices(issued).map(({ id }) => id)).toEqual(ids);
  });

  it('is one per month, oldest first', () => {
    const issued = [invoice('3', 'final', '2026-11'), invoice('4', 'void'), invoice('1', 'final', '2025-12')];
    expect(standingInvoices(issued).map(({ id }) => id)).toEqual(['1', '4', '3']);
  });
});
