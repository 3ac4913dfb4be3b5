/** Going on with another log: what was on its way in the old one is published again, and ClickHouse is put right. */
import { expect, it } from 'vitest';
import { resolveEpoch } from '../../consumers/steps/epochs.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  for (const [at, status] of ['received', 'publishing', 'settling', 'complete', 'failed', 'undoing', 'undone'].entries()) {
    await pipeline.query(
      `INSERT INTO imports (id, name, status, created_by, rows_read, rows_published, events_published, lease_owner, lease_until)
       VALUES ($1, 'file', $2, 'test', 5, 5, 5, 'somebody', now() + interval '1 hour')`,
      [at + 1, status],
    );
    await pipeline.query('INSERT INTO import_partitions (import_id, partition, accepted, end_offset) VALUES ($1, 0, 3, 5)', [at + 1]);
  }
});

const imports = () =>
  pipeline.query(
    `SELECT i.id, status, rows_published, lease_owner, accepted, end_offset FROM imports i JOIN import_partitions p ON p.import_id = i.id ORDER BY i.id`,
  );
const rebuilds = () => pipeline.query('SELECT requested_by FROM clickhouse_rebuilds');
const another = () => resolveEpoch(pipeline.platform.postgres, 'another log');

it('imports that are not settled are published anew from their files, whoever was at it; the others stay', async () => {
  const before = await imports();
  expect(await another()).toBe(pipeline.epoch + 1);
  const again = { status: 'publishing', rows_published: '0', lease_owner: null, accepted: '3', end_offset: null };
  expect(await imports()).toEqual(before.map((row) => (['2', '3'].includes(String(row['id'])) ? { ...row, ...again } : row)));
  expect(await rebuilds()).toEqual([]);
});

it('a rebuild is asked for where rollups had not come as far as records', async () => {
  await pipeline.append([usageEvent()]);
  await pipeline.commitAll();
  await another();
  expect(await rebuilds()).toEqual([{ requested_by: 'a new event log' }]);
});

it('a log that is known is gone on with, by several at once, and changes nothing', async () => {
  const [first, second] = await Promise.all([another(), another()]);
  expect(second).toBe(first);
  await pipeline.query(`UPDATE imports SET rows_published = 4 WHERE status = 'publishing'`);
  const before = await imports();
  expect(await another()).toBe(first);
  expect(await resolveEpoch(pipeline.platform.postgres, await pipeline.platform.log.incarnation())).toBe(pipeline.epoch);
  expect(await imports()).toEqual(before);
});
