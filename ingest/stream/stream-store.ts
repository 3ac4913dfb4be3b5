/**
 * The life of a growing import (a stream, or a process's events) in Postgres.
 *
 *   publishing ─ ended, cut off, or its process gone ─► settling ─► complete
 *       ▲                                                  │            │
 *       └────────────── resumed with the same key ─────────┴────────────┘
 *
 * Lines are `received` once the file store has them, and `published` once the log has their events: what lies between the two is read
 * from the file store by whoever comes next. Each who may append is a session; its number fences all that came before.
 */
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { ImportErrorGroup, ImportStatus, Mapping, StoredDialect } from '../../schemas/http/imports.ts';
import type { Holder } from '../import-store.ts';

export type GrowingForm = 'stream' | 'events';

export interface GrowingReading {
  dialect: StoredDialect;
  header: readonly string[];
  mapping: Mapping;
  /** JSON events have our own shape, or are CloudEvents: `mapping` is ours. */
  identity: 'id-column' | 'key';
}

export interface NewGrowing extends GrowingReading {
  form: GrowingForm;
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
  presentMs: number;
}

/** What a session starts from. */
export interface GrowingState extends GrowingReading {
  id: string;
  session: number;
  key: { scope: string; key: string } | undefined;
  received: { bytes: number; lines: number };
  published: Published;
  /** The latest present in which its lines were read; epoch milliseconds. */
  presentMs: number;
}

/** All counts from the beginning of the import. */
export interface Published {
  bytes: number;
  lines: number;
  rowsRead: number;
  rowsRejected: number;
  events: number;
  rejectedBytes: number;
  errors: readonly ImportErrorGroup[];
  /** Offset after the import's last event, by partition; null where the present log has none of it. */
  ends: readonly (number | null)[];
}

interface Row {
  [column: string]: unknown;
  id: string;
  session: number;
  dialect: StoredDialect;
  header: string[];
  mapping: Mapping;
  identity: 'id-column' | 'key';
  key_scope: string | null;
  idempotency_key: string | null;
  content_bytes: string;
  lines_received: string;
  bytes_read: string;
  lines_read: string;
  rows_read: string;
  rows_rejected: string;
  events_published: string;
  rejected_bytes: string;
  errors: ImportErrorGroup[];
  published_to: (string | null)[] | null;
  present_ms: string;
}

const STATE = `id, session, dialect, header, mapping, identity, key_scope, idempotency_key, content_bytes, lines_received, bytes_read, lines_read,
  rows_read, rows_rejected, events_published, rejected_bytes, errors, published_to, floor(extract(epoch FROM received_at) * 1000) AS present_ms`;

/** Begins one, as its first session. Undefined: the key is taken. */
export async function createGrowing(
  postgres: Postgres,
  { form, name, createdBy, idempotencyKey, dialect, header, mapping, identity, presentMs }: NewGrowing,
  { instance, leaseSeconds }: Holder,
): Promise<GrowingState | undefined> {
  const { rows } = await postgres.query<Row>(
    `INSERT INTO imports (form, name, status, created_by, key_scope, idempotency_key, dialect, header, mapping, identity, session, publishing_at,
       received_at, lease_owner, lease_until)
     VALUES ($1, $2, 'publishing', $3, $4, $5, $6, $7, $8, $9, 1, now(), to_timestamp($10::double precision / 1000), $11, now() + make_interval(secs => $12))
     ON CONFLICT DO NOTHING RETURNING ${STATE}`,
    [
      form,
      name,
      createdBy,
      idempotencyKey === undefined ? null : createdBy,
      idempotencyKey ?? null,
      JSON.stringify(dialect),
      JSON.stringify(header),
      JSON.stringify(mapping),
      identity,
      presentMs,
      instance,
      leaseSeconds,
    ],
  );
  const [row] = rows;
  if (row) await notify(postgres, row.id);
  return row && toState(row);
}

/** The next session of an import that others may have open: they are fenced from now on. Undefined where it cannot be gone on with. */
export async function takeGrowing(postgres: Postgres, id: string, { instance, leaseSeconds }: Holder): Promise<GrowingState | undefined> {
  const { rows } = await postgres.query<Row>(
    `UPDATE imports SET status = 'publishing', session = session + 1, lease_owner = $2, lease_until = now() + make_interval(secs => $3),
       completed_at = NULL, rows_new = NULL, rows_known = NULL, rows_conflict = NULL, customers = NULL,
       published_to = CASE WHEN status = 'publishing' THEN published_to END
     WHERE id = $1 AND form <> 'file' AND status IN ('publishing', 'settling', 'complete') RETURNING ${STATE}`,
    [id, instance, leaseSeconds],
  );
  const [row] = rows;
  if (row) await notify(postgres, row.id);
  return row && toState(row);
}

