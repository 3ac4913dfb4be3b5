import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanDefinition, Price, Tier } from '../schemas/http/plans.ts';
import { checkPlan } from './plan.ts';

const tier = (upTo: string | null): Tier => ({ upTo, unitPrice: '0.1' });
const graduated = (...upTo: (string | null)[]): Price => ({ meter: 'calls', model: 'graduated', tiers: upTo.map(tier) });
const plan = (...prices: Price[]): PlanDefinition => ({ name: 'Pro', currency: 'USD', prices });
const faults = (definition: PlanDefinition): string[] => checkPlan(definition).map(({ path, code }) => `${path} ${code}`);

describe('checkPlan', () => {
  it.each([
    ['no prices', plan()],
    ['a price per unit with included units', plan({ meter: 'calls', model: 'per_unit', unitPrice: '0.01', included: '1000' })],
    ['one open tier', plan(graduated(null))],
    ['rising tiers', plan(graduated('9', '10', '10.5', null))],
    ['tiers that rise by the last digit', plan(graduated('99999999999999999999', '99999999999999999999.000000000000000001', null))],
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
  ])('refuses %s, and names the field', (_, definition, expected) => expect(faults(definition)).toEqual(expected));

  it('says how to mend it', () => {
    const [fault] = checkPlan(plan(graduated('10', '9', null)));
    expect(fault?.message).toBe('upTo 9 must be greater than 10, where this tier begins');
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
