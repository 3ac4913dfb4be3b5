/**
 * Usage as people see it: buckets of any size, each meter put together by its aggregation.
 *
 * Sums, counts and maxima come from ClickHouse's buckets. Of `unique` and `latest` each bucket is told from its own events, for one
 * customer; where none is named, that would take everybody's events, so these are counted and the answer says `count`.
 */
import { ONE } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import { customerWithin } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { findMetersOtherThanSums } from '../queries/meters.ts';
import { readUsage, type UsageSelection, type WindowUsage } from '../queries/usage.ts';
import { cellWatermarkOf, type Watermark } from '../queries/watermark.ts';
import { isToldByEvents, readEventUsage } from './event-usage.ts';

export interface ShownBucket {
  start: string;
  end: string;
  customer?: string;
  meter: string;
  quantity: string;
  events: number;
  /** How the quantity was put together. */
  aggregation: Aggregation;
}

export interface ShownUsage {
  /** In the order of (window, customer, meter). */
  pages(): AsyncGenerator<ShownBucket[]>;
  /** Of all buckets. Told from them where that is possible, so that the two agree also while rows arrive. */
  totalsOf(buckets: readonly ShownBucket[]): Pick<Usage, 'total' | 'meters'>;
}

export function isAdditive(aggregation: Aggregation): boolean {
  return aggregation === 'sum' || aggregation === 'count';
}

/** `watermark` must have been read before. Throws `unprocessable` as `readEventUsage` does. */
export async function openShownUsage(
  { postgres, clickhouse }: Pick<Platform, 'postgres' | 'clickhouse'>,
  selection: UsageSelection,
  watermark: Watermark,
): Promise<ShownUsage> {
  const { scope, windows } = selection;
  const customer = customerWithin(scope, selection.customer);
  const meters = await findMetersOtherThanSums(postgres, selection.meter);
  const told =
    customer === undefined
      ? undefined
      : await readEventUsage(postgres, {
          scope,
          customer,
          windows,
          restarts: new Set(windows.map(({ from }) => from)),
          meters,
          below: cellWatermarkOf(watermark),
        });
  const aggregations = new Map(
    meters.map((meter): [string, Aggregation] => [meter.key, isToldByEvents(meter) && told === undefined ? 'count' : meter.aggregation]),
  );
  const changesByMeter = new Map(
    [...(told ?? [])].map(([meter, { changes }]) => [meter, new Map(changes.map((change) => [change.start, change]))]),
  );

  const toBucket = (row: WindowUsage): ShownBucket | undefined => {
    const aggregation = aggregations.get(row.meter) ?? 'sum';
    const change = changesByMeter.get(row.meter)?.get(row.window.from);
    // Not below the watermark yet: its events are in ClickHouse already.
    if (isToldByEvents({ aggregation }) && change === undefined) return undefined;
    return {
      start: instantText(row.window.from),
      end: instantText(row.window.to),
      ...(selection.byCustomer ? { customer: row.customer } : {}),
      meter: row.meter,
      quantity: text(change?.quantity ?? quantityOf(row, aggregation)),
      events: change?.events ?? Number(row.events),
      aggregation,
    };
  };

  return {
    async *pages() {
      for await (const page of readUsage(clickhouse, selection)) yield page.map(toBucket).filter((bucket) => bucket !== undefined);
    },
    totalsOf(buckets) {
      const totals = totalsOf(buckets);
      return {
        total: totals.map(({ meter, quantity, events }) => ({ meter, quantity: text(told?.get(meter)?.total ?? quantity), events })),
        meters: totals.map(({ meter, aggregation }) => ({ meter, aggregation, additive: isAdditive(aggregation) })),
      };
    },
  };
}

function quantityOf(row: WindowUsage, aggregation: Aggregation): bigint {
  if (aggregation === 'count') return BigInt(row.events) * ONE;
  return toScaled(aggregation === 'max' ? row.max : row.quantity, QUANTITY_SCALE);
}

interface MeterTotal {
  meter: string;
  aggregation: Aggregation;
  quantity: bigint;
  events: number;
}

function totalsOf(buckets: readonly ShownBucket[]): MeterTotal[] {
  const totals = new Map<string, MeterTotal>();
  for (const { meter, quantity, events, aggregation } of buckets) {
    const size = toScaled(quantity, QUANTITY_SCALE);
    const total = totals.get(meter);
    if (total === undefined) {
      totals.set(meter, { meter, aggregation, quantity: size, events });
      continue;
    }
    total.events += events;
    if (isAdditive(aggregation)) total.quantity += size;
    else if (size > total.quantity) total.quantity = size;
  }
  return [...totals.values()].sort((a, b) => (a.meter < b.meter ? -1 : 1));
}

function text(quantity: bigint): string {
  return formatDecimal(quantity, QUANTITY_SCALE);
}
