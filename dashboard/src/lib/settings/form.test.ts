import { describe, expect, it } from 'vitest';
import type { Settings } from '../types.ts';
import { formOf, inputOf, numberCycle, numberExample } from './form.ts';

const settings: Settings = {
  seller: { name: 'Tally AG', address: ['Hauptstraße 1', '10115 Berlin'], paymentTerms: '30 days' },
  numbering: { invoice: 'INV-{year}-{number:5}', creditNote: 'CN-{year}-{number:5}' },
  defaults: { plan: null, currency: 'EUR', timeZone: 'Europe/Berlin' },
  billing: { rounding: 'half-even' },
  updatedAt: null,
};

describe('the form of the settings', () => {
  it('gives back what it was made of', () => {
    const { updatedAt: _, ...input } = settings;
    expect(inputOf(formOf(settings))).toEqual(input);
  });

  it('leaves out what is empty, and blank lines', () => {
    const form = { ...formOf(settings), name: '  ', address: 'Road 2\r\n\n 1010 Wien \n', currency: 'chf', plan: 'basic' };
    expect(inputOf(form)).toMatchObject({
      seller: { address: ['Road 2', '1010 Wien'], paymentTerms: '30 days' },
      defaults: { plan: 'basic', currency: 'CHF' },
    });
    expect(inputOf(form).seller).not.toHaveProperty('name');
  });
});

describe('the pattern of numbers', () => {
  it.each([
    ['INV-{year}-{number:5}', 'INV-2026-00001', 'Each year counts from 1.'],
    ['R{year}/{month}-{number}', 'R2026/10-1', 'Each month counts from 1.'],
    ['{number:3}', '001', 'The count goes on for ever.'],
  ])('%s is shown by example', (pattern, example, cycle) => {
    expect(numberExample(pattern, '2026-10-31')).toBe(example);
    expect(numberCycle(pattern)).toBe(cycle);
  });
});
