/** How an import's file is read again. */
import type { Postgres } from '../../platform/postgres/postgres.ts';
import type { Mapping, StoredDialect } from '../../schemas/http/imports.ts';

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
