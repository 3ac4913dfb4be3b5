/** The life of an import in Postgres. Every change tells the channel `imports`, so that whoever waits sees it. */
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { ImportErrorGroup, Mapping, StoredDialect } from '../schemas/http/imports.ts';
import type { EncodingOutcome } from './csv/encoding.ts';

/** Who holds an import, in the name of which replica, and for how long unless it is renewed: see leases.ts. */
export interface Holder {
  instance: string;
  leaseSeconds: number;
}

export interface Failure {
  code: string;
  message: string;
}

export interface NewImport {
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
  /** A dry run is written down while it receives and reads its file, for its lease; it is no import, and never shown as one. */
  form?: 'file' | 'dry_run';
}

export interface Receipt {
  bytes: number;
  /** Of the text in UTF-8. */
  contentBytes: number;
  compressed: boolean;
  /** Of the file, unpacked, in its own encoding. */
  sha256: string;
  /** What the text was taken for while it was received, or why it cannot be read. */
  encoding: EncodingOutcome;
}

export interface Interpretation {
  dialect: StoredDialect;
  header: string[];
  mapping: Mapping;
  identity: 'id-column' | 'row' | 'file';
}

export interface LeasedImport {
  id: string;
  /** All but a file are gone on with as ingest/stream/ has it. */
  form: 'file' | 'stream' | 'events';
  /** Fences those who had it before. */
  session: number;
  compressed: boolean;
  contentBytes: number;
  sha256: string;
  dialect: StoredDialect;
  header: string[];
  mapping: Mapping;
  /** The present of the import: the same for each publisher, so that each reads the same. Epoch milliseconds. */
  acceptedAtMs: number;
  rowsPublished: number;
}

export interface Checkpoint {
  rowsRead: number;
  rowsRejected: number;
  rowsPublished: number;
  eventsPublished: number;
  bytesRead: number;
}

/** The sender waits for this before anything of the body is taken, and nothing else is waited for: one row in one table. */
const CREATE_MS_MAX = 5_000;

/** Opens an import before its first byte, held by who receives it. Undefined: the key is taken (see `findByKey`). */
export async function createImport(
  postgres: Postgres,
  { name, createdBy, idempotencyKey, form = 'file' }: NewImport,
  { instance, leaseSeconds }: Holder,
): Promise<string | undefined> {
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO imports (name, status, created_by, key_scope, idempotency_key, lease_owner, lease_until, form)
     VALUES ($1, 'received', $2, $3, $4, $5, now() + make_interval(secs => $6), $7) ON CONFLICT DO NOTHING RETURNING id`,
    [name, createdBy, idempotencyKey === undefined ? null : createdBy, idempotencyKey ?? null, instance, leaseSeconds, form],
    { timeoutMs: CREATE_MS_MAX },
  );
  const id = rows[0]?.id;
  if (id !== undefined) await notify(postgres, id);
  return id;
}

/** `sha256` is null while the upload is not whole. */
export async function findByKey(
  postgres: Postgres,
  createdBy: string,
  idempotencyKey: string,
): Promise<{ id: string; sha256: string | null } | undefined> {
  const { rows } = await postgres.query<{ id: string; sha256: string | null }>(
    `SELECT id, sha256 FROM imports WHERE key_scope = $1 AND idempotency_key = $2`,
    [createdBy, idempotencyKey],
  );
  return rows[0];
}

/**
 * The upload is whole and can be read: from here on it will be published, by this process or by a successor. False: it was given up
 * meanwhile, its holder having been silent for too long.
 */
export async function acceptImport(
  postgres: Postgres,
  id: string,
  instance: string,
  receipt: Receipt,
  reading: Interpretation,
): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET status = 'publishing', publishing_at = now(), bytes = $3, content_bytes = $4, compressed = $5, sha256 = $6,
       dialect = $7, header = $8, mapping = $9, identity = $10, lease_owner = NULL, lease_until = NULL
     WHERE id = $1 AND lease_owner = $2 AND status = 'received'`,
    [
      id,
      instance,
      receipt.bytes,
      receipt.contentBytes,
      receipt.compressed,
      receipt.sha256,
      JSON.stringify(reading.dialect),
      JSON.stringify(reading.header),
      JSON.stringify(reading.mapping),
      reading.identity,
    ],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

/** Whether an import has been accepted, for one who was not answered. */
export async function isAccepted(postgres: Postgres, id: string): Promise<boolean> {
  const { rows } = await postgres.query(`SELECT FROM imports WHERE id = $1 AND publishing_at IS NOT NULL`, [id]);
  return rows.length === 1;
}

/** What the holder may fail; or anybody an upload, as long as nobody has renewed its lease since it was looked at. */
export type FailureScope = { status: 'received' | 'publishing'; instance: string } | { status: 'received'; leaseUntil: string | null };

/** Ends an import that bills nothing, or nothing more. Its key is free again: a second try with it is a new import. */
export async function failImport(
  postgres: Postgres,
  id: string,
  failure: Failure,
  scope: FailureScope,
  receipt?: Receipt,
): Promise<boolean> {
  const [condition, value] =
    'instance' in scope ? ['lease_owner = $4', scope.instance] : ['lease_until IS NOT DISTINCT FROM $4::timestamptz', scope.leaseUntil];
  const { rowCount } = await postgres.query(
    `UPDATE imports SET status = 'failed', failure = $3, completed_at = now(), idempotency_key = NULL, key_scope = NULL,
       bytes = coalesce($5, bytes), content_bytes = coalesce($6, content_bytes), sha256 = coalesce($7, sha256), compressed = coalesce($8, compressed),
       lease_owner = NULL, lease_until = NULL
     WHERE id = $1 AND status = $2 AND ${condition}`,
    [
      id,
      scope.status,
      JSON.stringify(failure),
      value,
      receipt?.bytes ?? null,
      receipt?.contentBytes ?? null,
      receipt?.sha256 ?? null,
      receipt?.compressed ?? null,
    ],
  );
  if (rowCount === 1) await notify(postgres, id);
  return rowCount === 1;
}

/** Nothing is left of a dry run whose process is gone. */
export async function deleteLostDryRun(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`DELETE FROM imports WHERE id = $1 AND form = 'dry_run' AND status = 'failed'`, [id]);
}

