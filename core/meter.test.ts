import { expect, it } from 'vitest';
import { checkMeter } from './meter.ts';

it.each([
  ['nothing said', {}, []],
  ['a sum', { aggregation: 'sum' }, []],
  ['a maximum without a property', { aggregation: 'max', property: null }, []],
  ['unique with its property', { aggregation: 'unique', property: 'user' }, []],
  ['unique without one', { aggregation: 'unique' }, ['property_missing']],
  ['latest with a property', { aggregation: 'latest', property: 'user' }, ['property_unused']],
  ['a property alone', { property: 'user' }, ['property_unused']],
] as const)('a meter with %s', (_name, meter, codes) => {
  expect(checkMeter(meter).map(({ path, code }) => [path, code])).toEqual(codes.map((code) => ['property', code]));
});
