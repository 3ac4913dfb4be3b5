import { describe, expect, it } from 'vitest';
import type { Price } from '../types.ts';
import { priceInWords, termsInWords } from './words.ts';

const tiers = [
  { upTo: '1000', unitPrice: '0.10' },
  { upTo: null, unitPrice: '0.08', flatFee: '5' },
];

describe('a price in words', () => {
  it.each<[Price, string]>([
    [{ meter: 'm', model: 'per_unit', unitPrice: '0.0000012' }, '$0.0000012 each'],
    [{ meter: 'm', model: 'per_unit', unitPrice: '0.0000012', included: '100000' }, 'first 100,000 included, then $0.0000012'],
    [{ meter: 'm', model: 'per_unit', unitPrice: '1', included: '0' }, '$1.00 each'],
    [{ meter: 'm', model: 'graduated', tiers }, '$0.10 each to 1,000, then $0.08 each and $5.00 once'],
    [
      {
        meter: 'm',
        model: 'graduated',
        tiers: [
          { upTo: '50', unitPrice: '0' },
          { upTo: null, unitPrice: '2' },
        ],
      },
      'first 50 included, then $2.00 each',
    ],
    [{ meter: 'm', model: 'volume', tiers }, 'all at $0.10 to 1,000; $0.08 above 1,000 and $5.00 once'],
    [{ meter: 'm', model: 'volume', tiers: tiers.slice(1) }, 'all at $0.08 and $5.00 once'],
    [{ meter: 'm', model: 'package', size: '1000', unitPrice: '5' }, '$5.00 per started 1,000'],
    [{ model: 'flat', amount: '49' }, '$49.00 per month'],
    [{ meter: 'seats', model: 'flat', amount: '49' }, '$49.00 per month, however much is used'],
    [{ meter: 'm', model: 'per_unit', unitPrice: '0.0000000000000000012' }, '$0.0000000000000000012 each'],
  ])('%o: %s', (price, words) => {
    expect(priceInWords(price, 'USD')).toBe(words);
  });

  it('is told as far as it is written, whatever is typed', () => {
    expect(priceInWords({ meter: '', model: 'package', size: '', unitPrice: '5,0' }, 'EU')).toBe('5,0 per started …');
  });

  it('comes with discounts and the minimum', () => {
    const discounts = [{ percent: '10' }, { amount: '5', meter: 'calls' }];
    expect(termsInWords({ name: '', currency: 'JPY', prices: [], discounts, minimum: '1000' })).toEqual([
      '10 % off the invoice',
      '¥5 off calls',
      'at least ¥1,000 per month',
    ]);
  });
});
