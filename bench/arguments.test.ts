import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';
import { FULL, isFull, QUICK } from './sizes.ts';

const CASES = [{ name: 'parse', isQuick: true }, { name: 'billing' }];
const read = (...args: string[]) => readArguments(args, CASES);

test('without arguments every case is run at full size', () => {
  const expected = { cases: ['parse', 'billing'], sizes: FULL, isQuick: false, isProfiled: false, jsonFile: undefined };
  expect(read()).toEqual({ ok: true, arguments: expected });
});

test('the quick run has its own cases and sizes', () => {
  expect(read('--quick')).toMatchObject({ ok: true, arguments: { cases: ['parse'], sizes: QUICK, isQuick: true } });
  expect(read('--quick', '--only', 'billing')).toMatchObject({ ok: true, arguments: { cases: ['billing'] } });
});

test('cases, sizes and files are taken, and cases keep their order', () => {
  const args = ['--only', 'billing, parse', '--rows', '5000', '--stored-events', '20000', '--json', 'a.json', '--profile'];
  expect(read(...args)).toEqual({
    ok: true,
    arguments: {
      cases: ['parse', 'billing'],
      sizes: { ...FULL, rows: 5_000, storedEvents: 20_000 },
      isQuick: false,
      isProfiled: true,
      jsonFile: 'a.json',
    },
  });
});

test.each([
  [['--only', 'parse,pars'], '--only takes parse, billing, not "pars".'],
  [['--only', ''], '--only takes parse, billing, not "".'],
  [['--rows', '12'], '--rows takes a whole number from 1000, not "12".'],
  [['--rows', '1e99'], '--rows takes a whole number from 1000, not "1e99".'],
  [['--stored-events', 'many'], '--stored-events takes a whole number from 10000, not "many".'],
  [['--part', 'live'], "Unknown option '--part'"],
  [['live'], "Unexpected argument 'live'"],
])('%j is refused, with what would be right', (args, fault) => {
  const outcome = read(...args);
  expect(outcome.ok).toBe(false);
  expect(outcome.ok ? '' : outcome.fault).toContain(fault);
});

test('figures of less than full size are not written down', () => {
  expect(isFull(FULL)).toBe(true);
  expect(isFull({ ...FULL, megabytes: 10_000 })).toBe(true);
  expect(isFull({ ...FULL, repeats: 1 })).toBe(false);
});
