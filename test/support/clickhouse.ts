/** Embedded ClickHouse for tests: the real engine, migrated, in a directory of its own. One per test process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openChdb } from '../../platform/clickhouse/chdb.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';

const logger = pino({ level: 'silent' });

export interface TestClickHouse {
  readonly clickhouse: ClickHouse;
  /** Closes the engine and opens it again on the same data, as it was or as `meanwhile` has left it; `clickhouse` is then the new one. */
  reopen(meanwhile?: () => Promise<void>): Promise<void>;
  /** Closes the engine and removes its data. */
  close(): Promise<void>;
}

export async function openTestClickHouse(): Promise<TestClickHouse> {
  const root = await mkdtemp(join(tmpdir(), 'tallyline-clickhouse-'));
  // Users have such paths.
  const directory = join(root, 'übung mit leerzeichen');
  let clickhouse = await openChdb({ directory, logger });
  await migrateClickHouse({ clickhouse, logger });
  return {
    get clickhouse() {
      return clickhouse;
    },
    async reopen(meanwhile) {
      await clickhouse.close();
      await meanwhile?.();
      clickhouse = await openChdb({ directory, logger });
    },
    async close() {
      await clickhouse.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
