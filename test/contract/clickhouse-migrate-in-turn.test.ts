/** Several processes that start at once on an empty ClickHouse: one migrates it, the others wait and find it done. */
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClickHouse } from '../../platform/clickhouse/http.ts';
import { migrateInTurn } from '../../platform/clickhouse/migrate.ts';
import { startClickHouseFront, type ClickHouseFront } from '../support/clickhouse-http.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';

const PROJECT_MIGRATIONS = fileURLToPath(new URL('../../schemas/clickhouse', import.meta.url));
const REQUEST_TIMEOUT_MS = 120_000;
const logger = pino({ level: 'silent' });

let front: ClickHouseFront;
let postgres: TestPostgres;
let directory: string;
beforeAll(async () => {
  [front, postgres] = await Promise.all([startClickHouseFront(), openTestPostgres()]);
  directory = await mkdtemp(join(tmpdir(), 'tallyline-migrations-'));
});
afterAll(async () => {
  await Promise.all([front?.close(), postgres?.close()]);
  if (directory !== undefined) await rm(directory, { recursive: true });
});

it('each file is applied once, also one that could not be repeated', async () => {
  await cp(PROJECT_MIGRATIONS, directory, { recursive: true });
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql'));
  const last = `${String(files.length + 1).padStart(4, '0')}_once.sql`;
  // Whoever runs it beside or after another fails.
  await writeFile(join(directory, last), 'CREATE TABLE tallyline.once (n UInt8) ENGINE = MergeTree ORDER BY n\n');

  const processes = Array.from({ length: 4 }, () => connectClickHouse({ ...front.server, requestTimeoutMs: REQUEST_TIMEOUT_MS, logger }));
  await Promise.all(processes.map((clickhouse) => migrateInTurn(postgres.postgres, { clickhouse, logger, directory })));
  const [clickhouse] = processes;
  const applied = await clickhouse?.query<{ name: string }>({
    name: 'test_applied',
    sql: 'SELECT name FROM tallyline.schema_migrations ORDER BY version',
  });
  expect(applied?.map(({ name }) => name)).toEqual([...files.toSorted(), last]);
  await Promise.all(processes.map((opened) => opened.close()));
});
