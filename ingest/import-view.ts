/** Imports as the HTTP contract shows them. */
import type { ImportScope } from '../platform/access/import-scope.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import { toInstant } from '../core/instant-text.ts';
import {
  type Import,
  type ImportErrorGroup,
  type ImportStatus,
  isNdjson,
  type Mapping,
  type StoredDialect,
} from '../schemas/http/imports.ts';

interface Row {
  [column: string]: unknown;
  id: string;
  name: string;
  form: Import['form'];
  dialect: StoredDialect | null;
  status: ImportStatus;
  identity: Import['identity'];
  sha256: string | null;
  bytes: string;
  content_bytes: string;
  bytes_read: string;
  mapping: Mapping | null;
  rows_read: string;
  rows_rejected: string;
  rows_new: string | null;
  rows_known: string | null;
  rows_conflict: string | null;
  events_published: string;
  suspected_doubles: string | null;
  customers: Import['customers'];
  errors: ImportErrorGroup[];
  failure: Import['failure'];
  created_at: string;
  created_by: string;
  completed_at: string | null;
  seconds: string | null;
  accepted: string;
  duplicate: string;
  conflict: string;
  dead: string;
  known_from: Import['knownFrom'];
}

/** `$1`: whose imports, null for all. What is known from those of others stands in one entry, without naming them. */
const SELECT = `
  SELECT i.id, i.name, i.form, i.dialect, i.status, i.identity, i.sha256, i.bytes, i.content_bytes, i.bytes_read, i.mapping, i.rows_read, i.rows_rejected, i.rows_new,
    i.rows_known, i.rows_conflict, i.events_published, i.suspected_doubles,
    CASE WHEN i.customers IS NOT NULL THEN jsonb_build_object('count', i.customers->'count', 'first',
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', coalesce(c.name, f.id)) ORDER BY f.n), '[]')
         FROM jsonb_array_elements_text(i.customers->'first') WITH ORDINALITY AS f (id, n) LEFT JOIN customers c ON c.id = f.id AND $1::text IS NULL)) END AS customers,
    i.errors, i.failure, i.created_at, i.created_by, i.completed_at,
    extract(epoch FROM coalesce(i.completed_at, clock_timestamp()) - i.publishing_at) AS seconds, p.*,
    coalesce((SELECT jsonb_agg(jsonb_build_object('importId', k.id::text, 'name', k.name, 'events', k.events) ORDER BY k.events DESC, k.id)
              FROM (SELECT f.id, f.name, sum(e.events) AS events
                      FROM import_known_from e LEFT JOIN imports f ON f.id = e.from_import_id AND ($1::text IS NULL OR f.created_by = $1)
                     WHERE e.import_id = i.id AND e.events > 0 GROUP BY f.id, f.name) k), '[]') AS known_from
  FROM imports i CROSS JOIN LATERAL (
    SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(duplicate), 0) AS duplicate, coalesce(sum(conflict), 0) AS conflict, coalesce(sum(dead), 0) AS dead
    FROM import_partitions WHERE import_id = i.id) p
  WHERE i.form <> 'dry_run' AND ($1::text IS NULL OR i.created_by = $1)`;

export async function readImport(postgres: Postgres, scope: ImportScope, id: string): Promise<Import | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const { rows } = await postgres.query<Row>(`${SELECT} AND i.id = $2`, [scope.createdBy ?? null, id]);
  return rows[0] && toImport(rows[0]);
}

/** How long the text and the rejected lines of a growing import are for certain: behind that, bytes may stand that do not stay. */
export async function readDurableBytes(postgres: Postgres, id: string): Promise<{ original: number; rejected: number }> {
  const { rows } = await postgres.query<{ content_bytes: string; rejected_bytes: string }>(
    'SELECT content_bytes, rejected_bytes FROM imports WHERE id = $1',
    [id],
  );
  return { original: Number(rows[0]?.content_bytes ?? 0), rejected: Number(rows[0]?.rejected_bytes ?? 0) };
}

/** Newest first; `before` is the id of the last one seen, `name` a part of names. */
export async function listImports(
  postgres: Postgres,
  scope: ImportScope,
  options: { limit: number; before?: string; status?: string; name?: string },
): Promise<Import[]> {
  const { rows } = await postgres.query<Row>(
    `${SELECT} AND ($2::bigint IS NULL OR i.id < $2) AND ($3::text IS NULL OR i.status = $3)
       AND ($4::text IS NULL OR position(lower($4) IN lower(i.name)) > 0) ORDER BY i.id DESC LIMIT $5`,
    [scope.createdBy ?? null, options.before ?? null, options.status ?? null, options.name ?? null, options.limit],
  );
  return rows.map(toImport);
}

function toImport(row: Row): Import {
  const rowsRead = Number(row.rows_read);
  const seconds = Number(row.seconds ?? 0);
  const rowsPerSecond = seconds > 0 ? Math.round(rowsRead / seconds) : 0;
  return {
    id: row.id,
    name: row.name,
    form: row.form,
    format: row.dialect !== null && isNdjson(row.dialect) ? 'ndjson' : 'csv',
    sha256: row.sha256,
    bytes: Number(row.bytes),
    status: row.status,
    mapping: row.mapping,
    identity: row.identity,
    customers: row.customers,
    suspectedDoubles: row.suspected_doubles === null ? null : Number(row.suspected_doubles),
    knownFrom: row.known_from,
    rows: {
      read: rowsRead,
      rejected: Number(row.rows_rejected),
      ...(row.rows_new === null ? {} : { new: Number(row.rows_new), known: Number(row.rows_known), conflict: Number(row.rows_conflict) }),
    },
    events: {
      published: Number(row.events_published),
      accepted: Number(row.accepted),
      duplicate: Number(row.duplicate),
      conflict: Number(row.conflict),
      dead: Number(row.dead),
    },
    progress: {
      bytesRead: Number(row.bytes_read),
      bytesTotal: Number(row.content_bytes),
      rowsPerSecond,
      etaSeconds: etaSeconds(row, seconds),
    },
    errors: row.errors,
    failure: row.failure,
    createdAt: toInstant(row.created_at),
    createdBy: row.created_by,
    completedAt: toInstant(row.completed_at),
  };
}

function etaSeconds(row: Row, seconds: number): number | null {
  const read = Number(row.bytes_read);
  // Nobody knows when a stream ends.
  if (row.status !== 'publishing' || row.form !== 'file' || read === 0) return null;
  return Math.ceil(((Number(row.content_bytes) - read) / read) * seconds);
}