export async function deleteReceived(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`DELETE FROM imports WHERE id = $1 AND status = 'received'`, [id]);
}

/** Takes the oldest import that waits for a publisher, or that this replica could not give back when it had to. */
export async function leaseImport(postgres: Postgres, { instance, leaseSeconds }: Holder): Promise<LeasedImport | undefined> {
  const { rows } = await postgres.query<{
    id: string;
    form: LeasedImport['form'];
    session: number;
    compressed: boolean;
    content_bytes: string;
    sha256: string;
    dialect: StoredDialect;
    header: string[];
    mapping: Mapping;
    accepted_at_ms: string;
    rows_published: string;
  }>(
    `UPDATE imports SET session = session + 1, lease_owner = $1, lease_until = now() + make_interval(secs => $2)
     WHERE id = (SELECT id FROM imports WHERE status = 'publishing' AND (lease_until IS NULL OR lease_until < now() OR lease_owner = $1)
                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, form, session, compressed, content_bytes, sha256, dialect, header, mapping, rows_published,
       floor(extract(epoch FROM publishing_at) * 1000) AS accepted_at_ms`,
    [instance, leaseSeconds],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    id: row.id,
    form: row.form,
    session: row.session,
    compressed: row.compressed,
    contentBytes: Number(row.content_bytes),
    sha256: row.sha256,
    dialect: row.dialect,
    header: row.header,
    mapping: row.mapping,
    acceptedAtMs: Number(row.accepted_at_ms),
    rowsPublished: Number(row.rows_published),
  };
}

/** Records what the log has acknowledged. False: the lease is gone, stop publishing. */
export async function checkpoint(postgres: Postgres, id: string, instance: string, progress: Checkpoint): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET rows_read = $3, rows_rejected = $4, rows_published = $5, events_published = $6, bytes_read = $7
     WHERE id = $1 AND lease_owner = $2 AND status = 'publishing'`,
    [id, instance, progress.rowsRead, progress.rowsRejected, progress.rowsPublished, progress.eventsPublished, progress.bytesRead],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

/** Gives an import back, for example at shutdown: the next start goes on at its checkpoint. */
export async function releaseImport(postgres: Postgres, id: string, instance: string): Promise<void> {
  await postgres.query(`UPDATE imports SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND lease_owner = $2`, [id, instance]);
}

/**
 * All events are in the log, below `endOffsets`, and the last checkpoint has counted them; what follows is up to the consumers. False:
 * the lease is gone.
 */
export async function finishPublishing(
  postgres: Postgres,
  id: string,
  instance: string,
  errors: readonly ImportErrorGroup[],
  endOffsets: readonly number[],
): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `WITH moved AS (
       UPDATE imports SET status = 'settling', errors = $3, lease_owner = NULL, lease_until = NULL
       WHERE id = $1 AND lease_owner = $2 AND status = 'publishing' RETURNING id
     ), ends AS (
       INSERT INTO import_partitions (import_id, partition, end_offset)
       SELECT moved.id, ends.ordinality - 1, ends.end_offset FROM moved, unnest($4::bigint[]) WITH ORDINALITY AS ends (end_offset)
       ON CONFLICT (import_id, partition) DO UPDATE SET end_offset = excluded.end_offset
     ) SELECT FROM moved`,
    [id, instance, JSON.stringify(errors), endOffsets],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

async function notify(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
}
