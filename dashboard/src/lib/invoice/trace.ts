/** From an invoice line down to its days and hours. Days are sums of hours; both carry the line's running amount before and after. */
import { equal, isZero, subtract, sum } from '../decimal.ts';
import type { Invoice, InvoiceLine } from '../types.ts';
import { dayKey, startsWithin } from '../zone.ts';

export interface TracePart {
  /** Start of the hour or day, epoch ms. */
  start: number;
  quantity: string;
  events: number;
  amount: string;
  /** The line's rounded running amount before and after. */
  before: string;
  after: string;
}

export interface TraceHour extends TracePart {
  end: number;
}

export interface TraceDay extends TracePart {
  /** `2026-10-14` in the invoice's zone. */
  key: string;
  hours: TraceHour[];
}

export function hoursOf({ hours }: Pick<InvoiceLine, 'hours'>): TraceHour[] {
  return hours.map(({ start, end, quantity, events, amount, runningAmount }) => ({
    start: Date.parse(start),
    end: Date.parse(end),
    quantity,
    events,
    amount,
    before: subtract(runningAmount, amount),
    after: runningAmount,
  }));
}

/** Every day of the period, those without usage included: an empty place in the chart is a statement too. */
export function daysOf(hours: readonly TraceHour[], period: Invoice['period']): TraceDay[] {
  const { timeZone } = period;
  const byDay = new Map<string, TraceHour[]>();
  for (const hour of hours) {
    const key = dayKey(hour.start, timeZone);
    const ofDay = byDay.get(key);
    if (ofDay === undefined) byDay.set(key, [hour]);
    else ofDay.push(hour);
  }
  let running = '0';
  return startsWithin(Date.parse(period.from), Date.parse(period.to), 'day', timeZone).map((start) => {
    const key = dayKey(start, timeZone);
    const own = byDay.get(key) ?? [];
    const before = running;
    running = own.at(-1)?.after ?? running;
    return {
      key,
      start,
      hours: own,
      quantity: sum(own.map(({ quantity }) => quantity)),
      events: own.reduce((count, { events }) => count + events, 0),
      amount: sum(own.map(({ amount }) => amount)),
      before,
      after: running,
    };
  });
}

/** All hours of a day, those without usage included. */
export function allHoursOf(day: TraceDay, end: number, zone: string): TraceHour[] {
  const used = new Map(day.hours.map((hour) => [hour.start, hour]));
  let running = day.before;
  const starts = [...new Set([...startsWithin(day.start, end, 'hour', zone), ...used.keys()])].sort((a, b) => a - b);
  return starts.map((start, index) => {
    const hour = used.get(start) ?? {
      start,
      end: starts[index + 1] ?? end,
      quantity: '0',
      events: 0,
      amount: '0',
      before: running,
      after: running,
    };
    running = hour.after;
    return hour;
  });
}

/** Whether there is anything to see in it. */
export function isUsed({ events, quantity, amount }: TracePart): boolean {
  return events > 0 || !isZero(quantity) || !isZero(amount);
}

/** Whether the parts add up to the whole, in quantity and in amount. */
export function partsHold(parts: readonly Pick<TracePart, 'quantity' | 'amount'>[], whole: { quantity: string; amount: string }): boolean {
  return equal(sum(parts.map(({ quantity }) => quantity)), whole.quantity) && equal(sum(parts.map(({ amount }) => amount)), whole.amount);
}

type Totals = Pick<Invoice, 'lines' | 'subtotal' | 'discounts' | 'minimums' | 'tax' | 'adjustments' | 'total'>;

/** Lines → subtotal → discounts, minimums, tax and adjustments → total. */
export function totalsHold({ lines, subtotal, discounts, minimums, tax, adjustments, total }: Totals): boolean {
  const subtotalHolds = equal(sum(lines.map(({ amount }) => amount)), subtotal);
  const entries = [...discounts, ...minimums, ...tax, ...adjustments].map(({ amount }) => amount);
  return subtotalHolds && equal(sum([subtotal, ...entries]), total);
}
