/**
 * From an hour of an entry to its events: what each contributed, who reported it, and what has become of it since.
 *
 * A line lists all events of the hour that stood where it was rated. An adjustment lists those that count for it: an event contributes
 * what it does now less what it did where it was billed, by moments and their weights. One that came late counts whole, one that was
 * undone below 0; and where a meter takes its maximum, its values or its last quantity, others may count that stood all the time.
 */
import { createContribution, type AggregateBefore } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { TracedRecord, TracedRecords } from '../../schemas/http/invoice-life.ts';
import { decodeOpaque, encodeOpaque, invalidCursor } from '../cursor.ts';
import { instantOf } from '../instants.ts';
import { propertyOf } from '../queries/metered-events.ts';
import type { RecordPlace } from '../queries/records.ts';
import { readTracedRows, type TracedRow } from '../queries/traced-records.ts';
import { aggregatesBefore, type Running } from './aggregates-before.ts';
import type { TracedEntry } from './trace.ts';

const RUNNING = /^(-|-?\d+(\.\d+)?)(,(-|-?\d+(\.\d+)?))*$/;
const CURSOR = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, /^\d{1,9}$/, /^\d{1,4}$/, /^\d{1,18}$/, /^\d{1,9}$/, RUNNING];
/** Rows that are looked at in one go where most of them may count for nothing. */
const CHUNK_ROWS = 5_000;

/** Where a page ends, and what each moment's aggregate has come to there. */
export interface TracedPlace {
  after: RecordPlace;
  running: Running;
}

/** `start`: the hour's, RFC 3339. Throws `not_found` where the entry has no such hour. */
export async function traceRecords(
  postgres: Queryable,
  entry: TracedEntry,
  { start, cursor, limit }: { start: string; cursor: string | undefined; limit: number },
): Promise<TracedRecords> {
  const { scope, customer, meterKey, moments, hours, currency } = entry;
  const at = hours.findIndex((one) => one.start === Date.parse(start));
  const hour = hours[at];
  if (hour === undefined) throw new ProblemError('not_found', `${entry.name} has no hour that starts at ${start}.`);
  const isLine = moments.length === 1;
  // Of a sum, what stood all the time counts for nothing in a difference.
  const changedOnly = !isLine && isSum(entry);
  const selection = { scope, customer, meters: [meterKey], window: { from: hour.start, to: hour.end }, moments, changedOnly };
  const items: TracedRecord[] = [];
  let place = cursor === undefined ? undefined : decodePlace(cursor, moments.length);
  for (let isMore = true; isMore && items.length < limit;) {
    // One row more than is shown tells whether there are others.
    const rows = await readTracedRows(postgres, selection, { after: place?.after, rows: (isLine || changedOnly ? limit : CHUNK_ROWS) + 1 });
    const taken = rows.slice(0, isLine || changedOnly ? limit : CHUNK_ROWS);
    const told = contributionsOf(entry, taken, await aggregatesBefore(postgres, entry, { at, place, rows: taken }), {
      limit: limit - items.length,
      withNothing: isLine,
    });
    items.push(...told.items);
    place = told.place;
    isMore = rows.length > told.rows;
    if (!isMore) place = undefined;
  }
  return {
    items,
    nextCursor: place === undefined ? null : encodePlace(place),
    hour: { quantity: formatDecimal(hour.quantity, QUANTITY_SCALE), amount: formatMinor(hour.amount, currency) },
  };
}

function isSum({ meter }: TracedEntry): boolean {
  const aggregation = meter?.aggregation ?? 'sum';
  return aggregation === 'sum' || aggregation === 'count';
}

function decodePlace(cursor: string, moments: number): TracedPlace {
  const [time = '', epoch = '', partition = '', offset = '', idx = '', text] = decodeOpaque('traced', cursor, CURSOR) ?? [];
  const running = text?.split(',').map((one) => (one === '-' ? undefined : toScaled(one, QUANTITY_SCALE)));
  if (running?.length !== moments || instantOf(time) === undefined) throw invalidCursor();
  return { after: { time, epoch, partition, offset, idx }, running };
}

function encodePlace({ after: { time, epoch, partition, offset, idx }, running }: TracedPlace): string {
  const text = running.map((one) => (one === undefined ? '-' : formatDecimal(one, QUANTITY_SCALE))).join(',');
  return encodeOpaque('traced', [time, epoch, partition, offset, idx, text]);
}

/** Of rows in order, until `limit` of them are told. Answers how many that took, and where the next one comes after. */
function contributionsOf(
  { meter, moments }: TracedEntry,
  rows: readonly TracedRow[],
  before: readonly (AggregateBefore | undefined)[],
  { limit, withNothing }: { limit: number; withNothing: boolean },
): { items: TracedRecord[]; rows: number; place: TracedPlace | undefined } {
  const { aggregation = 'sum', property = null } = meter ?? {};
  const contributions = moments.map((_, k) => createContribution(aggregation, before[k]));
  const running: (bigint | undefined)[] = moments.map((_, k) => before[k]?.quantity);
  const items: TracedRecord[] = [];
  let count = 0;
  for (const row of rows) {
    if (items.length === limit) break;
    count += 1;
    const quantity = toScaled(row.quantity, QUANTITY_SCALE);
    const value = aggregation === 'unique' ? propertyOf(row.properties, property ?? '') : undefined;
    let counted = 0n;
    for (const [k, { weight }] of moments.entries()) {
      if (row.stood[k] !== true) continue;
      const added = contributions[k]?.({ quantity, ...(value === undefined ? {} : { value }) }) ?? 0n;
      running[k] = (running[k] ?? 0n) + added;
      counted += BigInt(weight) * added;
    }
    if (withNothing || counted !== 0n || aggregation === 'sum') items.push(toRecord(row, quantity, counted));
  }
  const last = rows[count - 1];
  return { items, rows: count, place: last === undefined ? undefined : { after: last, running } };
}

function toRecord(row: TracedRow, quantity: bigint, contribution: bigint): TracedRecord {
  return {
    ...row.report,
    id: row.id,
    time: row.time,
    quantity: formatDecimal(quantity, QUANTITY_SCALE),
    contribution: formatDecimal(contribution, QUANTITY_SCALE),
    properties: row.shown,
    since: row.since,
  };
}
