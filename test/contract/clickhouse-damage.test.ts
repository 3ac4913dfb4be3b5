/**
 * Parts that ClickHouse cannot read, as a disk leaves them that got full in the middle of a merge: noticed by whoever meets them, and
 * made good from Postgres without anybody asking.
 */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClickHouseDamagedError, mendDamage } from '../../platform/clickhouse/damage.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { RebuildUnderTest } from '../support/rebuild.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

const EVENTS = Array.from({ length: 3000 }, (_, n) => usageEvent({ id: `${n}`, line: n + 2, customer: `customer-${n % 9}` }));

let pipeline: TestPipeline;

const stores = usePipeline({ partitions: 2 }, async (opened) => {
  pipeline = opened;
  await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events SYNC');
  await pipeline.publish(EVENTS);
  await pipeline.drain();
});

/** Empties a file of every part of the table: under the engine's eyes, or while it is closed. */
async function empty(file: string, { closed }: { closed: boolean }): Promise<void> {
  const parts = await pipeline.platform.clickhouse.query<{ path: string }>({
    name: 'test_parts',
    sql: `SELECT path FROM system.parts WHERE database = 'tallyline' AND table = 'usage_events' AND active`,
  });
  expect(parts.length).toBeGreaterThan(0);
  const work = async () => parts.forEach(({ path }) => truncateSync(join(path, file)));
  await (closed ? stores.engine.reopen(work) : work());
}

const rebuilds = () => pipeline.query<{ by: string; state: string }>('SELECT requested_by AS by, state FROM clickhouse_rebuilds');
const untilRebuilt = () => eventually('a rebuild for the damage', async () => (await rebuilds())[0]?.state === 'done');
async function untilReconciliationMends(): Promise<void> {
  await pipeline.query(`SELECT pg_notify('reconciliation', '')`);
  await untilRebuilt();
}

const mending = () => mendDamage(pipeline.platform.clickhouse, pipeline.platform);
const readAll = () => mending().query({ name: 'test_read', sql: 'SELECT sum(log_offset), max(customer) FROM tallyline.usage_events' });

describe('a part with an empty file', () => {
  beforeEach(() => empty('data.bin', { closed: false }));

  it('is told apart from other errors, and asks for one rebuild, however many meet it', async () => {
    await expect(mending().query({ name: 'test_wrong', sql: 'SELECT nothing FROM tallyline.usage_events' })).rejects.not.toThrow(
      ClickHouseDamagedError,
    );
    expect(await rebuilds()).toEqual([]);
    await expect(readAll()).rejects.toThrow(ClickHouseDamagedError);
    await expect(readAll()).rejects.toThrow(ClickHouseDamagedError);
    expect(await rebuilds()).toEqual([{ by: 'damage', state: 'requested' }]);
  });

  it('is made good by the running consumers', async () => {
    await expect(readAll()).rejects.toThrow(ClickHouseDamagedError);
    await pipeline.running(untilRebuilt);
    await new RebuildUnderTest(pipeline).expectSame();
    expect(await rebuilds()).toEqual([{ by: 'damage', state: 'done' }]);
  });
});

it('a part that was set aside at the start, with its rows, is noticed by reconciliation and made good', async () => {
  await empty('count.txt', { closed: true });
  expect(await pipeline.usage()).toEqual([]);
  await pipeline.running(untilReconciliationMends, { clickhouse: mending() });
  expect(await rebuilds()).toEqual([{ by: 'damage', state: 'done' }]);
  await new RebuildUnderTest(pipeline).expectSame();
  expect(
    await pipeline.platform.clickhouse.query({
      name: 'test_detached',
      sql: `SELECT name FROM system.detached_parts WHERE table = 'usage_events'`,
    }),
  ).toEqual([]);
});

it('a damage that no query has met is found by a full reconciliation', async () => {
  // Needed at the next start only.
  await empty('columns.txt', { closed: false });
  await readAll();
  await pipeline.query(`INSERT INTO reconciliation_runs (requested_by) VALUES ('test')`);
  await pipeline.running(untilReconciliationMends, { clickhouse: mending() });
  expect(await rebuilds()).toEqual([{ by: 'damage', state: 'done' }]);
  await new RebuildUnderTest(pipeline).expectSame();
});
