/** What a rebuild of ClickHouse promises: afterwards it holds exactly the rows of Postgres, or, where it broke off, is as it was. */
import { beforeEach, describe, expect, it } from 'vitest';
import { rebuild } from '../../consumers/rebuild.ts';
import type { Platform } from '../../platform/platform.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { isRebuild, RebuildUnderTest, TOUCHY_EVENTS } from '../support/rebuild.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let under: RebuildUnderTest;

usePipeline({ partitions: 2 }, async (opened) => {
  pipeline = opened;
  under = new RebuildUnderTest(pipeline);
  await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events');
});

describe('a rebuild', () => {
  it('gives every row of Postgres, to the digit and the microsecond, and nothing else; the view and the buckets follow', async () => {
    await pipeline.publish(TOUCHY_EVENTS);
    await pipeline.drain();
    await under.spoil();
    await under.rebuildNow();
    await under.expectSame();
    expect((await pipeline.usage()).length).toBe(12);
    const [sums] = await pipeline.platform.clickhouse.query<{ slots: string; tables: string }>({
      name: 'test_sums',
      sql: `SELECT (SELECT sum(events) FROM tallyline.usage_slots) AS slots, (SELECT count() FROM system.tables WHERE name = 'usage_events_rebuild') AS tables`,
    });
    expect(sums).toEqual({ slots: '12', tables: '0' });
    expect(await pipeline.query('SELECT rows_copied::int FROM clickhouse_rebuilds')).toEqual([{ rows_copied: 12 }]);
    expect(await pipeline.query('SELECT requested_by, state FROM reconciliation_runs')).toEqual([
      { requested_by: 'rebuild', state: 'requested' },
    ]);
  });

  it('of nothing gives nothing, and none happens that was not asked for', async () => {
    expect(await under.run()).toBe(false);
    await under.rebuildNow();
    expect(await pipeline.usage()).toEqual([]);
  });

  it('of many rows goes in batches, old ones in windows, recent ones range by range', async () => {
    const events = Array.from({ length: 120_000 }, (_, n) =>
      usageEvent({ id: `${n}`, line: n + 2, customer: `customer-${n % 90}`, time: `2026-0${1 + (n % 2)}-01T00:00:00.000000Z` }),
    );
    await pipeline.publish(events, 4);
    await pipeline.drain();
    // As if the ranges of this partition were long past.
    await pipeline.query('DELETE FROM rollup_ranges WHERE partition = 0');
    await under.spoil();
    await under.rebuildNow();
    await under.expectTotals(120_000);
  });

  it('keeps the rows of earlier incarnations of the log', async () => {
    await pipeline.publish(TOUCHY_EVENTS);
    await pipeline.drain();
    const rows = await pipeline.records();
    await pipeline.query(`INSERT INTO log_epochs (epoch, incarnation) VALUES ($1, 'the next one')`, [pipeline.epoch + 1]);
    await under.spoil();
    await under.request();
    expect(await rebuild(pipeline.platform, pipeline.epoch + 1, new AbortController().signal)).toBe(true);
    expect(await pipeline.usage()).toEqual(rows);
  });
});

describe('a rebuild that breaks off', () => {
  beforeEach(async () => {
    await pipeline.publish(TOUCHY_EVENTS);
    await pipeline.drain();
    await under.spoil();
  });

  it.each<[string, (change: { fail: () => Promise<never> }) => Partial<Platform>]>([
    [
      'during the copy',
      ({ fail }) => ({
        clickhouse: {
          ...pipeline.platform.clickhouse,
          command: (sql) => (sql.startsWith('CREATE') ? fail() : pipeline.platform.clickhouse.command(sql)),
        },
      }),
    ],
    ['before the exchange', ({ fail }) => ({ clickhouse: under.withCommand('EXCHANGE', fail) })],
    [
      'after the exchange',
      ({ fail }) => ({
        clickhouse: under.withCommand('EXCHANGE', async (exchange) => {
          await exchange();
          await fail();
        }),
      }),
    ],
  ])('%s does no harm, and is done anew', async (point, change) => {
    const before = await pipeline.usage();
    await under.request();
    await expect(under.run(change({ fail: () => Promise.reject(new Error('away')) }))).rejects.toThrow('away');
    expect(await under.states()).toEqual(['copying']);
    expect(await pipeline.usage()).toEqual(point === 'after the exchange' ? await pipeline.records() : before);
    await pipeline.publish([usageEvent({ id: 'later', line: 90 })]);
    await pipeline.drain();
    await under.run();
    expect(await under.states()).toEqual(['done']);
    await under.expectSame();
  });

  it('because the process stops leaves it to the next', async () => {
    const stopping = new AbortController();
    await under.request();
    const clickhouse = under.withInsert(isRebuild, async (insert, n) => {
      await insert();
      if (n === 1) stopping.abort();
    });
    await expect(under.run({ clickhouse }, stopping.signal)).rejects.toThrow();
    expect(await under.states()).toEqual(['copying']);
    expect(await under.run()).toBe(true);
    await under.expectSame();
  });

  it('because an import is undone meanwhile begins anew, and gives up when that does not end', async () => {
    const undo = () =>
      pipeline.query(`INSERT INTO voids (epoch, partition, control_offset, chunk, month, position_epoch, position_partition, offsets, indexes)
        SELECT 1, 0, 1000 + count(*), 0, 202601, 1, 0, '{}', '{}' FROM voids`);
    await under.request();
    await under.run({
      clickhouse: under.withInsert(isRebuild, async (insert, n) => {
        await insert();
        if (n === 0) await undo();
      }),
    });
    expect(await under.states()).toEqual(['done']);
    await under.expectSame();
    await under.request();
    await under.run({
      clickhouse: under.withInsert(isRebuild, async (insert) => {
        await insert();
        await undo();
      }),
    });
    expect(await pipeline.query('SELECT state, failure FROM clickhouse_rebuilds ORDER BY rebuild_id DESC LIMIT 1')).toEqual([
      { state: 'failed', failure: 'an import was undone while ClickHouse was rebuilt' },
    ]);
    await under.expectSame();
  });

  it('because the new table lost a row is not put in place', async () => {
    const before = await pipeline.usage();
    await under.request();
    await under.run({ clickhouse: under.withInsert(isRebuild, (insert, n) => (n === 0 ? Promise.resolve() : insert())) });
    expect(await under.states()).toEqual(['failed']);
    expect(await pipeline.usage()).toEqual(before);
  });
});
