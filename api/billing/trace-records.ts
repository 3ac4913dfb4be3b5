/** From an hour of a line to its events: what each contributed, and the line of the file it came from. */
import { createContribution, type AggregateBefore } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { TracedRecord, TracedRecords } from '../../schemas/http/invoice-life.ts';
import { decodeOpaque, encodeOpaque, invalidCursor } from '../cursor.ts';
import { propertyOf, readMeteredEvents } from '../queries/metered-events.ts';
import { encodePlace, type RecordPlace } from '../queries/records.ts';
import { readTracedRows, type TracedRow } from '../queries/traced-records.ts';
import type { TracedLine } from './trace.ts';

const CURSOR = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, /^\d{1,9}$/, /^\d{1,4}$/, /^\d{1,18}$/, /^\d{1,9}$/, /^-?\d+(\.\d+)?$/];

/** `start`: the hour's, RFC 3339. Throws `not_found` where the line has no such hour. */
export async function traceRecords(
  postgres: Queryable,
  traced: TracedLine,
  { start, cursor, limit }: { start: string; cursor: string | undefined; limit: number },
): Promise<TracedRecords> {
  const { invoice, line, hours, below } = traced;
  const at = hours.findIndex((one) => one.start === Date.parse(start));
  const hour = hours[at];
  if (hour === undefined)
    throw new ProblemError('not_found', `Line ${line.n} of invoice ${invoice.id} has no hour that starts at ${start}.`);
  const window = { from: hour.start, to: hour.end };
  const place = cursor === undefined ? undefined : decodeTracedPlace(cursor);
  const selection = { customer: invoice.customer, meter: line.meter, window, below };
  const rows = await readTracedRows(postgres, selection, { after: place?.after, rows: limit + 1 });
  const shown = rows.slice(0, limit);
  const { items, running } = contributionsOf(traced, shown, await stateBefore(postgres, traced, { at, place, shown }));
  const last = shown.at(-1);
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? encodeTracedPlace(last, running) : null,
    hour: { quantity: formatDecimal(hour.quantity, QUANTITY_SCALE), amount: formatMinor(hour.amount, invoice.currency) },
  };
}

interface TracedPlace {
  after: RecordPlace;
  /** Q after that record. */
  running: bigint;
}

function decodeTracedPlace(cursor: string): TracedPlace {
  const [time = '', epoch = '', partition = '', offset = '', idx = '', running] = decodeOpaque('traced', cursor, CURSOR) ?? [];
  if (running === undefined || Number.isNaN(Date.parse(time))) throw invalidCursor();
  return { after: { time, epoch, partition, offset, idx }, running: toScaled(running, QUANTITY_SCALE) };
}

function encodeTracedPlace({ time, epoch, partition, offset, idx }: RecordPlace, running: bigint): string {
  return encodeOpaque('traced', [time, epoch, partition, offset, idx, formatDecimal(running, QUANTITY_SCALE)]);
}

/** Undefined: nothing was measured before in the line's part of the period. */
async function stateBefore(
  postgres: Queryable,
  traced: TracedLine,
  { at, place, shown }: { at: number; place: TracedPlace | undefined; shown: readonly TracedRow[] },
): Promise<AggregateBefore | undefined> {
  if (at === 0 && place === undefined) return undefined;
  const quantity = place?.running ?? runningBefore(traced.hours, at);
  return traced.meter?.aggregation === 'unique' ? { quantity, seen: await valuesBefore(postgres, traced, shown) } : { quantity };
}

function runningBefore(hours: readonly CountedHour[], at: number): bigint {
  return hours.slice(0, at).reduce((sum, { quantity }) => sum + quantity, 0n);
}

/** The values of these rows that were seen before the first of them. Passes over all events of the line before it. */
async function valuesBefore(
  postgres: Queryable,
  { invoice, line, meter, below }: TracedLine,
  shown: readonly TracedRow[],
): Promise<Set<string>> {
  const property = meter?.property ?? '';
  const asked = new Set(shown.map(({ properties }) => propertyOf(properties, property)));
  const [first] = shown;
  const seen = new Set<string>();
  if (first === undefined) return seen;
  const to = Date.parse(first.time) + 1;
  const isBefore = ({
    time,
    position,
  }: {
    time: string;
    position: { epoch: number; partition: number; offset: bigint; index: number };
  }) => {
    const own = microseconds(first.time);
    if (time !== own) return time < own;
    const difference =
      position.epoch - Number(first.epoch) ||
      position.partition - Number(first.partition) ||
      Number(position.offset - BigInt(first.offset));
    return (difference || position.index - Number(first.idx)) < 0;
  };
  const selection = {
    customer: invoice.customer,
    properties: new Map([[line.meter, property]]),
    period: { from: Date.parse(line.from), to },
    below,
  };
  for await (const page of readMeteredEvents(postgres, selection)) {
    for (const event of page) {
      if (!isBefore(event)) return seen;
      if (event.value !== undefined && asked.has(event.value)) seen.add(event.value);
    }
    if (seen.size === asked.size) return seen;
  }
  return seen;
}

function microseconds(instant: string): string {
  const [seconds = '', fraction = ''] = instant.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}

function contributionsOf(
  { meter }: TracedLine,
  rows: readonly TracedRow[],
  before: AggregateBefore | undefined,
): { items: TracedRecord[]; running: bigint } {
  const contribution = createContribution(meter?.aggregation ?? 'sum', before);
  let running = before?.quantity ?? 0n;
  const items = rows.map((row) => {
    const quantity = toScaled(row.quantity, QUANTITY_SCALE);
    const value = meter?.aggregation === 'unique' ? propertyOf(row.properties, meter.property ?? '') : undefined;
    const added = contribution({ quantity, ...(value === undefined ? {} : { value }) });
    running += added;
    return {
      key: encodePlace(row),
      id: row.id,
      time: row.time,
      quantity: formatDecimal(quantity, QUANTITY_SCALE),
      contribution: formatDecimal(added, QUANTITY_SCALE),
      properties: JSON.parse(row.properties) as Record<string, unknown>,
      importId: row.importId,
      fileName: row.fileName,
      line: Number(row.line),
    };
  });
  return { items, running };
}