/** As the holder of its lease has it, in a session that nobody else is in. */
export async function readGrowing(postgres: Postgres, { id, session }: Fence): Promise<GrowingState | undefined> {
  const { rows } = await postgres.query<Row>(`SELECT ${STATE} FROM imports WHERE id = $1 AND session = $2 AND status = 'publishing'`, [
    id,
    session,
  ]);
  return rows[0] && toState(rows[0]);
}

export interface KeyedImport {
  id: string;
  form: 'file' | GrowingForm;
  status: ImportStatus;
  dialect: StoredDialect | null;
  linesReceived: number;
}

export async function findByStreamKey(postgres: Postgres, scope: string, key: string): Promise<KeyedImport | undefined> {
  const { rows } = await postgres.query<Omit<KeyedImport, 'linesReceived'> & { lines_received: string; [column: string]: unknown }>(
    `SELECT id, form, status, dialect, lines_received FROM imports WHERE key_scope = $1 AND idempotency_key = $2`,
    [scope, key],
  );
  const [row] = rows;
  return row && { id: row.id, form: row.form, status: row.status, dialect: row.dialect, linesReceived: Number(row.lines_received) };
}

export interface Fence {
  id: string;
  session: number;
}

/** The file store has the lines up to here. False: another session goes on with it, or it was undone. */
export async function markReceived(
  postgres: Postgres,
  { id, session }: Fence,
  received: { bytes: number; lines: number; presentMs: number },
): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET bytes = $3, content_bytes = $3, lines_received = $4,
       received_at = greatest(received_at, to_timestamp($5::double precision / 1000))
     WHERE id = $1 AND session = $2 AND status = 'publishing'`,
    [id, session, received.bytes, received.lines, received.presentMs],
  );
  return rowCount === 1;
}

/** The log has the events of the lines up to here. False as above. */
export async function markPublished(postgres: Postgres, { id, session }: Fence, published: Published): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET bytes_read = $3, lines_read = $4, rows_read = $5, rows_published = $5, rows_rejected = $6, events_published = $7,
       rejected_bytes = $8, errors = $9, published_to = $10::bigint[]
     WHERE id = $1 AND session = $2 AND status = 'publishing'`,
    [
      id,
      session,
      published.bytes,
      published.lines,
      published.rowsRead,
      published.rowsRejected,
      published.events,
      published.rejectedBytes,
      JSON.stringify(published.errors),
      published.ends,
    ],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

/** Nothing more comes, for now: from here on it settles like a file. All of it is published, below `endOffsets`. */
export async function endGrowing(postgres: Postgres, { id, session }: Fence, endOffsets: readonly number[]): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `WITH ended AS (
       UPDATE imports SET status = 'settling', lease_owner = NULL, lease_until = NULL
       WHERE id = $1 AND session = $2 AND status = 'publishing' AND bytes_read = content_bytes RETURNING id
     ), ends AS (
       INSERT INTO import_partitions (import_id, partition, end_offset)
       SELECT ended.id, ends.ordinality - 1, ends.end_offset FROM ended, unnest($3::bigint[]) WITH ORDINALITY AS ends (end_offset)
       ON CONFLICT (import_id, partition) DO UPDATE SET end_offset = excluded.end_offset
     ) SELECT FROM ended`,
    [id, session, endOffsets],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

/** Gives it back as it is, to whoever takes it over. */
export async function releaseGrowing(postgres: Postgres, { id, session }: Fence): Promise<void> {
  await postgres.query(
    `UPDATE imports SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND session = $2 AND status = 'publishing'`,
    [id, session],
  );
}

/** Why a session was fenced. */
export async function readStatus(postgres: Postgres, id: string): Promise<ImportStatus | undefined> {
  const { rows } = await postgres.query<{ status: ImportStatus }>(`SELECT status FROM imports WHERE id = $1`, [id]);
  return rows[0]?.status;
}

function toState(row: Row): GrowingState {
  return {
    id: row.id,
    session: row.session,
    dialect: row.dialect,
    header: row.header,
    mapping: row.mapping,
    identity: row.identity,
    key: row.key_scope === null || row.idempotency_key === null ? undefined : { scope: row.key_scope, key: row.idempotency_key },
    received: { bytes: Number(row.content_bytes), lines: Number(row.lines_received) },
    published: {
      bytes: Number(row.bytes_read),
      lines: Number(row.lines_read),
      rowsRead: Number(row.rows_read),
      rowsRejected: Number(row.rows_rejected),
      events: Number(row.events_published),
      rejectedBytes: Number(row.rejected_bytes),
      errors: row.errors,
      ends: (row.published_to ?? []).map((end) => (end === null ? null : Number(end))),
    },
    presentMs: Number(row.present_ms),
  };
}

async function notify(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
}
