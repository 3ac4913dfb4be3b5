/**
 * The billing rules once more, as they are defined and not as they are computed: exact fractions, aggregates over all events up to the end
 * of each hour, every tier by a formula of its own, local hours asked of Intl. Slow, and independent of core/.
 */
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { Discount, PlanDefinition, Price } from '../../schemas/http/plans.ts';

/** Denominator above 0; not reduced. */
export type Fraction = readonly [numerator: bigint, denominator: bigint];

export interface ExactEvent {
  meter: string;
  /** Epoch ms. */
  at: number;
  quantity: string;
  value: string | undefined;
}

export interface ExactInput {
  period: { from: number; to: number; timeZone: string };
  segments: readonly { from: number; to: number; plan: PlanDefinition | undefined }[];
  /** In order of time and position. */
  events: readonly ExactEvent[];
  aggregations: ReadonlyMap<string, Aggregation>;
  digits: number;
  halfEven: boolean;
  taxRate: string;
}

export interface ExactHour {
  events: number;
  quantity: Fraction;
  amount: bigint;
}

export interface ExactLine {
  meter: string | undefined;
  segment: number;
  exact: Fraction;
  amount: bigint;
  hours: ExactHour[];
}

export interface ExactInvoice {
  lines: ExactLine[];
  discounts: bigint[];
  minimums: bigint[];
  tax: bigint;
  total: bigint;
}

const ZERO: Fraction = [0n, 1n];

export function fraction(text: string): Fraction {
  const [whole = '', decimals = ''] = text.split('.');
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)];
}
export const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
export const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
export const minus = (x: Fraction, [c, d]: Fraction): Fraction => plus(x, [-c, d]);
export const sign = ([numerator]: Fraction): number => (numerator > 0n ? 1 : numerator < 0n ? -1 : 0);
export const equals = (x: Fraction, y: Fraction): boolean => sign(minus(x, y)) === 0;
const lesser = (x: Fraction, y: Fraction): Fraction => (sign(minus(x, y)) <= 0 ? x : y);
const floor = ([a, b]: Fraction): bigint => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);
const negate = ([a, b]: Fraction): Fraction => [-a, b];

/** To whole minor units: the nearest, ties away from zero or to the even neighbour. */
export function rounded(amount: Fraction, digits: number, halfEven: boolean): bigint {
  if (sign(amount) < 0) return -rounded(negate(amount), digits, halfEven);
  const minor = times(amount, [10n ** BigInt(digits), 1n]);
  const up = floor(plus(minor, [1n, 2n]));
  const isTie = equals(plus(minor, [1n, 2n]), [up, 1n]);
  return isTie && halfEven && up % 2n !== 0n ? up - 1n : up;
}

/** Q by its definition: of all the events, from the first one on. */
function aggregated(aggregation: Aggregation, events: readonly ExactEvent[]): Fraction {
  const quantities = events.map(({ quantity }) => fraction(quantity));
  switch (aggregation) {
    case 'sum':
      return quantities.reduce(plus, ZERO);
    case 'count':
      return [BigInt(events.length), 1n];
    case 'max':
      return quantities.reduce((largest, one) => negate(lesser(negate(largest), negate(one))), quantities[0] ?? ZERO);
    case 'unique':
      return [BigInt(new Set(events.flatMap(({ value }) => value ?? [])).size), 1n];
    case 'latest':
      return quantities.at(-1) ?? ZERO;
  }
}

/** The exact price of `quantity` in a period that comes to `total`. */
export function exactPrice(price: Exclude<Price, { model: 'flat' }>, quantity: Fraction, total: Fraction): Fraction {
  switch (price.model) {
    case 'per_unit': {
      const free = sign(quantity) > 0 ? lesser(quantity, fraction(price.included ?? '0')) : ZERO;
      return times(minus(quantity, free), fraction(price.unitPrice));
    }
    case 'package': {
      const exact = times(quantity, [fraction(price.size)[1], fraction(price.size)[0]]);
      const started = sign(quantity) < 0 ? floor(exact) : -floor(negate(exact));
      return times([started, 1n], fraction(price.unitPrice));
    }
    case 'graduated':
      if (sign(quantity) <= 0) return times(quantity, fraction(price.tiers[0]?.unitPrice ?? '0'));
      return price.tiers.reduce((sum, { upTo, unitPrice, flatFee }, n) => {
        const above = minus(quantity, fraction(price.tiers[n - 1]?.upTo ?? '0'));
        if (sign(above) <= 0) return sum;
        const width = upTo === null ? above : lesser(above, minus(fraction(upTo), fraction(price.tiers[n - 1]?.upTo ?? '0')));
        return plus(plus(sum, times(width, fraction(unitPrice))), fraction(flatFee ?? '0'));
      }, ZERO);
    case 'volume': {
      const first = price.tiers.find(({ upTo }) => upTo === null || sign(minus(total, fraction(upTo))) <= 0);
      const fee = sign(total) > 0 ? fraction(first?.flatFee ?? '0') : ZERO;
      return plus(fee, times(quantity, fraction(first?.unitPrice ?? '0')));
    }
  }
}

