/** Raw rows, newest first, by keyset: (time, position) descending, which is the index `usage_records_time` backwards. */
import { formatDecimal, fractionDigits, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { UsageRecord } from '../../schemas/http/usage.ts';
import { decodeOpaque, encodeOpaque } from '../cursor.ts';
import { instantOf } from '../instants.ts';
import { visibleProperties } from '../customer-view.ts';
import { findReadings } from './imports.ts';

export type RecordStatus = UsageRecord['status'];

/** Where a record stands in the order. */
export interface RecordPlace {
  /** RFC 3339 with microseconds. */
  time: string;
  epoch: string;
  partition: string;
  offset: string;
  idx: string;
}

export interface RecordFilter {
  scope: Scope;
  customer?: string | undefined;
  meter?: string | undefined;
  /** RFC 3339; half-open. */
  from?: string | undefined;
  to?: string | undefined;
  importId?: string | undefined;
  status: RecordStatus;
}

interface RecordRow extends RecordPlace {
  id: string;
  customer: string;
  meter: string;
  quantity: string;
  properties: string;
  importId: string;
  line: string;
  [column: string]: unknown;
}

const RECORD = `id, customer, meter, time, quantity::text AS quantity, properties, import_id::text AS "importId", line::text AS line,
  epoch::text AS epoch, partition::text AS partition, "offset"::text AS "offset", idx::text AS idx`;
const PLACE = '(time, epoch, partition, "offset", idx)';
/** By the columns of the table `r`: what is answered as text is ordered as text, 9 after 10. */
const NEWEST_FIRST = 'r.time DESC, r.epoch DESC, r.partition DESC, r."offset" DESC, r.idx DESC';
const TABLES: Readonly<Record<RecordStatus, string>> = { accepted: 'usage_records', conflict: 'conflicts', voided: 'voided_events' };

export async function listRecords(
  postgres: Postgres,
  filter: RecordFilter,
  page: { after: RecordPlace | undefined; rows: number },
): Promise<UsageRecord[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions: string[] = [];
  const customer = customerWithin(filter.scope, filter.customer);
  if (customer !== undefined) conditions.push(`customer = ${bind(customer)}`);
  if (filter.meter !== undefined) conditions.push(`meter = ${bind(filter.meter)}`);
  if (filter.from !== undefined) conditions.push(`time >= ${bind(filter.from)}::timestamptz`);
  if (filter.to !== undefined) conditions.push(`time < ${bind(filter.to)}::timestamptz`);
  if (filter.importId !== undefined) conditions.push(`import_id = ${bind(filter.importId)}::bigint`);
  if (page.after !== undefined) conditions.push(`${PLACE} < ${bindPlace(page.after, bind)}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const { rows } = await postgres.query<RecordRow>(
    `SELECT ${RECORD} FROM ${TABLES[filter.status]} AS r ${where} ORDER BY ${NEWEST_FIRST} LIMIT ${bind(page.rows)}`,
    values,
  );
  return asSeen(
    postgres,
    filter.scope,
    rows.map((row) => toRecord(row, filter.status)),
  );
}

/** The record with this key, whatever became of it: no two of them share a place. */
export async function findRecord(postgres: Postgres, scope: Scope, key: string): Promise<UsageRecord | undefined> {
  const place = decodePlace(key);
  if (place === undefined) return undefined;
  for (const status of ['accepted', 'conflict', 'voided'] as const) {
    const values: unknown[] = [];
    const condition = isAt(place, scope, values);
    const { rows } = await postgres.query<RecordRow>(`SELECT ${RECORD} FROM ${TABLES[status]} WHERE ${condition}`, values);
    if (rows[0] !== undefined) return (await asSeen(postgres, scope, [toRecord(rows[0], status)]))[0];
  }
  return findReplaced(postgres, scope, place);
}

function isAt(place: RecordPlace, { customer }: Scope, values: unknown[]): string {
  const bind = (value: unknown) => `$${values.push(value)}`;
  return `${PLACE} = ${bindPlace(place, bind)}${customer === undefined ? '' : ` AND customer = ${bind(customer)}`}`;
}

/** A version that a decision had replaced and another one took back is accepted at another place since; its first one still names it. */
async function findReplaced(postgres: Postgres, scope: Scope, place: RecordPlace): Promise<UsageRecord | undefined> {
  const values: unknown[] = [];
  const condition = isAt(place, scope, values);
  const { rows } = await postgres.query<RecordRow>(`SELECT ${RECORD} FROM replaced_versions WHERE ${condition}`, values);
  const [row] = rows;
  if (row === undefined) return undefined;
  const present = await postgres.query(
    'SELECT FROM usage_records WHERE customer = $1 AND id = $2 AND import_id = $3 AND line = $4 AND meter = $5',
    [row.customer, row.id, row.importId, row.line, row.meter],
  );
  return (await asSeen(postgres, scope, [toRecord(row, present.rowCount > 0 ? 'accepted' : 'conflict')]))[0];
}

/** With the properties that whoever asks may see. */
async function asSeen(postgres: Postgres, scope: Scope, records: UsageRecord[]): Promise<UsageRecord[]> {
  if (scope.customer === undefined || records.length === 0) return records;
  const readings = await findReadings(
    postgres,
    records.map(({ importId }) => importId),
  );
  return records.map((record) => ({ ...record, properties: visibleProperties(scope, record.properties, readings.get(record.importId)) }));
}

/** The place a key or a cursor names; undefined when it is not one of ours. */
export function decodePlace(key: string): RecordPlace | undefined {
  const [time, epoch, partition, offset, idx] =
    decodeOpaque('record', key, [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, /^\d{1,9}$/, /^\d{1,4}$/, /^\d{1,18}$/, /^\d{1,9}$/]) ??
    [];
  if (time === undefined || epoch === undefined || partition === undefined || offset === undefined || idx === undefined) return undefined;
  return instantOf(time) === undefined ? undefined : { time, epoch, partition, offset, idx };
}

/** The key of the record at this place. */
export function encodePlace({ time, epoch, partition, offset, idx }: RecordPlace): string {
  return encodeOpaque('record', [time, epoch, partition, offset, idx]);
}

export function bindPlace(place: RecordPlace, bind: (value: unknown) => string): string {
  return `(${bind(place.time)}::timestamptz, ${bind(place.epoch)}::integer, ${bind(place.partition)}::smallint, ${bind(place.offset)}::bigint, ${bind(place.idx)}::integer)`;
}

function toRecord(row: RecordRow, status: RecordStatus): UsageRecord {
  const time = toInstant(row.time);
  return {
    key: encodePlace({ ...row, time }),
    id: row.id,
    customer: row.customer,
    meter: row.meter,
    time,
    quantity: withoutPadding(row.quantity),
    properties: JSON.parse(row.properties) as Record<string, string>,
    importId: row.importId,
    line: Number(row.line),
    status,
  };
}

function withoutPadding(quantity: string): string {
  const scale = fractionDigits(quantity);
  return formatDecimal(toScaled(quantity, scale), scale);
}
