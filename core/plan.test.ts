import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanDefinition, Price, Tier } from '../schemas/http/plans.ts';
import { checkPlan } from './plan.ts';

const tier = (upTo: string | null): Tier => ({ upTo, unitPrice: '0.1' });
const flat = (amount: string, meter?: string): Price => ({ model: 'flat', amount, ...(meter === undefined ? {} : { meter }) });
const packages = (size: string): Price => ({ meter: 'calls', model: 'package', size, unitPrice: '5' });
const volume = (...upTo: (string | null)[]): Price => ({ meter: 'calls', model: 'volume', tiers: upTo.map(tier) });
const perUnit = (unitPrice: string, included = '0'): Price => ({ meter: 'calls', model: 'per_unit', unitPrice, included });
const graduated = (...upTo: (string | null)[]): Price => ({ meter: 'calls', model: 'graduated', tiers: upTo.map(tier) });
const plan = (...prices: Price[]): PlanDefinition => ({ name: 'Pro', currency: 'USD', prices });
const withTerms = (terms: Partial<PlanDefinition>): PlanDefinition => ({ ...plan(perUnit('1')), ...terms });
const faults = (definition: PlanDefinition): string[] => checkPlan(definition).map(({ path, code }) => `${path} ${code}`);

describe('checkPlan', () => {
  it.each([
    ['no prices', plan()],
    ['a price per unit with included units', plan({ meter: 'calls', model: 'per_unit', unitPrice: '0.01', included: '1000' })],
    ['one open tier', plan(graduated(null))],
    ['rising tiers', plan(graduated('9', '10', '10.5', null))],
    ['tiers that rise by the last digit', plan(graduated('99999999999999999999', '99999999999999999999.000000000000000001', null))],
    ['volume tiers', plan(volume('10', '20', null))],
    ['a package of half a unit', plan(packages('0.5'))],
    ['several fixed fees without a meter', plan(flat('49'), flat('0'), perUnit('1'))],
    ['a fixed fee for a meter, and a discount on it', { ...plan(flat('49', 'seats')), discounts: [{ percent: '100', meter: 'seats' }] }],
    ['a minimum and discounts', withTerms({ minimum: '100.005', discounts: [{ amount: '5' }, { percent: '0.5', meter: 'calls' }] })],
  ])('accepts %s', (_, definition) => expect(checkPlan(definition)).toEqual([]));

  it.each([
    ['a falling tier', plan(graduated('10', '9', null)), ['prices/0/tiers/1/upTo tier_not_increasing']],
    ['the same number written twice', plan(graduated('10', '10.0', null)), ['prices/0/tiers/1/upTo tier_not_increasing']],
    ['a first tier that ends at 0', plan(graduated('0', null)), ['prices/0/tiers/0/upTo tier_not_increasing']],
    ['an open tier before the last', plan(graduated('10', null, null)), ['prices/0/tiers/1/upTo tier_open']],
    ['a last tier that ends', plan(graduated('10', '20')), ['prices/0/tiers/1/upTo last_tier_bounded']],
    [
      'two faults of one tier',
      plan(graduated('10', '5')),
      ['prices/0/tiers/1/upTo tier_not_increasing', 'prices/0/tiers/1/upTo last_tier_bounded'],
    ],
    ['an unknown currency', { ...plan(), currency: 'XXX' }, ['currency unknown_currency']],
    [
      'a second price of a meter',
      plan(graduated(null), { meter: 'b', model: 'per_unit', unitPrice: '1' }, graduated(null)),
      ['prices/2/meter duplicate_meter'],
    ],
    ['no tiers at all', plan(volume()), ['prices/0/tiers tiers_missing']],
    ['volume tiers that overlap', plan(volume('10', '9', null)), ['prices/0/tiers/1/upTo tier_not_increasing']],
    ['a package of nothing', plan(packages('0.0')), ['prices/0/size size_not_positive']],
    ['a package of less than nothing', plan(packages('-1')), ['prices/0/size negative']],
    ['a fixed fee for a meter that has a price', plan(perUnit('1'), flat('49', 'calls')), ['prices/1/meter duplicate_meter']],
    ['19 fraction digits', plan(perUnit(`0.${'0'.repeat(18)}1`)), ['prices/0/unitPrice too_many_fraction_digits']],
    ['21 integer digits', plan(perUnit('1', '1'.repeat(21))), ['prices/0/included number_too_large']],
    ['a negative price', plan(perUnit('-0.1')), ['prices/0/unitPrice negative']],
    ['a negative fee', plan(flat('-49')), ['prices/0/amount negative']],
    ['what is no number', plan(perUnit('1e3', 'many')), ['prices/0/unitPrice invalid_decimal', 'prices/0/included invalid_decimal']],
    [
      'a faulty tier, and goes on behind it',
      plan({
        meter: 'calls',
        model: 'graduated',
        tiers: [
          { upTo: '10', unitPrice: '0.1', flatFee: '-1' },
          { upTo: 'x', unitPrice: '0.1' },
          { upTo: '9', unitPrice: '' },
          { upTo: null, unitPrice: '0.1' },
        ],
      }),
      [
        'prices/0/tiers/0/flatFee negative',
        'prices/0/tiers/1/upTo invalid_decimal',
        'prices/0/tiers/2/upTo tier_not_increasing',
        'prices/0/tiers/2/unitPrice invalid_decimal',
      ],
    ],
    ['a negative minimum', withTerms({ minimum: '-1' }), ['minimum negative']],
    ['more than all off', withTerms({ discounts: [{ percent: '100.000000000000000001' }] }), ['discounts/0/percent percent_over_100']],
    ['a negative percentage', withTerms({ discounts: [{ percent: '-1' }] }), ['discounts/0/percent negative']],
    ['a discount of both kinds', withTerms({ discounts: [{ percent: '1', amount: '1' }] }), ['discounts/0 discount_ambiguous']],
    ['a discount of neither kind', withTerms({ discounts: [{ amount: '1' }, {}] }), ['discounts/1 discount_ambiguous']],
    [
      'a discount on a meter without a price',
      withTerms({ discounts: [{ percent: '1', meter: 'seats' }] }),
      ['discounts/0/meter discount_unpriced'],
    ],
  ])('refuses %s, and names the field', (_, definition, expected) => expect(faults(definition)).toEqual(expected));

  it('says how to mend it', () => {
    const [fault] = checkPlan(plan(graduated('10', '9', null)));
    expect(fault?.message).toBe('upTo 9 must be greater than 10, where this tier begins');
  });

  it('answers with faults, never with a throw, whatever the texts are', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('', '-', '.', '1.', '-0', '1e400', '9'.repeat(400), '٣'));
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const tiers = [
          { upTo: a, unitPrice: b, flatFee: c },
          { upTo: b, unitPrice: c },
        ];
        const prices: Price[] = [{ meter: a, model: 'volume', tiers }, packages(b), perUnit(a, c), flat(b, c)];
        const terms = { currency: a, minimum: b, discounts: [{ percent: c, meter: a }, { amount: a }] };
        for (const { path, code, message } of checkPlan({ ...plan(...prices), ...terms })) {
          expect([path, code, message].every((part) => typeof part === 'string' && part !== '')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('accepts ascending limits and refuses any two of them swapped', () => {
    const limits = fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 20n - 1n }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(limits, fc.nat(), (values, at) => {
        const sorted = values.sort((a, b) => (a < b ? -1 : 1)).map(String);
        expect(checkPlan(plan(graduated(...sorted, null)))).toEqual([]);
        const n = at % (sorted.length - 1);
        const swapped = sorted.with(n, sorted[n + 1] ?? '').with(n + 1, sorted[n] ?? '');
        expect(faults(plan(graduated(...swapped, null)))).toContain(`prices/0/tiers/${n + 1}/upTo tier_not_increasing`);
      }),
      { numRuns: 1000 },
    );
  });
});
