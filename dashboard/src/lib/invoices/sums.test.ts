import { describe, expect, it } from 'vitest';
import type { DocumentTotal } from '../types.ts';
import { agrees, currencySums, rowSums } from './sums.ts';

const totals: DocumentTotal[] = [
  { kind: 'invoice', status: 'void', currency: 'USD', documents: 1, total: '100.00' },
  { kind: 'invoice', status: 'draft', currency: 'USD', documents: 2, total: '0.30' },
  { kind: 'credit_note', status: 'final', currency: 'USD', documents: 1, total: '-2.50' },
  { kind: 'invoice', status: 'final', currency: 'USD', documents: 1, total: '9007199254740993.01' },
  { kind: 'invoice', status: 'final', currency: 'JPY', documents: 1, total: '1250' },
];
const rows = [
  { status: 'draft' as const, currency: 'USD', total: '0.10' },
  { status: 'draft' as const, currency: 'USD', total: '0.20' },
  { status: 'void' as const, currency: 'USD', total: '100.00' },
  { status: 'final' as const, currency: 'JPY', total: '1250' },
];

describe('what a list comes to', () => {
  it('is told by currency, in the order of a life, exactly, without what is void', () => {
    const [yen, dollars] = currencySums(totals);
    expect(yen).toMatchObject({ currency: 'JPY', total: '1250', void: [] });
    expect(dollars).toMatchObject({
      currency: 'USD',
      terms: [{ label: 'final' }, { label: 'drafts' }, { label: 'credit notes' }],
      total: '9007199254740990.81',
      void: [{ label: 'void', documents: 1, total: '100.00' }],
    });
  });

  it('agrees with its rows in number and amount, or does not', () => {
    const terms = currencySums(totals)[1]?.terms ?? [];
    const drafts = terms.find(({ label }) => label === 'drafts');
    if (drafts === undefined) throw new Error('there are drafts');
    const agree = (invoices: typeof rows) => agrees(drafts, 'USD', { invoices, notes: [] });
    expect(agree(rows)).toBe(true);
    expect(agree(rows.slice(1))).toBe(false);
    expect(agree([{ ...rows[0], total: '0.101' } as (typeof rows)[number], ...rows.slice(1)])).toBe(false);
  });

  it('of rows leaves out what is void', () => {
    expect(rowSums(rows)).toEqual([
      { currency: 'JPY', rows: 1, total: '1250' },
      { currency: 'USD', rows: 2, total: '0.3' },
    ]);
  });
});
