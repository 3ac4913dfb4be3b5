/** A rebuild of ClickHouse while everything runs: no row is missed and none doubled, whoever inserts, finishes or sleeps meanwhile. */
import { describe, expect, it } from 'vitest';
import { reconcile } from '../../consumers/reconcile.ts';
import { announceRange, finishRange, insertMonth, ROLLUPS } from '../../consumers/steps/rollup-ranges.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { isRollup, RebuildUnderTest, TOUCHY_EVENTS } from '../support/rebuild.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let under: RebuildUnderTest;

/** Published while one rebuild runs, at the most. */
const EVENTS_PER_ROUND = 20_000;

usePipeline({ partitions: 2 }, async (opened) => {
  pipeline = opened;
  under = new RebuildUnderTest(pipeline);
  await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events');
});

describe('while everything runs', () => {
  it('misses no row and doubles none, again and again, though events come all the time', async () => {
    let published = 0;
    const publishSome = async () => {
      const events = Array.from({ length: 400 }, (_, n) =>
        usageEvent({
          id: `${published + n}`,
          line: published + n + 2,
          customer: `customer-${n % 50}`,
          time: `2026-0${1 + (n % 3)}-01T00:00:00.000000Z`,
        }),
      );
      published += events.length;
      // Every event twice, the second time from another line.
      await pipeline.publish([...events, ...events.map((event) => ({ ...event, importId: '2' }))]);
    };
    await pipeline.running(async () => {
      for (let round = 1; round <= 4; round += 1) {
        await publishSome();
        await under.request();
        await pipeline.query(`SELECT pg_notify('rebuild', '')`);
        await eventually(`rebuild ${round} is done`, async () => {
          // All the time, but no more than a slow machine takes in beside the rebuild.
          if (published < round * EVENTS_PER_ROUND) await publishSome();
          return (await under.states()).every((state) => state === 'done') && (await under.states()).length === round;
        });
      }
      await publishSome();
      await pipeline.drained();
    });
    await under.expectTotals(published);
    await reconcile(pipeline.platform, pipeline.epoch, new AbortController().signal);
    expect(await pipeline.query('SELECT * FROM reconciliation_cells')).toEqual([]);
  });

  it.each([
    [
      'into the old table just before the tables are exchanged',
      async (insert: () => Promise<void>) => {
        await insert();
        await under.rebuildNow();
      },
    ],
    [
      'into the new table just after the tables were exchanged',
      async (insert: () => Promise<void>) => {
        await under.rebuildNow();
        await insert();
      },
    ],
    [
      'in doubt',
      async (insert: () => Promise<void>) => {
        await insert();
        await under.rebuildNow();
        throw new Error('the connection is gone');
      },
    ],
  ])('an insert that goes %s is there once', async (_, around) => {
    await pipeline.publish(TOUCHY_EVENTS);
    await pipeline.drain({ clickhouse: under.withInsert(isRollup, (insert, n) => (n === 0 ? around(insert) : insert())) });
    await under.expectSame();
    expect(pipeline.messages.map(({ msg }) => msg)).toContain('rollups: finished an interrupted range');
    expect(await pipeline.query(`SELECT FROM rollup_ranges WHERE state <> 'DONE' OR exchanged`)).toEqual([]);
  });

  it('a range that is finished while the locks are held waits, and is not taken for finished', async () => {
    const partition = pipeline.platform.log.partitionFor('acme');
    await pipeline.append([usageEvent()], partition);
    const { range, months } = await pipeline.commitAll(partition);
    const { postgres, clickhouse } = pipeline.platform;
    expect(await announceRange(postgres, range, months)).toBe(true);
    for (const month of months) await insertMonth(clickhouse, range, month);
    let finished: Promise<boolean> | undefined;
    await under.request();
    const query: ClickHouse['query'] = async (asked) => {
      // The rows are counted with the locks held, before anything is marked as exchanged.
      if (asked.name === 'rebuild_count') {
        finished = finishRange(postgres, range, 1);
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        await eventually('it waits for the lock', async () => (await pipeline.query(waiting)).length > 0);
      }
      return clickhouse.query(asked);
    };
    await under.run({ clickhouse: { ...clickhouse, query } });
    expect(await finished).toBe(false);
    expect(await pipeline.usage()).toEqual([]);
    await pipeline.drain();
    await under.expectSame();
  });

  it('a process that slept since it announced a range cannot insert it a second time afterwards', async () => {
    const partition = pipeline.platform.log.partitionFor('acme');
    await pipeline.append([usageEvent()], partition);
    const { range, months } = await pipeline.commitAll(partition);
    await announceRange(pipeline.platform.postgres, range, months);
    await pipeline.drain();
    await under.rebuildNow();
    for (const month of months) await insertMonth(pipeline.platform.clickhouse, range, month);
    await under.expectSame();
  });

  it('rollups that had stopped over a half-written range go on', async () => {
    const partition = pipeline.platform.log.partitionFor('acme');
    await pipeline.append([usageEvent({ id: '1' }), usageEvent({ id: '2', line: 3 })], partition);
    const { range, months } = await pipeline.commitAll(partition);
    await announceRange(pipeline.platform.postgres, range, months);
    for (const month of months) await insertMonth(pipeline.platform.clickhouse, range, month);
    await pipeline.platform.clickhouse.command(
      `ALTER TABLE tallyline.usage_events DELETE WHERE log_offset = 1 SETTINGS mutations_sync = 2`,
    );
    await pipeline.running(async () => {
      await eventually('rollups has stopped', () => Promise.resolve(pipeline.messages.some(({ msg }) => msg === 'rollups stopped')));
      await pipeline.append([usageEvent({ id: '3', line: 4 })], partition);
      await under.request();
      await pipeline.query(`SELECT pg_notify('rebuild', '')`);
      await pipeline.drained();
    });
    expect(await pipeline.offsets(ROLLUPS)).toEqual([0, 1].map((at) => (at === partition ? 3 : 0)));
    await under.expectSame();
  });
});
