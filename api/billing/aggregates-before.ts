/** What a meter's aggregate had come to before some rows of an entry, at each of the moments that the entry is opened by. */
import { compareEvents, type AggregateBefore, type EventPosition } from '../../core/contribution.ts';
import { toScaled } from '../../core/decimal.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import { microsecondTime, propertyOf, readMeteredEvents } from '../queries/metered-events.ts';
import type { RecordPlace } from '../queries/records.ts';
import { readLastQuantity } from '../queries/standing-records.ts';
import type { TracedRow } from '../queries/traced-records.ts';
import type { TracedEntry } from './trace.ts';

/** By moment; undefined where nothing was measured yet. */
export type Running = readonly (bigint | undefined)[];

interface Place {
  /** Number of the hour. */
  at: number;
  /** Where the page before has ended, within the hour. */
  place: { running: Running } | undefined;
  /** The rows that are told next. */
  rows: readonly TracedRow[];
}

/** By moment. Undefined: nothing was measured before in the entry's part of the period. */
export async function aggregatesBefore(postgres: Queryable, entry: TracedEntry, where: Place): Promise<(AggregateBefore | undefined)[]> {
  const before: (AggregateBefore | undefined)[] = [];
  for (const [k, { below }] of entry.moments.entries()) {
    const quantity = where.place === undefined ? await runningAtHour(postgres, entry, where.at, below) : where.place.running[k];
    const isUnique = entry.meter?.aggregation === 'unique';
    if (isUnique) before.push({ quantity: quantity ?? 0n, seen: await valuesBefore(postgres, entry, where.rows, below) });
    else before.push(quantity === undefined ? undefined : { quantity });
  }
  return before;
}

/** A line has it in its hours. The hours of an adjustment are differences, so that its moments have to be asked. */
async function runningAtHour(
  postgres: Queryable,
  { scope, customer, meterKey, meter, moments, hours, from }: TracedEntry,
  at: number,
  below: CellWatermark,
): Promise<bigint | undefined> {
  if (moments.length === 1) return at === 0 ? undefined : sumOf(hours.slice(0, at));
  const to = hours[at]?.start ?? from;
  if (meter?.aggregation !== 'max' && meter?.aggregation !== 'latest') return undefined;
  const selection = { scope, customer, meters: [meterKey], window: { from, to }, moments: [{ below, weight: 1 }] };
  const found = await readLastQuantity(postgres, selection, meter.aggregation);
  return found === undefined ? undefined : toScaled(found, QUANTITY_SCALE);
}

function sumOf(hours: readonly CountedHour[]): bigint {
  return hours.reduce((sum, { quantity }) => sum + quantity, 0n);
}

/** The values of these rows that were seen before the first of them. Passes over all events of the entry before it. */
async function valuesBefore(
  postgres: Queryable,
  { scope, customer, meterKey, meter, from }: TracedEntry,
  rows: readonly TracedRow[],
  below: CellWatermark,
): Promise<Set<string>> {
  const property = meter?.property ?? '';
  const asked = new Set(rows.flatMap(({ properties }) => propertyOf(properties, property) ?? []));
  const seen = new Set<string>();
  const [first] = rows;
  if (first === undefined) return seen;
  const own = { time: microsecondTime(first.time), position: positionOf(first) };
  const period = { from, to: Date.parse(first.time) + 1 };
  for await (const page of readMeteredEvents(postgres, { scope, customer, properties: new Map([[meterKey, property]]), period, below })) {
    for (const event of page) {
      if (compareEvents(event, own) >= 0) return seen;
      if (event.value !== undefined && asked.has(event.value)) seen.add(event.value);
    }
    if (seen.size === asked.size) return seen;
  }
  return seen;
}

function positionOf({ epoch, partition, offset, idx }: RecordPlace): EventPosition {
  return { epoch: Number(epoch), partition: Number(partition), offset: BigInt(offset), index: Number(idx) };
}
