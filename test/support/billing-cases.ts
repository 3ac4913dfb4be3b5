/** Random plans, usage, currencies and zones, for the properties that every invoice has. */
import fc from 'fast-check';
import { formatFixed } from '../../core/decimal.ts';
import { CURRENCIES, ROUNDINGS, type Rounding } from '../../core/money.ts';
import { hoursOf, monthPeriod, type Window } from '../../core/window.ts';
import { HOUR_MS, zoneOffsetMinutes } from '../../core/zone.ts';
import { AGGREGATIONS, type Aggregation } from '../../schemas/http/customers.ts';
import type { Discount, PlanDefinition, Price, Tier } from '../../schemas/http/plans.ts';
import type { ExactEvent } from './exact-invoice.ts';

export const METERS = ['calls', 'seats', 'traffic', 'tokens'] as const;

export interface BillingCase {
  zone: string;
  currency: string;
  rounding: Rounding;
  taxRate: string;
  period: Window;
  hours: readonly Window[];
  /** Plans and the local dates from which they hold; the first one may hold from the beginning. */
  changes: { plan: PlanDefinition & { id: string }; from: string | null }[];
  events: ExactEvent[];
  aggregations: ReadonlyMap<string, Aggregation>;
}

const decimalText = (integerDigits: number, fractionDigits: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: 0n, max: 10n ** BigInt(integerDigits + fractionDigits) - 1n }).map((digits) => formatFixed(digits, fractionDigits));
const amount = fc.oneof(decimalText(20, 18), decimalText(2, 3), decimalText(0, 7), fc.constantFrom('0', '0.5', '0.335', '0.005', '100'));
const size = fc.oneof(decimalText(3, 1), fc.constantFrom('0', '0.5', '1', '7', '1000'), decimalText(20, 18));
export const quantityText = fc.tuple(fc.constantFrom('', '', '', '-'), size).map(([minus, text]) => minus + text);
const percent = fc.constantFrom('0', '7.7', '10', '33.333333', '50', '99.999', '100');
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const given = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });

/** Small limits, so that a few events reach the upper tiers, and limits of any size. */
const limit = fc.oneof(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 1n, max: 10n ** 20n - 1n }));
const tiers: fc.Arbitrary<Tier[]> = fc
  .tuple(fc.uniqueArray(limit, { maxLength: 4 }), fc.array(fc.tuple(amount, optional(amount)), { minLength: 5, maxLength: 5 }))
  .map(([limits, prices]) => {
    const sorted = limits.sort((a, b) => (a < b ? -1 : 1)).map(String);
    return prices
      .slice(0, sorted.length + 1)
      .map(([unitPrice, flatFee], n) => ({ upTo: sorted[n] ?? null, unitPrice, ...given('flatFee', flatFee) }));
  });

export const usagePrice = (meter: string): fc.Arbitrary<Exclude<Price, { model: 'flat' }>> =>
  fc.oneof(
    fc
      .tuple(amount, optional(size))
      .map(([unitPrice, included]) => ({ meter, model: 'per_unit' as const, unitPrice, ...given('included', included) })),
    tiers.map((list) => ({ meter, model: 'graduated' as const, tiers: list })),
    tiers.map((list) => ({ meter, model: 'volume' as const, tiers: list })),
    fc
      .tuple(amount, fc.oneof(fc.constantFrom('0.5', '3', '1000'), decimalText(2, 4)))
      .map(([unitPrice, text]) => ({ meter, model: 'package' as const, size: /^[0.]*$/.test(text) ? '1' : text, unitPrice })),
  );
const fee = (meter: string | undefined): fc.Arbitrary<Price> =>
  amount.map((text) => ({ ...given('meter', meter), model: 'flat' as const, amount: text }));

const discount: fc.Arbitrary<Discount> = fc
  .tuple(fc.boolean(), percent, amount, optional(fc.constantFrom(...METERS)))
  .map(([isPercent, rate, text, meter]) => ({ ...(isPercent ? { percent: rate } : { amount: text }), ...given('meter', meter) }));

