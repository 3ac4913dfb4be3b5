/** What the rollups consumer promises: every accepted event in ClickHouse exactly once, whatever breaks in between. */
import { beforeEach, describe, expect, it } from 'vitest';
import { RECORDS } from '../../consumers/steps/offsets.ts';
import { announceRange, finishRange, insertMonth, ROLLUPS } from '../../consumers/steps/rollup-ranges.ts';
import type { ClickHouse, ClickHouseInsert } from '../../platform/clickhouse/clickhouse.ts';
import type { PlannedRange, TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, (opened) => {
  pipeline = opened;
});

/** Three months, out of order, with a duplicate, a conflict and a dead letter among them. */
const threeMonths = [
  usageEvent({ id: '1', line: 2, time: '2026-10-31T23:59:59.999999Z' }),
  usageEvent({ id: '2', line: 3, time: '2026-11-01T00:00:00.000000Z' }),
  usageEvent({ id: '1', line: 4, time: '2026-10-31T23:59:59.999999Z' }),
  'no JSON',
  usageEvent({ id: '3', line: 5, time: '2026-09-30T12:00:00.000000Z', quantity: '-0.000000000000000001' }),
  usageEvent({ id: '2', line: 6, time: '2026-12-01T00:00:00.000000Z' }),
  usageEvent({ id: '4', line: 7, time: '2026-10-01T00:00:00.000000Z', quantity: '99999999999999999999.999999999999999999' }),
];
const ACCEPTED = ['0', '1', '4', '6'];
const ranges = () =>
  pipeline.query(
    'SELECT first_offset::int AS first, next_offset::int AS next, month, rows, attempt, state FROM rollup_ranges ORDER BY first_offset, month',
  );
const month = (month: number, rows: number, change = {}) => ({ first: 0, next: 7, month, rows, attempt: 0, state: 'DONE', ...change });
const DONE = [month(202609, 1), month(202610, 2), month(202611, 1)];

async function expectExactlyOnce(): Promise<void> {
  const usage = await pipeline.usage();
  expect(usage).toEqual(await pipeline.records());
  expect(usage.map(({ offset }) => offset)).toEqual(ACCEPTED);
}

/** The real engine, with something done around the n-th insert (from 0). */
function withInsert(around: (insert: ClickHouseInsert, run: () => Promise<void>, n: number) => Promise<void>): ClickHouse {
  const { clickhouse } = pipeline.platform;
  let inserts = 0;
  return { ...clickhouse, insert: (insert) => around(insert, () => clickhouse.insert(insert), inserts++) };
}

describe('accepted events', () => {
  it('are in ClickHouse once, with their position; a range over three months is three inserts, all DONE', async () => {
    const tokens: string[] = [];
    await pipeline.append(threeMonths);
    await pipeline.drain({
      clickhouse: withInsert(async (insert, run) => {
        tokens.push(insert.token);
        const pending = await pipeline.query(`SELECT FROM rollup_ranges WHERE state = 'PENDING'`);
        expect(pending).toHaveLength(3);
        await run();
      }),
    });
    await expectExactlyOnce();
    expect(await ranges()).toEqual(DONE);
    expect(tokens).toEqual([202609, 202610, 202611].map((month) => `${pipeline.epoch}:0:0-7:${month}`));
  });

  it('of a batch in which nothing was accepted move the offset and insert nothing', async () => {
    await pipeline.append(['no JSON', 'nor this']);
    await pipeline.drain({ clickhouse: withInsert(() => Promise.reject(new Error('nothing to insert'))) });
    expect(await ranges()).toEqual([]);
    expect(await pipeline.offsets(ROLLUPS)).toEqual([2]);
  });

  it('of the first and last moments that both stores hold are kept to the microsecond, and found again by their month', async () => {
    const times = [
      '1900-01-01T00:00:00.000000Z',
      '1969-12-31T23:59:59.999999Z',
      '2028-02-29T23:59:59.999999Z',
      '2299-12-31T23:59:59.999999Z',
    ];
    await pipeline.append(times.map((time, at) => usageEvent({ id: `${at}`, line: at + 2, time })));
    const { range, months } = await pipeline.commitAll();
    await announceRange(pipeline.platform.postgres, range, months);
    await pipeline.drain();
    const usage = await pipeline.usage();
    expect(usage).toEqual(await pipeline.records());
    expect(usage.map(({ time }) => `${time.replace(' ', 'T')}Z`)).toEqual(times);
    expect((await ranges()).map(({ month, attempt }) => [month, attempt])).toEqual(
      [190001, 196912, 202802, 229912].map((month) => [month, 0]),
    );
  });

  it('are trimmed from the log only when rollups has had them', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const start = async () =>
      Number((await pipeline.query<{ start_offset: string }>('SELECT start_offset FROM log_partitions'))[0]?.start_offset);
    await pipeline.append(threeMonths);
    await pipeline.running(
      async () => {
        await eventually('records is through', async () => (await pipeline.offsets(RECORDS))[0] === 8);
        expect(await start()).toBe(0);
        expect(await pipeline.query('SELECT FROM log_batches')).toHaveLength(2);
        open(undefined);
        await pipeline.drained();
        await eventually('the log is trimmed', async () => (await start()) === 8);
        expect(await pipeline.query('SELECT FROM log_batches')).toHaveLength(0);
      },
      {
        // While the first range is on its way, records is one event further: a trim to where records is would be watched.
        clickhouse: withInsert(async (_, run, n) => {
          if (n === 0) await pipeline.append([usageEvent({ id: 'later', line: 8 })]);
          await gate;
          await run();
        }),
      },
    );
  });
});

