/** Conflicts, newest first by keyset, and what a person decides about them. */
import { formatDecimal, fractionDigits, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import type { Conflict, Resolution } from '../../schemas/http/conflicts.ts';
import { encodePlace } from './records.ts';

export interface ConflictFilter {
  status?: Conflict['status'] | undefined;
  customer?: string | undefined;
  importId?: string | undefined;
}

/** A version as JSON, every number as text. */
interface VersionRow {
  meter: string;
  time: string;
  quantity: string;
  properties: string;
  importId: string;
  line: string;
  /** Null where it is no record. */
  epoch: string | null;
  partition: string | null;
  offset: string | null;
  idx: string | null;
}

interface ConflictRow {
  id: string;
  status: Conflict['status'];
  customer: string;
  eventId: string;
  first: VersionRow | null;
  this: VersionRow;
  createdAt: string;
  keep: Conflict['keep'];
  resolvedAt: string | null;
  resolvedBy: string | null;
  [column: string]: unknown;
}

/** Each as the partial indexes say it. Of a version decided for, the row is gone as soon as the decision is carried out. */
const STATUS_IS: Readonly<Record<Conflict['status'], string>> = {
  open: `c.status <> 'resolved' AND c.keep IS NULL`,
  resolving: `(c.keep = 'this' OR (c.keep = 'first' AND c.status <> 'resolved'))`,
  resolved: `c.status = 'resolved' AND c.keep IS DISTINCT FROM 'this'`,
};
const CONTENT = (row: string) =>
  `${row}.conflict_id, ${row}.customer, ${row}.id, ${row}.meter, ${row}.time, ${row}.quantity, ${row}.properties, ${row}.import_id, ${row}.line,
   ${row}.created_at, ${row}.resolved_at, ${row}.resolved_by`;
const IN_CONFLICT = `SELECT ${CONTENT('c')}, c.epoch, c.partition, c."offset", c.idx, coalesce(c.keep, CASE WHEN c.status = 'resolved' THEN 'first' END) AS keep,
    CASE WHEN ${STATUS_IS.open} THEN 'open' WHEN ${STATUS_IS.resolved} THEN 'resolved' ELSE 'resolving' END AS status FROM conflicts c`;
/** What was in conflict until somebody decided for it. Stands where its line is accepted; nowhere, as a duplicate. */
const KEPT = `SELECT ${CONTENT('c')}, r.epoch, r.partition, r."offset", r.idx, 'this' AS keep, 'resolved' AS status
  FROM kept_versions c LEFT JOIN usage_records r
    ON r.customer = c.customer AND r.id = c.id AND r.import_id = c.import_id AND r.line = c.line AND r.meter = c.meter`;
const version = (row: string) =>
  `json_build_object('meter', ${row}.meter, 'time', ${row}.time::text, 'quantity', ${row}.quantity::text, 'properties', ${row}.properties,
     'importId', ${row}.import_id::text, 'line', ${row}.line::text, 'epoch', ${row}.epoch::text, 'partition', ${row}.partition::text,
     'offset', ${row}."offset"::text, 'idx', ${row}.idx::text)`;
const select = (
  found: string,
) => `SELECT x.conflict_id::text AS id, x.status, x.customer, x.id AS "eventId", ${version('x')} AS this, x.keep,
    x.created_at AS "createdAt", x.resolved_at AS "resolvedAt", x.resolved_by AS "resolvedBy", CASE WHEN f.id IS NOT NULL THEN ${version('f')} END AS first
  FROM (${found}) x LEFT JOIN usage_records f ON f.customer = x.customer AND f.id = x.id ORDER BY x.conflict_id DESC`;

export async function listConflicts(
  postgres: Postgres,
  _scope: EveryCustomer,
  { status, customer, importId }: ConflictFilter,
  page: { before: string | undefined; rows: number },
): Promise<Conflict[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['true'];
  if (customer !== undefined) conditions.push(`c.customer = ${bind(customer)}`);
  if (importId !== undefined) conditions.push(`c.import_id = ${bind(importId)}::bigint`);
  if (page.before !== undefined) conditions.push(`c.conflict_id < ${bind(page.before)}::bigint`);
  const limit = `ORDER BY conflict_id DESC LIMIT ${bind(page.rows)}`;
  const where = conditions.join(' AND ');
  const parts = [`(${IN_CONFLICT} WHERE ${where} ${status === undefined ? '' : `AND ${STATUS_IS[status]}`} ${limit})`];
  if (status === undefined || status === 'resolved') parts.push(`(${KEPT} WHERE ${where} ${limit})`);
  const { rows } = await postgres.query<ConflictRow>(select(`SELECT * FROM (${parts.join(' UNION ALL ')}) AS found ${limit}`), values);
  return rows.map(toConflict);
}

export async function findConflict(postgres: Postgres, _scope: EveryCustomer, id: string): Promise<Conflict | undefined> {
  const found = `${IN_CONFLICT} WHERE c.conflict_id = $1::bigint UNION ALL ${KEPT} WHERE c.conflict_id = $1::bigint`;
  const { rows } = await postgres.query<ConflictRow>(select(found), [id]);
  return rows[0] && toConflict(rows[0]);
}

/** What a decision about a conflict depends on. */
export interface Decidable {
  /** `accepted`: it was decided for, and is in conflict no more. */
  state: 'undecided' | 'decided-against' | 'accepted';
  /** What somebody has decided about this very conflict. */
  keep: Resolution['keep'] | null;
  resolvedBy: string | null;
  resolvedAt: string | null;
  customer: string;
  eventId: string;
  importId: string;
  isBeingUndone: boolean;
  hasFirst: boolean;
  [column: string]: unknown;
}

export async function findDecidable(postgres: Postgres, _scope: EveryCustomer, id: string): Promise<Decidable | undefined> {
  const { rows } = await postgres.query<Decidable>(
    `SELECT x.state, x.keep, x.resolved_by AS "resolvedBy", x.resolved_at AS "resolvedAt", x.customer, x.id AS "eventId", x.import_id::text AS "importId",
            EXISTS (SELECT FROM imports i WHERE i.id = x.import_id AND i.status IN ('undoing', 'undone')) AS "isBeingUndone",
            EXISTS (SELECT FROM usage_records f WHERE f.customer = x.customer AND f.id = x.id) AS "hasFirst"
     FROM (SELECT ${CONTENT('c')}, c.keep, CASE WHEN c.status = 'resolved' THEN 'decided-against' ELSE 'undecided' END AS state FROM conflicts c
           UNION ALL SELECT ${CONTENT('c')}, 'this', 'accepted' FROM kept_versions c) x
     WHERE x.conflict_id = $1::bigint`,
    [id],
  );
  const found = rows[0];
  return found && { ...found, resolvedAt: toInstant(found.resolvedAt) };
}

/** Writes the decision down, for ingest to tell the log. False: somebody was faster, or the conflict is none any more. */
export async function decide(postgres: Queryable, id: string, keep: Resolution['keep'], by: string): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `WITH decided AS (
       UPDATE conflicts SET keep = $2, resolved_by = $3, resolved_at = clock_timestamp(), sent_to = NULL WHERE conflict_id = $1::bigint AND keep IS NULL
       RETURNING conflict_id)
     SELECT pg_notify('resolutions', conflict_id::text) FROM decided`,
    [id, keep, by],
  );
  return rowCount === 1;
}

function toConflict({ first, this: disputed, createdAt, resolvedAt, ...row }: ConflictRow): Conflict {
  return {
    ...row,
    first: first && toVersion(first),
    this: toVersion(disputed),
    createdAt: toInstant(createdAt),
    resolvedAt: toInstant(resolvedAt),
  };
}

function toVersion({ meter, quantity, properties, importId, line, epoch, partition, offset, idx, ...row }: VersionRow): Conflict['this'] {
  const time = toInstant(row.time);
  const scale = fractionDigits(quantity);
  return {
    key:
      epoch === null || partition === null || offset === null || idx === null ? null : encodePlace({ time, epoch, partition, offset, idx }),
    meter,
    time,
    quantity: formatDecimal(toScaled(quantity, scale), scale),
    properties: JSON.parse(properties) as Record<string, string>,
    importId,
    line: Number(line),
  };
}