const definition = fc.record({
  prices: fc
    .tuple(
      usagePrice(METERS[0]),
      optional(fc.oneof(usagePrice(METERS[1]), fee(METERS[1]))),
      optional(usagePrice(METERS[2])),
      optional(fee(undefined)),
    )
    .map((prices) => prices.filter((price): price is Price => price !== undefined)),
  minimum: optional(amount),
  discounts: fc.array(discount, { maxLength: 3 }),
});

/** Zones that change their clocks by an hour or by half of one, at midnight too, and zones at half and three quarters of an hour. */
const ODD_ZONES = [
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'America/St_Johns',
  'Europe/Berlin',
  'Africa/Cairo',
  'Asia/Beirut',
  'America/Havana',
  'Australia/Eucla',
  'Asia/Tehran',
  'Pacific/Marquesas',
];
const zone = fc.oneof(fc.constantFrom(...ODD_ZONES), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));

interface Calendar {
  period: Window;
  hours: readonly Window[];
  /** Where usage is most likely to be put wrongly: the ends, and where the clock changes. */
  moments: readonly number[];
}
const calendars = new Map<string, Calendar>();
function calendarOf(month: string, name: string): Calendar {
  const known = calendars.get(month + name);
  if (known !== undefined) return known;
  const period = monthPeriod(month, name);
  const hours = hoursOf(period, name);
  const shifts = hours.filter(({ from }) => zoneOffsetMinutes(name, from) !== zoneOffsetMinutes(name, from - 1)).map(({ from }) => from);
  const calendar = { period, hours, moments: [period.from, period.to - 1, ...shifts] };
  calendars.set(month + name, calendar);
  return calendar;
}

const event = fc.record({
  meter: fc.constantFrom(...METERS),
  moment: fc.nat({ max: 5 }),
  quarters: fc.integer({ min: -12, max: 12 }),
  ms: fc.constantFrom(0, 0, 1, 899_999),
  quantity: quantityText,
  value: optional(fc.constantFrom('a', 'b', 'c')),
});

const RANDOM_MOMENTS = 5;

export const billingCase: fc.Arbitrary<BillingCase> = fc
  .record({
    zone,
    month: fc.constantFrom('2026-03', '2026-04', '2026-10', '2026-11'),
    currency: fc.constantFrom(...CURRENCIES),
    rounding: fc.constantFrom(...ROUNDINGS),
    taxRate: fc.constantFrom('0', '7.7', '19', '0.333333'),
    plans: fc.array(fc.tuple(definition, fc.integer({ min: 1, max: 28 })), { minLength: 1, maxLength: 3 }),
    isFromBeginning: fc.boolean(),
    aggregations: fc.tuple(...METERS.map(() => fc.constantFrom(...AGGREGATIONS))),
    noon: fc.nat({ max: 27 }),
    events: fc.array(event, { maxLength: 24 }),
  })
  .map(({ zone: name, month, currency, plans, isFromBeginning, aggregations, noon, events, ...rest }) => {
    const { period, hours, moments } = calendarOf(month, name);
    const changes = plans.map(([{ minimum, discounts, prices }, day], n) => ({
      plan: { id: `plan-${n}`, name: 'Plan', currency, prices, discounts, ...given('minimum', minimum) },
      from: n === 0 && isFromBeginning ? null : `${month}-${String(day).padStart(2, '0')}`,
    }));
    const placed = events.map(({ meter, moment, quarters, ms, quantity: text, value }) => {
      const around = moments[moment] ?? period.from + (noon * 24 + moment * RANDOM_MOMENTS) * HOUR_MS;
      const at = Math.floor(around / 900_000) * 900_000 + quarters * 900_000 + ms;
      return { meter, at: Math.max(period.from, Math.min(period.to - 1, at)), quantity: text, value };
    });
    placed.sort((a, b) => a.at - b.at);
    const byMeter = new Map(METERS.map((meter, n) => [meter as string, aggregations[n] ?? ('sum' as const)]));
    return { ...rest, zone: name, currency, period, hours, changes, events: placed, aggregations: byMeter };
  });
