import { describe, expect, it } from 'vitest';
import { ApiError } from '../api.ts';
import { faultsOf, fieldId } from './faults.ts';

const error = (...paths: string[]) =>
  new ApiError({ status: 422, errors: paths.map((path) => ({ path, code: 'invalid_decimal', message: `at ${path}` })) });

describe('faults of a plan', () => {
  it.each([
    ['prices/0/tiers/1/unitPrice', 'price 1, tier 2, the price'],
    ['/prices/11/meter', 'price 12, the meter'],
    ['prices/2/tiers', 'price 3, the tiers'],
    ['discounts/0/percent', 'discount 1, the percentage'],
    ['currency', 'the currency'],
    ['prices/0/colour', 'price 1, colour'],
  ])('%s lies in %s', (path, place) => {
    expect(faultsOf(error(path))).toMatchObject([{ place }]);
  });

  it('are told once per field, and as paths of the plan', () => {
    expect(faultsOf(error('plan/prices/0/size', '/plan/prices/0/size', 'plan/name'), 'plan').map(({ path }) => path)).toEqual([
      'prices/0/size',
      'name',
    ]);
    expect(faultsOf(undefined)).toEqual([]);
  });

  it('say a pattern in words, and lead to their field', () => {
    const fault = new ApiError({ status: 400, errors: [{ path: 'minimum', code: 'pattern', message: 'must match pattern "^x$"' }] });
    expect(faultsOf(fault)).toEqual([{ path: 'minimum', place: 'the minimum', message: 'is no plain number such as 0.10' }]);
    expect(fieldId('prices/0/tiers/1/upTo')).toBe('plan-prices-0-tiers-1-upTo');
  });
});
