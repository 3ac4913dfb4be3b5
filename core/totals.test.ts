import { describe, expect, it } from 'vitest';
import type { Discount } from '../schemas/http/plans.ts';
import { settle, totalsOf, type SegmentLines, type TotalsTerms } from './totals.ts';

const period = { from: 0, to: 4 };
const TERMS: TotalsTerms = { period, currency: 'USD', rounding: 'half-away', taxRate: '0' };

/** Amounts in cents. */
function totals(lines: [meter: string | undefined, amount: bigint][], plan: { discounts?: Discount[]; minimum?: string }, terms = TERMS) {
  return totalsOf([segmentOf(lines, plan)], terms);
}
function segmentOf(
  lines: [meter: string | undefined, amount: bigint][],
  plan: { discounts?: Discount[]; minimum?: string },
  segment = period,
): SegmentLines {
  return { segment, lines: lines.map(([meter, amount]) => ({ meter, amount })), discounts: plan.discounts ?? [], minimum: plan.minimum };
}

describe('discounts', () => {
  it('on lines come before those on the invoice, each taken from what the ones before have left', () => {
    const discounts = [{ percent: '50' }, { amount: '10', meter: 'calls' }, { percent: '10', meter: 'calls' }, { amount: '5' }];
    const rated = totals(
      [
        ['calls', 10000n],
        ['seats', 2000n],
      ],
      { discounts },
    );
    expect(rated.discounts.map(({ key, base, amount }) => [key, base, amount])).toEqual([
      ['discount/1970-01-01T00:00:00Z/1', 10000n, -1000n],
      ['discount/1970-01-01T00:00:00Z/2', 9000n, -900n],
      ['discount/1970-01-01T00:00:00Z/0', 10100n, -5050n],
      ['discount/1970-01-01T00:00:00Z/3', 5050n, -500n],
    ]);
    expect(rated).toMatchObject({ subtotal: 12000n, total: 4550n });
  });

  it('on a meter cover its fee and its usage', () => {
    expect(
      totals(
        [
          ['calls', 4900n],
          ['calls', 100n],
          [undefined, 1n],
        ],
        { discounts: [{ percent: '100', meter: 'calls' }] },
      ).total,
    ).toBe(1n);
  });

  it.each([
    ['an amount takes no more than there is', 300n, { amount: '5' }, 0n],
    ['an amount is rounded once', 300n, { amount: '0.005' }, 299n],
    ['an amount takes nothing from a negative base', -300n, { amount: '5' }, -300n],
    ['a percentage is rounded once', 5n, { percent: '50' }, 2n],
    ['a percentage of a negative base is given back with it', -300n, { percent: '10' }, -270n],
    ['100 % leave nothing', -300n, { percent: '100' }, 0n],
    ['nothing off is nothing', 300n, { percent: '0' }, 300n],
  ])('%s', (_name, base, discount, left) => {
    expect(totals([['calls', base]], { discounts: [discount] }).total).toBe(left);
    expect(totals([['calls', base]], { discounts: [{ ...discount, meter: 'calls' }] }).total).toBe(left);
  });

  it('that change nothing are no entries', () => {
    expect(totals([], { discounts: [{ percent: '10' }, { amount: '5' }, { percent: '10', meter: 'calls' }] }).discounts).toEqual([]);
  });
});

describe('a minimum', () => {
  it.each([
    ['is topped up to', 8000n, [{ minimum: 10000n, base: 8000n, amount: 2000n }], 10000n],
    ['is no entry when it is reached', 10000n, [], 10000n],
    ['tops up a negative base', -500n, [{ minimum: 10000n, base: -500n, amount: 10500n }], 10000n],
  ])('%s', (_name, amount, minimums, total) => {
    expect(totals([['calls', amount]], { minimum: '100' })).toMatchObject({ minimums, total });
  });

  it('is taxed like everything else', () => {
    expect(totals([['calls', 8000n]], { minimum: '100' }, { ...TERMS, taxRate: '19' })).toMatchObject({
      taxes: [{ base: 10000n, amount: 1900n }],
    });
  });
});

describe('segments', () => {
  it('each have their own discounts and their share of their minimum; the tax is taken once', () => {
    const first = segmentOf([['calls', 333n]], { discounts: [{ amount: '1' }], minimum: '4' }, { from: 0, to: 3 });
    const second = segmentOf([['calls', 50n]], { discounts: [{ amount: '1' }], minimum: '0.02' }, { from: 3, to: 4 });
    expect(totalsOf([first, second], { ...TERMS, taxRate: '50' })).toMatchObject({
      subtotal: 383n,
      discounts: [{ amount: -100n }, { amount: -50n }],
      minimums: [
        { base: 233n, minimum: 300n, amount: 67n },
        { base: 0n, minimum: 1n, amount: 1n },
      ],
      taxes: [{ base: 301n, amount: 151n }],
      total: 452n,
    });
  });
});

describe('a tax', () => {
  it.each([
    ['0', 1000n, []],
    ['0.000', 1000n, []],
    ['7.7', 1000n, [{ key: 'tax/7.7', rate: '7.7', base: 1000n, amount: 77n }]],
    ['19.00', 50n, [{ key: 'tax/19', rate: '19.00', base: 50n, amount: 10n }]],
    ['19', -50n, [{ key: 'tax/19', rate: '19', base: -50n, amount: -10n }]],
  ])('of %s %% on %s', (taxRate, amount, taxes) => {
    expect(totals([['calls', amount]], {}, { ...TERMS, taxRate }).taxes).toEqual(taxes);
  });
});

describe('credits', () => {
  const credits = [
    { invoice: 'A', amount: 300n },
    { invoice: 'B', amount: 500n },
  ];

  it.each([
    ['a total below 0 becomes one', -200n, { applied: [], payable: 0n, carried: 200n }],
    ['a total of 0 uses none', 0n, { applied: [], payable: 0n, carried: 0n }],
    [
      'the oldest is used up first',
      400n,
      {
        applied: [
          { invoice: 'A', amount: 300n },
          { invoice: 'B', amount: 100n },
        ],
        payable: 0n,
        carried: 0n,
      },
    ],
    ['what they do not cover remains payable', 900n, { applied: credits, payable: 100n, carried: 0n }],
  ])('%s', (_name, total, settlement) => expect(settle(total, credits)).toEqual(settlement));

  it('that are used up are passed over', () => {
    expect(
      settle(10n, [
        { invoice: 'A', amount: 0n },
        { invoice: 'B', amount: 20n },
      ]).applied,
    ).toEqual([{ invoice: 'B', amount: 10n }]);
  });
});
