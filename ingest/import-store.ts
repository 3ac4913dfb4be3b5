/** The life of an import in Postgres. Every change tells the channel `imports`, so that whoever waits sees it. */
import type { Platform } from '../platform/platform.ts';
import type { Postgres, Transaction } from '../platform/postgres/postgres.ts';
import type { ImportErrorGroup, Mapping, StoredDialect } from '../schemas/http/imports.ts';

/** How long a publisher may be silent before another replica takes its import over. Renewed at each checkpoint. */
const LEASE_SECONDS = 60;

export interface NewImport {
  name: string;
  createdBy: string;
  idempotencyKey: string | undefined;
}

export interface Receipt {
  bytes: number;
  contentBytes: number;
  compressed: boolean;
  sha256: string;
}

export interface Interpretation {
  dialect: StoredDialect;
  header: string[];
  mapping: Mapping;
  identity: 'id-column' | 'row' | 'file';
}

export interface LeasedImport {
  id: string;
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

/** Opens an import before its first byte. Undefined: the key is taken (see `findByKey`). */
export async function createImport(postgres: Postgres, { name, createdBy, idempotencyKey }: NewImport): Promise<string | undefined> {
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO imports (name, status, created_by, key_scope, idempotency_key) VALUES ($1, 'received', $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id`,
    [name, createdBy, idempotencyKey === undefined ? null : createdBy, idempotencyKey ?? null],
  );
  const id = rows[0]?.id;
  if (id !== undefined) await notify(postgres, id);
  return id;
}

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

/** The upload is whole and can be read: from here on it will be published, by this process or by a successor. */
export async function acceptImport(postgres: Postgres, id: string, receipt: Receipt, reading: Interpretation): Promise<void> {
  await postgres.query(
    `UPDATE imports SET status = 'publishing', publishing_at = now(), bytes = $2, content_bytes = $3, compressed = $4, sha256 = $5,
       dialect = $6, header = $7, mapping = $8, identity = $9 WHERE id = $1 AND status = 'received'`,
    [
      id,
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
}

/** Ends an import that bills nothing. Its key is free again: a second try with it is a new import. */
export async function failImport(
  postgres: Postgres,
  id: string,
  failure: { code: string; message: string },
  receipt?: Receipt,
): Promise<void> {
  await postgres.query(
    `UPDATE imports SET status = 'failed', failure = $2, completed_at = now(), idempotency_key = NULL, key_scope = NULL,
       bytes = coalesce($3, bytes), content_bytes = coalesce($4, content_bytes), sha256 = coalesce($5, sha256), compressed = coalesce($6, compressed),
       lease_owner = NULL, lease_until = NULL
     WHERE id = $1 AND status IN ('received', 'publishing')`,
    [
      id,
      JSON.stringify(failure),
      receipt?.bytes ?? null,
      receipt?.contentBytes ?? null,
      receipt?.sha256 ?? null,
      receipt?.compressed ?? null,
    ],
  );
  await notify(postgres, id);
}

export async function deleteReceived(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`DELETE FROM imports WHERE id = $1 AND status = 'received'`, [id]);
}

/**
 * What a process that was killed has left behind: uploads that will never be whole are failed, imports it was publishing are
 * free for a successor. Only where no other process can be at work on them.
 */
export async function adoptImports({ postgres, files }: Platform): Promise<void> {
  const { rows } = await postgres.query<{ id: string }>(`SELECT id FROM imports WHERE status = 'received'`);
  for (const { id } of rows) {
    await failImport(postgres, id, {
      code: 'upload_incomplete',
      message: 'Tallyline was stopped before the upload was whole. Nothing was published; upload it again.',
    });
    await files.remove(id);
  }
  await postgres.query(`UPDATE imports SET lease_owner = NULL, lease_until = NULL WHERE status = 'publishing'`);
}

/** Takes the oldest import that waits for a publisher. */
export async function leaseImport(postgres: Postgres, owner: string): Promise<LeasedImport | undefined> {
  const { rows } = await postgres.query<{
    id: string;
    compressed: boolean;
    content_bytes: string;
    sha256: string;
    dialect: StoredDialect;
    header: string[];
    mapping: Mapping;
    accepted_at_ms: string;
    rows_published: string;
  }>(
    `UPDATE imports SET lease_owner = $1, lease_until = now() + make_interval(secs => $2)
     WHERE id = (SELECT id FROM imports WHERE status = 'publishing' AND (lease_until IS NULL OR lease_until < now())
                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, compressed, content_bytes, sha256, dialect, header, mapping, rows_published,
       floor(extract(epoch FROM publishing_at) * 1000) AS accepted_at_ms`,
    [owner, LEASE_SECONDS],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    id: row.id,
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

/** Records what the log has acknowledged and renews the lease. False: the lease is gone, stop publishing. */
export async function checkpoint(postgres: Postgres, id: string, owner: string, progress: Checkpoint): Promise<boolean> {
  const { rowCount } = await postgres.query(
    `UPDATE imports SET rows_read = $3, rows_rejected = $4, rows_published = $5, events_published = $6, bytes_read = $7,
       lease_until = now() + make_interval(secs => $8)
     WHERE id = $1 AND lease_owner = $2 AND status = 'publishing'`,
    [
      id,
      owner,
      progress.rowsRead,
      progress.rowsRejected,
      progress.rowsPublished,
      progress.eventsPublished,
      progress.bytesRead,
      LEASE_SECONDS,
    ],
  );
  await notify(postgres, id);
  return rowCount === 1;
}

/** Gives an import back, for example at shutdown: the next start goes on at its checkpoint. */
export async function releaseImport(postgres: Postgres, id: string, owner: string): Promise<void> {
  await postgres.query(`UPDATE imports SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND lease_owner = $2`, [id, owner]);
}

/** All events are in the log, below `endOffsets`, and the last checkpoint has counted them; what follows is up to the consumers. */
export async function finishPublishing(
  postgres: Postgres,
  id: string,
  owner: string,
  errors: readonly ImportErrorGroup[],
  endOffsets: readonly number[],
): Promise<void> {
  await postgres.transaction(async (transaction: Transaction) => {
    const moved = await transaction.query(
      `UPDATE imports SET status = 'settling', errors = $3, lease_owner = NULL, lease_until = NULL
       WHERE id = $1 AND lease_owner = $2 AND status = 'publishing'`,
      [id, owner, JSON.stringify(errors)],
    );
    if (moved.rowCount === 0) return;
    for (const [partition, endOffset] of endOffsets.entries()) {
      await transaction.query(
        `INSERT INTO import_partitions (import_id, partition, end_offset) VALUES ($1, $2, $3)
         ON CONFLICT (import_id, partition) DO UPDATE SET end_offset = $3`,
        [id, partition, endOffset],
      );
    }
  });
  await notify(postgres, id);
}

async function notify(postgres: Postgres, id: string): Promise<void> {
  await postgres.query(`SELECT pg_notify('imports', $1)`, [id]);
}