describe('after a crash', () => {
  let plan: PlannedRange;
  beforeEach(async () => {
    await pipeline.append(threeMonths);
    plan = await pipeline.commitAll();
  });
  const announce = async () => expect(await announceRange(pipeline.platform.postgres, plan.range, plan.months)).toBe(true);
  const insert = async (months: number) => {
    for (const rows of plan.months.slice(0, months)) await insertMonth(pipeline.platform.clickhouse, plan.range, rows);
  };
  const deleteRows = (where: string) =>
    pipeline.platform.clickhouse.command(
      `ALTER TABLE tallyline.usage_events DELETE WHERE epoch = ${pipeline.epoch} AND ${where} SETTINGS mutations_sync = 2`,
    );

  it('before anything was announced, the rows come from the log, without the marked ones', async () => {
    await pipeline.drain();
    await expectExactlyOnce();
    expect(await ranges()).toEqual(DONE);
  });

  it.each([0, 1, 2, 3])(
    'with the range announced and %i of its 3 months inserted, the rest follows and nothing is doubled',
    async (months) => {
      await announce();
      await insert(months);
      await pipeline.drain();
      await expectExactlyOnce();
      expect(await ranges()).toEqual(DONE);
      expect(pipeline.messages.map(({ msg }) => msg)).toContain('rollups: finished an interrupted range');
    },
  );

  it('with the range DONE, nothing is inserted again', async () => {
    await announce();
    await insert(3);
    expect(await finishRange(pipeline.platform.postgres, plan.range, 4)).toBe(true);
    await pipeline.drain({ clickhouse: withInsert(() => Promise.reject(new Error('nothing to insert'))) });
    await expectExactlyOnce();
  });

  it('when new events have come meanwhile, the announced range is finished as it was', async () => {
    await announce();
    await pipeline.append([usageEvent({ id: 'later', line: 8 })]);
    await pipeline.drain();
    expect(await pipeline.usage()).toEqual(await pipeline.records());
    expect(await ranges()).toEqual([...DONE, { ...month(202610, 1), first: 7, next: 8 }]);
  });

  it('with rows gone although their token is remembered, they go again under a new one', async () => {
    await announce();
    await insert(3);
    await deleteRows('log_offset IN (0, 6)');
    await pipeline.drain();
    await expectExactlyOnce();
    expect(await ranges()).toEqual([month(202609, 1), month(202610, 2, { attempt: 1 }), month(202611, 1)]);
  });

  it('with all rows there although their token is forgotten, they are not sent again', async () => {
    await announce();
    for (const rows of plan.months) await insertMonth(pipeline.platform.clickhouse, plan.range, rows, 9);
    await pipeline.drain();
    await expectExactlyOnce();
    expect(await ranges()).toEqual(DONE);
  });

  it('with the new attempt announced but not made, that attempt is made', async () => {
    await announce();
    await pipeline.query('UPDATE rollup_ranges SET attempt = 2 WHERE month = 202610');
    await pipeline.drain();
    await expectExactlyOnce();
    expect(await ranges()).toEqual([month(202609, 1), month(202610, 2, { attempt: 2 }), month(202611, 1)]);
  });

  const stopped = () =>
    eventually('rollups stops loudly', () =>
      Promise.resolve(pipeline.messages.some(({ level, err }) => level === 60 && err?.type === 'RollupDisagreement')),
    );

  it.each([
    ['remembered', 0],
    ['forgotten', 9],
  ])('with a half-written range and its token %s, rollups stops and inserts nothing, while records goes on', async (_, attempt) => {
    await announce();
    for (const rows of plan.months) await insertMonth(pipeline.platform.clickhouse, plan.range, rows, attempt);
    await deleteRows('log_offset = 6');
    const before = await pipeline.usage();
    for (let start = 0; start < 2; start += 1) {
      await pipeline.append([usageEvent({ id: `later ${start}`, line: 8 })]);
      await pipeline.running(async () => {
        await stopped();
        await eventually('records goes on', async () => (await pipeline.offsets(RECORDS))[0] === 8 + start);
      });
    }
    expect(await pipeline.usage()).toEqual(before);
    expect(await pipeline.offsets(ROLLUPS)).toEqual([0]);
    expect((await ranges()).map(({ state }) => state)).toEqual(['PENDING', 'PENDING', 'PENDING']);
    expect(await pipeline.query('SELECT start_offset FROM log_partitions')).toEqual([{ start_offset: '0' }]);
  });

  it.each([
    ['more rows than the log gives', 'UPDATE rollup_ranges SET rows = 3 WHERE month = 202610'],
    ['a month that the log does not give', `UPDATE rollup_ranges SET month = 202608 WHERE month = 202609`],
    [
      'a month too many',
      `INSERT INTO rollup_ranges (epoch, partition, first_offset, next_offset, month, rows) SELECT epoch, partition, first_offset, next_offset, 202608, 1 FROM rollup_ranges LIMIT 1`,
    ],
  ])('with %s announced, rollups stops', async (_, change) => {
    await announce();
    await pipeline.query(change);
    await pipeline.running(stopped);
    expect(await pipeline.usage()).toEqual([]);
    expect(await pipeline.offsets(ROLLUPS)).toEqual([0]);
  });

  it('an announcement is refused while a range is pending, or from an owner that has been overtaken', async () => {
    const { postgres } = pipeline.platform;
    await announce();
    expect(await announceRange(postgres, plan.range, plan.months)).toBe(false);
    expect(await finishRange(postgres, plan.range, 4)).toBe(true);
    expect(await announceRange(postgres, plan.range, plan.months)).toBe(false);
    expect(await finishRange(postgres, plan.range, 4)).toBe(false);
  });
});

describe('an insert that fails', () => {
  it.each<[string, number, (run: () => Promise<void>) => Promise<void>]>([
    ['after the rows went through', 0, (run) => run()],
    ['after the rows of the second month went through', 1, (run) => run()],
    ['before the rows went through', 0, () => Promise.resolve()],
    ['before the rows of the last month went through', 2, () => Promise.resolve()],
  ])('%s is made good exactly once', async (_, failing, before) => {
    await pipeline.append(threeMonths);
    await pipeline.drain({
      clickhouse: withInsert(async (_insert, run, n) => {
        if (n !== failing) return run();
        await before(run);
        throw new Error('the connection is gone');
      }),
    });
    expect(pipeline.messages.filter(({ msg }) => msg === 'rollups: insert in doubt')).toHaveLength(1);
    await expectExactlyOnce();
    expect(await ranges()).toEqual(DONE);
  });

  it('again and again is tried until it goes through', async () => {
    await pipeline.append(threeMonths);
    await pipeline.drain({ clickhouse: withInsert((_, run, n) => (n < 4 ? Promise.reject(new Error('away')) : run())) });
    await expectExactlyOnce();
  });
});
