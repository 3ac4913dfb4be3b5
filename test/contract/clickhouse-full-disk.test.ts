/** ClickHouse on a disk that is full: nothing is defined there that would keep the engine from starting again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChdb } from '../../platform/clickhouse/chdb.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';
import { requireRoom } from '../../platform/clickhouse/room.ts';
import { StoreUnavailableError } from '../../platform/store-unavailable.ts';
import { fillDisk, mountDisk, unmountDisk } from '../faults/suite/disk.ts';

const logger = pino({ level: 'silent' });
const directory = mkdtempSync(join(tmpdir(), 'tallyline-test-full-'));
const canMount = await mountDisk(directory, '160m');
let clickhouse: ClickHouse;

beforeAll(async () => {
  clickhouse = await openChdb({ directory: join(directory, 'clickhouse'), logger });
});
afterAll(async () => {
  await clickhouse?.close();
  if (canMount) await unmountDisk(directory);
  rmSync(directory, { recursive: true, force: true });
});

const tables = async () =>
  (await clickhouse.query<{ name: string }>({ name: 'tables', sql: `SELECT name FROM system.tables WHERE database = 'tallyline'` })).map(
    ({ name }) => name,
  );

test.skipIf(!canMount)('there is no migration without room, and it goes on when there is some', async () => {
  await migrateClickHouse({ clickhouse, logger });
  const all = await tables();
  await clickhouse.command(`DROP DATABASE tallyline SYNC`);
  await fillDisk(directory, async () => {
    await expect(requireRoom(clickhouse)).rejects.toThrow(StoreUnavailableError);
    await expect(migrateClickHouse({ clickhouse, logger })).rejects.toThrow(StoreUnavailableError);
  });
  expect(execFileSync('find', [directory, '-name', '*.sql', '-size', '0'], { encoding: 'utf8' })).toBe('');
  await migrateClickHouse({ clickhouse, logger });
  expect(await tables()).toEqual(all);
});
