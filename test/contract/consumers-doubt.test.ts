/** Doubtful inserts where other processes may live: an owner that was asleep, a table that was exchanged, tokens that must not be forgotten. */
import { describe, expect, it } from 'vitest';
import { Handoff } from '../../consumers/handoff.ts';
import { consumeRollups } from '../../consumers/rollups.ts';
import {
  announceRange,
  finishRange,
  insertDoubtful,
  insertMonth,
  RollupDisagreement,
  ROLLUPS,
} from '../../consumers/steps/rollup-ranges.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PlannedRange, TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { RebuildUnderTest } from '../support/rebuild.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let plan: PlannedRange;
let month: PlannedRange['months'][number];

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await pipeline.append([usageEvent({ id: '1', line: 2 }), usageEvent({ id: '2', line: 3 })]);
  plan = await pipeline.commitAll();
  month = plan.months[0] as typeof month;
});

const announce = async () => expect(await announceRange(pipeline.platform.postgres, plan.range, plan.months)).toBe(true);
const insert = () => insertMonth(pipeline.platform.clickhouse, plan.range, month);
const finish = async () => expect(await finishRange(pipeline.platform.postgres, plan.range, month.rows)).toBe(true);
const deleteRows = () =>
  pipeline.platform.clickhouse.command(
    `ALTER TABLE tallyline.usage_events DELETE WHERE epoch = ${pipeline.epoch} SETTINGS mutations_sync = 2`,
  );
/** The real engine; answers which tokens were sent. */
function recording(around: (run: () => Promise<void>) => Promise<void> = (run) => run()): { clickhouse: ClickHouse; tokens: string[] } {
  const tokens: string[] = [];
  const { clickhouse } = pipeline.platform;
  const insertRecorded: ClickHouse['insert'] = (rows) => {
    tokens.push(rows.token);
    return around(() => clickhouse.insert(rows));
  };
  return { clickhouse: { ...clickhouse, insert: insertRecorded }, tokens };
}
const doubt = (clickhouse: ClickHouse, alone = false) =>
  insertDoubtful({ postgres: pipeline.platform.postgres, clickhouse, alone }, plan.range, month);

