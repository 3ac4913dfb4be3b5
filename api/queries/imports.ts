/** How an import's file is read again. */
import type { Postgres, Queryable } from '../../platform/postgres/postgres.ts';
import type { Mapping, StoredDialect } from '../../schemas/http/imports.ts';
import type { Reading } from '../customer-view.ts';

export interface StoredImport {
  name: string;
  compressed: boolean;
  dialect: StoredDialect | null;
  header: string[] | null;
  mapping: Mapping | null;
  identity: string | null;
  [column: string]: unknown;
}

export async function findStoredImport(postgres: Postgres, id: string): Promise<StoredImport | undefined> {
  const { rows } = await postgres.query<StoredImport>(
    'SELECT name, compressed, dialect, header, mapping, identity FROM imports WHERE id = $1::bigint',
    [id],
  );
  return rows[0];
}

/** How imports were read, by id: for rows that a scope has let through already. */
export async function findReadings(postgres: Queryable, ids: readonly string[]): Promise<Map<string, Reading>> {
  const { rows } = await postgres.query<Reading & { id: string; [column: string]: unknown }>(
    'SELECT id::text AS id, mapping, header FROM imports WHERE id = ANY($1::bigint[])',
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, mapping, header }) => [id, { mapping, header }]));
}
