import { describe, expect, it } from 'vitest';
import { changeSentence, meaningOf } from './words.ts';

const sum = { aggregation: 'sum', property: null } as const;
const use = (count: number, finalInvoices: number) => ({ drafts: { count, newest: [] }, finalInvoices });

describe('a meter', () => {
  it('says what its aggregation means', () => {
    expect(meaningOf(sum)).toBe('All quantities of the month, added up.');
    expect(meaningOf({ aggregation: 'unique', property: 'user' })).toBe('How many different values of user there were.');
  });

  it.each([
    [2, 1, '2 drafts are counted anew like this at once; 1 final invoice stays as it is, also where usage comes late.'],
    [1, 0, '1 draft is counted anew like this at once; there is no final invoice of it.'],
    [0, 0, 'No draft bills this meter; no final invoice does.'],
    [0, 3, 'No draft bills this meter; 3 final invoices stay as they are, also where usage comes late.'],
  ])('says what a change does to %i drafts and %i final invoices', (drafts, finals, sentence) => {
    expect(changeSentence(sum, { aggregation: 'max', property: null }, use(drafts, finals))).toBe(sentence);
  });

  it('has nothing to say where quantities stay what they are', () => {
    expect(changeSentence(sum, { ...sum }, use(1, 1))).toBe('');
  });
});
