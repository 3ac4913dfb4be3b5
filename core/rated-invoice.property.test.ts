import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { billingCase, type BillingCase } from '../test/support/billing-cases.ts';
import { equals, exactInvoice, minus, sign, type Fraction } from '../test/support/exact-invoice.ts';
import { rateCase, slotsOf, type RatedCase } from '../test/support/rate-case.ts';
import { changesOf } from './aggregation.ts';
import { powerOfTen } from './decimal.ts';
import { minorDigits } from './money.ts';
import type { RatedLine } from './rated-invoice.ts';
import { EXACT_SCALE, QUANTITY_SCALE } from './rating.ts';
import { dayEnd, dayStart } from './window.ts';

/** The rules are many and meet in few of the cases. */
const RUNS = 10_000;

const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
const amounts = (entries: readonly { amount: bigint }[]): bigint[] => entries.map(({ amount }) => amount);
const hourAmounts = ({ runningAmounts }: RatedLine): bigint[] => runningAmounts.map((after, n) => after - (runningAmounts[n - 1] ?? 0n));
const isScaled = (scaled: bigint, scale: number, exact: Fraction): boolean => equals([scaled, powerOfTen(scale)], exact);

/** Every sum that must hold; collected and asserted once, as asserting is what would take the time. */
function brokenSums({ rated, contributions, fromEvents }: RatedCase, { zone }: BillingCase): string[] {
  const broken: string[] = [];
  const holds = (name: string, parts: readonly bigint[], whole: bigint): void => {
    if (total(parts) !== whole) broken.push(`${name}: ${parts.join(' + ')} is not ${whole}`);
  };
  for (const line of rated.lines) {
    if (line.kind === 'fee') continue;
    holds(`hours of ${line.key}`, hourAmounts(line), line.amount);
    holds(
      `quantities of ${line.key}`,
      line.changes.map(({ quantity }) => quantity),
      line.quantity,
    );
    if (line.tiers.length > 0) holds(`tiers of ${line.key}`, amounts(line.tiers), line.amount);
    holds(`days of ${line.key}`, dayAmounts(line, zone), line.amount);
  }
  for (const [meter, contributed] of contributions) {
    const lines = rated.lines.filter((line) => line.kind === 'usage' && line.meter === meter);
    holds(`contributions to ${meter}`, [contributed], total(lines.map(({ quantity }) => quantity)));
    if (
      JSON.stringify(
        lines.flatMap(({ changes }) => changes),
        big,
      ) !== JSON.stringify(fromEvents.get(meter), big)
    )
      broken.push(`hours of ${meter}`);
  }
  holds('lines', amounts(rated.lines), rated.subtotal);
  holds('total', [rated.subtotal, ...amounts(rated.discounts), ...amounts(rated.minimums), ...amounts(rated.taxes)], rated.total);
  return broken;
}

const big = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** From one midnight to the next, hour by hour. */
function dayAmounts(line: RatedLine, zone: string): bigint[] {
  const days = new Map<number, bigint>();
  const hours = hourAmounts(line);
  let [start, end] = [-Infinity, -Infinity];
  for (const [n, change] of line.changes.entries()) {
    if (change.start >= end) [start, end] = [dayStart(change.start, zone), dayEnd(change.start, zone)];
    if (change.end > end) throw new Error('an hour in two days');
    days.set(start, (days.get(start) ?? 0n) + (hours[n] ?? 0n));
  }
  return [...days.values()];
}

function differences({ rated, segments }: RatedCase, one: BillingCase): string[] {
  const digits = minorDigits(one.currency);
  const exact = exactInvoice({
    ...one,
    period: { ...one.period, timeZone: one.zone },
    segments,
    digits,
    halfEven: one.rounding === 'half-even',
  });
  const found: string[] = [];
  const same = (name: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) found.push(`${name}: ${String(actual)}, exactly ${String(expected)}`);
  };
  same('lines', rated.lines.length, exact.lines.length);
  for (const expected of exact.lines) {
    const kind = expected.hours.length === 0 ? 'fee' : 'usage';
    const line = rated.lines.find(
      (other) => other.kind === kind && other.meter === expected.meter && segments.indexOf(other.segment) === expected.segment,
    );
    const name = `${kind} ${expected.meter ?? ''} ${line?.pricing ?? ''}`;
    same(name, line?.amount, expected.amount);
    if (line === undefined) continue;
    // Nothing is cut off but the end of a share.
    const cutOff = minus(expected.exact, [line.exactAmount, powerOfTen(EXACT_SCALE)]);
    same(
      `${name} exact`,
      kind === 'usage' ? sign(cutOff) === 0 : sign(cutOff) >= 0 && sign(minus(cutOff, [1n, powerOfTen(EXACT_SCALE)])) < 0,
      true,
    );
    same(`${name} by hour`, hourAmounts(line).join(), amounts(expected.hours).join());
    same(`${name} events`, line.changes.map(({ events }) => events).join(), expected.hours.map(({ events }) => events).join());
    const isQuantity = expected.hours.every(({ quantity }, n) => isScaled(line.changes[n]?.quantity ?? 0n, QUANTITY_SCALE, quantity));
    same(`${name} quantities`, isQuantity, true);
  }
  same('discounts', amounts(rated.discounts).join(), exact.discounts.filter((amount) => amount !== 0n).join());
  same('minimums', amounts(rated.minimums).join(), exact.minimums.filter((amount) => amount !== 0n).join());
  same('tax', rated.taxes[0]?.amount ?? 0n, exact.tax);
  same('total', rated.total, exact.total);
  return found;
}

describe('for any plans, usage, currency and zone', () => {
  it(
    'contributions, hours, days, tiers, lines and entries add up, and every amount is that of exact fractions',
    { timeout: 120_000 },
    () => {
      fc.assert(
        fc.property(billingCase, (one) => {
          const rated = rateCase(one);
          expect([...brokenSums(rated, one), ...differences(rated, one)]).toEqual([]);
        }),
        { numRuns: RUNS },
      );
    },
  );

  it('buckets and events tell the same changes', () => {
    const usage = slotsOf([
      { meter: 'm', at: 0, quantity: '-3', value: undefined },
      { meter: 'm', at: 3_600_000, quantity: '-5', value: undefined },
      { meter: 'm', at: 7_200_000, quantity: '2', value: undefined },
    ]);
    expect(changesOf('max', usage).map(({ quantity }) => quantity / powerOfTen(18))).toEqual([-3n, 0n, 5n]);
  });
});