/** Groups by what the clock on the wall shows: date, hour and offset, at the beginning of the event's quarter of an hour. */
function localHours(events: readonly ExactEvent[], timeZone: string): ExactEvent[][] {
  const format = clockOf(timeZone);
  const groups = new Map<string, ExactEvent[]>();
  for (const event of events) {
    const hour = format.format(event.at - (event.at % 900_000));
    groups.set(hour, [...(groups.get(hour) ?? []), event]);
  }
  return [...groups.values()];
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    timeZoneName: 'longOffset',
  });
  clocks.set(timeZone, clock);
  return clock;
}

function usageLine(events: readonly ExactEvent[], price: Price | undefined, segment: number, input: ExactInput): ExactLine {
  const meter = events[0]?.meter ?? '';
  const aggregation = input.aggregations.get(meter) ?? 'sum';
  const total = aggregated(aggregation, events);
  const exactOf = (quantity: Fraction): Fraction =>
    price === undefined || price.model === 'flat' ? ZERO : exactPrice(price, quantity, total);
  let [seen, quantity, amount] = [0, ZERO, 0n];
  const hours = localHours(events, input.period.timeZone).map((group) => {
    seen += group.length;
    const [before, amountBefore] = [quantity, amount];
    quantity = aggregated(aggregation, events.slice(0, seen));
    amount = rounded(exactOf(quantity), input.digits, input.halfEven);
    return { events: group.length, quantity: minus(quantity, before), amount: amount - amountBefore };
  });
  return { meter, segment, exact: exactOf(total), amount, hours };
}

function shareOf(
  amount: string,
  segment: { from: number; to: number },
  { period, digits, halfEven }: ExactInput,
): { exact: Fraction; amount: bigint } {
  const exact = times(fraction(amount), [BigInt(segment.to - segment.from), BigInt(period.to - period.from)]);
  return { exact, amount: rounded(exact, digits, halfEven) };
}

function segmentLines(n: number, input: ExactInput): ExactLine[] {
  const segment = input.segments[n] ?? { ...input.period, plan: undefined };
  const events = input.events.filter(({ at }) => at >= segment.from && at < segment.to);
  const fees = (segment.plan?.prices ?? []).flatMap((price) =>
    price.model === 'flat' ? [{ meter: price.meter, segment: n, hours: [], ...shareOf(price.amount, segment, input) }] : [],
  );
  const usage = [...new Set(events.map(({ meter }) => meter))].map((meter) =>
    usageLine(
      events.filter((event) => event.meter === meter),
      segment.plan?.prices.find((price) => price.meter === meter),
      n,
      input,
    ),
  );
  return [...fees, ...usage];
}

export function exactInvoice(input: ExactInput): ExactInvoice {
  const invoice: ExactInvoice = { lines: [], discounts: [], minimums: [], tax: 0n, total: 0n };
  for (const [n, segment] of input.segments.entries()) {
    const lines = segmentLines(n, input);
    const list = segment.plan?.discounts ?? [];
    const amounts = lines.map(({ meter, amount }) => ({ meter, amount }));
    for (const discount of [...list.filter(({ meter }) => meter !== undefined), ...list.filter(({ meter }) => meter === undefined)]) {
      const base = sumOf(amounts.filter(({ meter }) => discount.meter === undefined || meter === discount.meter));
      amounts.push({ meter: discount.meter, amount: -takenOff(discount, base, input) });
      invoice.discounts.push(amounts.at(-1)?.amount ?? 0n);
    }
    const minimum = segment.plan?.minimum === undefined ? undefined : shareOf(segment.plan.minimum, segment, input).amount;
    const missing = minimum === undefined || minimum <= sumOf(amounts) ? 0n : minimum - sumOf(amounts);
    invoice.minimums.push(missing);
    invoice.lines.push(...lines);
    invoice.total += sumOf(amounts) + missing;
  }
  invoice.tax = percentOf(invoice.total, input.taxRate, input);
  invoice.total += invoice.tax;
  return invoice;
}

function takenOff(discount: Discount, base: bigint, input: ExactInput): bigint {
  if (discount.percent !== undefined) return percentOf(base, discount.percent, input);
  const offered = rounded(fraction(discount.amount ?? '0'), input.digits, input.halfEven);
  return base <= 0n ? 0n : base < offered ? base : offered;
}

function percentOf(base: bigint, percent: string, { halfEven }: ExactInput): bigint {
  return rounded(times(times(fraction(percent), [1n, 100n]), [base, 1n]), 0, halfEven);
}

function sumOf(entries: readonly { amount: bigint }[]): bigint {
  return entries.reduce((sum, { amount }) => sum + amount, 0n);
}
