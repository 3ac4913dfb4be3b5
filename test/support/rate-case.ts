/** Rates a random case the way a caller would: from buckets where they suffice, else from the events. */
import { hoursOfSlots, type UsageHour } from '../../core/aggregation.ts';
import { createEventHours, type HourChange, type MeteredEvent } from '../../core/contribution.ts';
import { toScaled } from '../../core/decimal.ts';
import { rateInvoice, type MeterUsage, type RatedInvoice } from '../../core/rated-invoice.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { splitByPlan, type Segment } from '../../core/segment.ts';
import { SLOT_MS } from '../../core/window.ts';
import type { BillingCase } from './billing-cases.ts';
import type { ExactEvent } from './exact-invoice.ts';

const metered = ({ at, quantity, value }: ExactEvent, index: number): MeteredEvent => ({
  time: new Date(at).toISOString().replace('Z', '000Z'),
  position: { epoch: 1, partition: 0, offset: BigInt(index), index: 0 },
  quantity: toScaled(quantity, QUANTITY_SCALE),
  ...(value === undefined ? {} : { value }),
});

/** The buckets of 15 minutes that ClickHouse would hold, their parts added in another order than the events came. */
export function slotsOf(events: readonly ExactEvent[]): UsageHour[] {
  const starts = [...new Set(events.map(({ at }) => at - (at % SLOT_MS)))];
  return starts.map((start) => {
    const within = events.filter(({ at }) => at >= start && at < start + SLOT_MS);
    const sizes = within.map(({ quantity }) => quantity).sort((a, b) => (toScaled(a, 18) < toScaled(b, 18) ? -1 : 1));
    const sum = sizes.reduceRight((total, size) => total + toScaled(size, 18), 0n);
    const digits = (sum < 0n ? -sum : sum).toString().padStart(19, '0');
    const text = `${sum < 0n ? '-' : ''}${digits.slice(0, -18)}.${digits.slice(-18)}`;
    return { start, end: start + SLOT_MS, quantity: text, events: within.length, max: sizes.at(-1) ?? '0' };
  });
}

export interface RatedCase {
  rated: RatedInvoice;
  segments: Segment<BillingCase['changes'][number]['plan']>[];
  /** Changes told by the events, for every aggregation. */
  fromEvents: Map<string, HourChange[]>;
  contributions: Map<string, bigint>;
}

export function rateCase(one: BillingCase): RatedCase {
  const { zone, period, hours, aggregations, events, currency, taxRate, rounding } = one;
  const segments = splitByPlan(period, zone, one.changes);
  const fromEvents = new Map<string, HourChange[]>();
  const contributions = new Map<string, bigint>();
  const usage = [...new Set(events.map(({ meter }) => meter))].map((meter): MeterUsage => {
    const own = events.filter((event) => event.meter === meter);
    const aggregation = aggregations.get(meter) ?? 'sum';
    const fold = createEventHours({ aggregation, hours, restarts: new Set(segments.map(({ from }) => from)) });
    contributions.set(
      meter,
      own.map((event, n) => fold.add(metered(event, n))).reduce((sum, added) => sum + added, 0n),
    );
    fromEvents.set(meter, fold.changes());
    const isOfEvents = aggregation === 'unique' || aggregation === 'latest';
    return isOfEvents ? { meter, changes: fold.changes() } : { meter, hours: hoursOfSlots(slotsOf(own), hours) };
  });
  const meters = new Map([...aggregations].map(([meter, aggregation]) => [meter, { aggregation }]));
  const input = { customer: { id: 'acme' }, period, segments, usage, meters, currency, taxRate, rounding };
  return { rated: rateInvoice(input), segments, fromEvents, contributions };
}