describe('a range in doubt where other processes may be at work', () => {
  it('of which nothing is there goes again under the same token', async () => {
    await announce();
    const { clickhouse, tokens } = recording();
    await doubt(clickhouse);
    expect(tokens).toEqual([`${pipeline.epoch}:0:0-2:202610`]);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it('whose token is known although its rows are gone stops the rollups; alone, they go under a new token', async () => {
    await announce();
    await insert();
    await deleteRows();
    const { clickhouse, tokens } = recording();
    await expect(doubt(clickhouse)).rejects.toThrow(RollupDisagreement);
    expect(await pipeline.usage()).toEqual([]);
    expect(await pipeline.query('SELECT attempt, state FROM rollup_ranges')).toEqual([{ attempt: 0, state: 'PENDING' }]);
    await doubt(clickhouse, true);
    expect(tokens.map((token) => token.split(':')[4] ?? '')).toEqual(['', '', '1']);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it.each([false, true])(
    'is left alone when another owner has finished it and an undo has taken its rows back (alone: %s)',
    async (alone) => {
      await announce();
      await insert();
      await finish();
      await deleteRows();
      const { clickhouse, tokens } = recording();
      await doubt(clickhouse, alone);
      expect(tokens).toEqual([]);
      expect(await pipeline.usage()).toEqual([]);
    },
  );

  it('is no disagreement when another owner finishes it, and part of it is taken back, during the look', async () => {
    await announce();
    const { clickhouse } = recording(async () => {
      await insert();
      await finish();
      await pipeline.platform.clickhouse.command(
        `ALTER TABLE tallyline.usage_events DELETE WHERE epoch = ${pipeline.epoch} AND log_offset = 0 SETTINGS mutations_sync = 2`,
      );
    });
    await doubt(clickhouse);
    expect((await pipeline.usage()).map(({ offset }) => offset)).toEqual(['1']);
  });

  it('goes under the same token into the table that a rebuild puts in place during the insert', async () => {
    await announce();
    const rebuilds = new RebuildUnderTest(pipeline);
    let inserts = 0;
    const { clickhouse, tokens } = recording(async (run) => {
      await run();
      if (inserts++ === 0) await rebuilds.rebuildNow();
    });
    await doubt(clickhouse);
    expect(tokens).toEqual([`${pipeline.epoch}:0:0-2:202610`, `${pipeline.epoch}:0:0-2:202610`]);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
    // The rebuild has marked it, so its owner has to look once more before it is DONE.
    expect(await finishRange(pipeline.platform.postgres, plan.range, month.rows)).toBe(false);
    await pipeline.drain({ alone: false });
    expect(await pipeline.usage()).toEqual(await pipeline.records());
    expect(await pipeline.offsets(ROLLUPS)).toEqual([2]);
  });
});

describe('an owner that falls asleep after its announcement', () => {
  it('sends nothing when it wakes up, since the range was finished and undone by another', async () => {
    const { postgres, log, logger } = pipeline.platform;
    let asleepMs = 0;
    const clock: Clock = { ...pipeline.platform.clock, monotonicMs: () => pipeline.platform.clock.monotonicMs() + asleepMs };
    const stopping = new AbortController();
    // Postgres answers the announcement, and the process wakes up a minute later.
    const drowsy: typeof postgres = {
      ...postgres,
      query: postgres.query.bind(postgres),
      transaction: async (work) => {
        const result = await postgres.transaction(work);
        if (asleepMs === 0 && (await pipeline.query('SELECT FROM rollup_ranges')).length > 0) {
          await insert();
          await finish();
          await deleteRows();
          asleepMs = 60_000;
        }
        return result;
      },
    };
    const { clickhouse, tokens } = recording();
    await pipeline.reading(0, async (reader) => {
      const consuming = consumeRollups(reader, stopping.signal, {
        postgres: drowsy,
        clickhouse,
        log,
        clock,
        logger,
        epoch: pipeline.epoch,
        alone: false,
        handoff: new Handoff(),
        onProgress: () => undefined,
      });
      await eventually('it finds out', () => Promise.resolve(pipeline.messages.some(({ msg }) => msg.includes('moved under us'))));
      stopping.abort();
      await consuming;
    });
    expect(tokens).toEqual([]);
    expect(await pipeline.usage()).toEqual([]);
  });
});

describe('tokens', () => {
  /** Empty parts are looked for every second instead of every 30 to 40; from when the table is attached on. */
  const HASTE = 'cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0';
  const columns = ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'];

  it('outlive the rows of their insert, although empty parts are normally removed and forgotten', async () => {
    const { clickhouse } = pipeline.platform;
    const send = (table: string) => clickhouse.insert({ table, columns, tsv: month.tsv, rows: month.rows, token: 'late' });
    const rows = async (table: string) =>
      (await clickhouse.query<{ rows: string }>({ name: 'test_rows', sql: `SELECT count() AS rows FROM ${table}` }))[0]?.rows;
    for (const table of ['tallyline.as_it_is', 'tallyline.by_default']) {
      await clickhouse.command(`CREATE TABLE ${table} AS tallyline.usage_events`);
      await clickhouse.command(`ALTER TABLE ${table} MODIFY SETTING ${HASTE}`);
    }
    await clickhouse.command('ALTER TABLE tallyline.by_default MODIFY SETTING remove_empty_parts = 1');
    for (const table of ['tallyline.as_it_is', 'tallyline.by_default']) {
      await clickhouse.command(`DETACH TABLE ${table}`);
      await clickhouse.command(`ATTACH TABLE ${table}`);
      await send(table);
      await clickhouse.command(`ALTER TABLE ${table} DELETE WHERE log_offset >= 0 SETTINGS mutations_sync = 2`);
    }
    // What this is about: there, the same insert comes back to life.
    await eventually('the token is forgotten by default', async () => {
      await send('tallyline.by_default');
      return (await rows('tallyline.by_default')) === '2';
    });
    await send('tallyline.as_it_is');
    expect(await rows('tallyline.as_it_is')).toBe('0');
    await clickhouse.command('DROP TABLE tallyline.as_it_is');
    await clickhouse.command('DROP TABLE tallyline.by_default');
  });
});
