import { describe, expect, it } from 'vitest';
import { changeOf, effectSentence } from './effect.ts';

const draft = { id: '1', customer: 'acme', customerName: 'Acme', month: '2026-10', currency: 'USD', failure: null };
const effect = (count: number, finalInvoices: number, customers = 1) => ({ customers, drafts: { count, rated: [] }, finalInvoices });

describe('the effect of saving a plan', () => {
  it.each([
    [effect(2, 12), 3, 'Saving makes version 4. 2 drafts follow it at once; 12 final invoices stay as they are.'],
    [effect(1, 0), 1, 'Saving makes version 2. 1 draft follows it at once; there is no final invoice by it.'],
    [effect(0, 0), 1, 'Saving makes version 2. No draft changes; there is no final invoice by it.'],
    [effect(0, 0, 0), 0, 'Saving makes a new plan. Nobody is on this plan yet, so no invoice changes.'],
  ])('%o', (what, version, sentence) => {
    expect(effectSentence(what, version)).toBe(sentence);
  });

  it('tells by how much a draft changes', () => {
    expect(changeOf({ ...draft, before: '10.00', after: '11.20' })).toBe('+$1.20');
    expect(changeOf({ ...draft, before: '10.00', after: '7.00' })).toBe('\u2212$3.00');
    expect(changeOf({ ...draft, before: '10.00', after: '10.00' })).toBe('no change');
    expect(changeOf({ ...draft, before: null, after: null })).toBeUndefined();
  });
});
