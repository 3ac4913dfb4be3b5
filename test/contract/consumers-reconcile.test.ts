/** What reconciliation promises: a difference between the stores, put there by hand, is found, named exactly, and gone when it is mended. */
import { beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '../../consumers/reconcile.ts';
import { isHot } from '../../consumers/steps/reconcile-spans.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;
let extras = 0;

usePipeline({ partitions: 2 }, async (opened) => {
  pipeline = opened;
  // Reconciliation looks at all that ClickHouse holds, the rows of earlier tests included.
  await pipeline.platform.clickhouse.command('TRUNCATE TABLE tallyline.usage_events');
});

const run = (change: Partial<Platform> = {}) =>
  reconcile({ ...pipeline.platform, ...change }, pipeline.epoch, new AbortController().signal);
const request = (customer: string | null = null, from: string | null = null, to: string | null = null) =>
  pipeline.query('INSERT INTO reconciliation_runs (customer, from_time, to_time, requested_by) VALUES ($1, $2, $3, $4)', [
    customer,
    from,
    to,
    'test',
  ]);
const cells = () =>
  pipeline.query(
    `SELECT customer, meter, to_char(hour, 'YYYY-MM-DD HH24') AS hour, state, trim_scale(postgres_quantity)::text || ' of ' || postgres_events AS postgres,
            trim_scale(clickhouse_quantity)::text || ' of ' || clickhouse_events AS clickhouse FROM reconciliation_cells ORDER BY customer, hour, meter`,
  );
const deleteRows = (where: string) =>
  pipeline.platform.clickhouse.command(`ALTER TABLE tallyline.usage_events DELETE WHERE ${where} SETTINGS mutations_sync = 2`);

interface Extra {
  customer?: string;
  meter?: string;
  time?: string;
  quantity?: string;
  offset?: number;
}

/** A row that no event stands behind. */
async function addRow({
  customer = 'acme',
  meter = 'requests',
  time = '2026-10-01T05:10:00Z',
  quantity = '1',
  offset = 0,
}: Extra): Promise<void> {
  await pipeline.platform.clickhouse.insert({
    table: 'tallyline.usage_events',
    columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
    tsv: `${customer}\t${meter}\t${time}\t${quantity}\t${pipeline.epoch}\t${pipeline.platform.log.partitionFor(customer)}\t${offset}\t9\n`,
    rows: 1,
    token: `extra:${(extras += 1)}`,
  });
}

const EVENTS = [
  usageEvent({ id: '1', customer: 'acme', time: '2026-10-01T05:59:59.999999Z', quantity: '0.000000000000000001' }),
  usageEvent({ id: '2', customer: 'acme', time: '2026-10-01T05:00:00.000000Z', quantity: '99999999999999999999' }),
  usageEvent({ id: '3', customer: 'acme', time: '2026-10-01T06:00:00.000000Z', quantity: '-2.5' }),
  usageEvent({ id: '4', customer: '\u{1f600}', meter: 'a\tb', time: '1969-12-31T23:30:00.000000Z', quantity: '7' }),
  usageEvent({ id: '5', customer: '\uffee', time: '2026-11-30T23:59:59.000000Z', quantity: '3' }),
];

describe('stores that agree', () => {
  it('have no cells, after the first run, an incremental one and one that was asked for; the progress is where rollups is', async () => {
    await run();
    await pipeline.publish(EVENTS);
    await pipeline.drain();
    await run();
    expect(await cells()).toEqual([]);
    const ends = await pipeline.platform.log.endOffsets();
    const progress = await pipeline.query<{ checked_offset: string }>(
      'SELECT checked_offset FROM reconciliation_progress ORDER BY partition',
    );
    expect(progress.map((row) => Number(row.checked_offset))).toEqual(ends);
    await request();
    await run();
    expect(await cells()).toEqual([]);
    expect(await pipeline.query('SELECT state FROM reconciliation_runs')).toEqual([{ state: 'done' }]);
  });

  it('agree although records is ahead of rollups: events above the watermark are in neither sum', async () => {
    await pipeline.publish(EVENTS);
    await pipeline.drain();
    await pipeline.append([usageEvent({ id: 'later', customer: 'acme' })], pipeline.platform.log.partitionFor('acme'));
    await pipeline.commitAll(pipeline.platform.log.partitionFor('acme'));
    await addRow({ offset: 1_000_000 });
    await run();
    await request();
    await run();
    expect(await cells()).toEqual([]);
    const [progress] = await pipeline.query<{ waiting: boolean }>(
      'SELECT min(up_to) < min(checked_at) AS waiting FROM reconciliation_progress',
    );
    expect(progress).toEqual({ waiting: true });
  });
});

const ACME_5 = { customer: 'acme', meter: 'requests', hour: '2026-10-01 05', state: 'differs' };

describe.each(['the first run', 'an incremental run', 'a run that was asked for'])('%s', (kind) => {
  /** The difference is made between rollups and the run that has to find it. */
  async function findAfter(spoil: () => Promise<unknown>): Promise<void> {
    if (kind === 'an incremental run') await run();
    await pipeline.publish(EVENTS);
    await pipeline.drain();
    if (kind === 'a run that was asked for') {
      await run();
      await request();
    }
    await spoil();
    await run();
  }

  it('finds a row that is gone from ClickHouse, down to the last digit, and it heals when the row is back', async () => {
    await findAfter(() => deleteRows(`customer = 'acme' AND quantity = toDecimal128('0.000000000000000001', 18)`));
    expect(await cells()).toEqual([
      { ...ACME_5, postgres: '99999999999999999999.000000000000000001 of 2', clickhouse: '99999999999999999999 of 1' },
    ]);
    expect(pipeline.messages.map(({ msg }) => msg)).toContain('reconcile: Postgres and ClickHouse differ');
    await run();
    expect(await cells()).toHaveLength(1);
    await addRow({ quantity: '0.000000000000000001', time: '2026-10-01T05:59:59.999999Z' });
    await run();
    expect(await cells()).toEqual([]);
  });

  it('finds a row that ClickHouse has too many, and one whose place and sum are right but whose count is not', async () => {
    await findAfter(async () => {
      await addRow({ customer: '\uffee', time: '2026-11-30T23:00:00Z', quantity: '4' });
      await addRow({ quantity: '0', time: '2026-10-01T06:30:00Z' });
    });
    expect(await cells()).toEqual([
      { ...ACME_5, hour: '2026-10-01 06', postgres: '-2.5 of 1', clickhouse: '-2.5 of 2' },
      { ...ACME_5, customer: '\uffee', hour: '2026-11-30 23', postgres: '3 of 1', clickhouse: '7 of 2' },
    ]);
    await deleteRows('log_index = 9');
    await run();
    expect(await cells()).toEqual([]);
  });

  it('finds a customer that is gone from ClickHouse, hours before 1970 included, and one that Postgres does not know', async () => {
    const { log } = pipeline.platform;
    const names = Array.from({ length: 20 }, (_, n) => `nobody-${n}`);
    const nobody = names.find((name) => log.partitionFor(name) === log.partitionFor('acme')) ?? '';
    await findAfter(async () => {
      await deleteRows(`customer = '\u{1f600}'`);
      await addRow({ customer: nobody, time: '2026-10-02T00:00:00Z' });
    });
    expect(await cells()).toEqual([
      { customer: nobody, meter: 'requests', hour: '2026-10-02 00', state: 'differs', postgres: '0 of 0', clickhouse: '1 of 1' },
      { customer: '\u{1f600}', meter: 'a\tb', hour: '1969-12-31 23', state: 'differs', postgres: '7 of 1', clickhouse: '0 of 0' },
    ]);
  });
});

describe('a run', () => {
  beforeEach(async () => {
    await pipeline.publish(EVENTS);
    await pipeline.drain();
    await run();
    await deleteRows(`customer = 'acme'`);
  });

  it.each([
    ['of a customer', ['\uffee', null, null], []],
    ['of its customer', ['acme', null, null], ['2026-10-01 05', '2026-10-01 06']],
    ['of a time', [null, '2026-10-01T05:30:00Z', '2026-10-01T06:00:00Z'], ['2026-10-01 05']],
    ['of another time', [null, '2026-10-01T07:00:00Z', null], []],
  ] as const)('%s looks at nothing else', async (_, [customer, from, to], hours) => {
    await request(customer, from, to);
    await run();
    expect((await cells()).map(({ hour }) => hour)).toEqual(hours);
  });

  it('that was asked for while one is at work elsewhere is left to that one', async () => {
    await request();
    await pipeline.platform.postgres.transaction(async (transaction) => {
      await transaction.query('SELECT pg_advisory_xact_lock($1)', [0x5265636e]);
      expect(await run()).toBe(false);
    });
    expect(await cells()).toEqual([]);
  });

  it('that broke off is done again', async () => {
    await request();
    const real = pipeline.platform.clickhouse;
    const clickhouse: ClickHouse = {
      ...real,
      query: (query) => (query.name.startsWith('reconcile') ? Promise.reject(new Error('away')) : real.query(query)),
    };
    await expect(run({ clickhouse })).rejects.toThrow('away');
    expect(await pipeline.query('SELECT state FROM reconciliation_runs')).toEqual(
      [{ state: 'requested' }].map(() => ({ state: 'running' })),
    );
    await run();
    expect(await cells()).toHaveLength(2);
  });

  it('does not call a difference one while an undo is under way, and decides when it is over', async () => {
    await pipeline.query(`INSERT INTO imports (id, name, status, created_by) VALUES (1, 'usage.csv', 'undoing', 'test')`);
    await request();
    await run();
    expect((await cells()).map(({ state }) => state)).toEqual(['open', 'open']);
    await pipeline.query(`UPDATE imports SET status = 'undone'`);
    await run();
    expect((await cells()).map(({ state }) => state)).toEqual(['differs', 'differs']);
  });
});

it('many customers, hours and meters are compared in pages, and the one difference among them is found', async () => {
  const events = Array.from({ length: 30_000 }, (_, n) =>
    usageEvent({
      id: `${n}`,
      line: n + 2,
      customer: `customer-${n % 450}`,
      meter: `meter-${n % 7}`,
      time: `2026-0${1 + (n % 3)}-1${n % 9}T0${n % 8}:00:00.000000Z`,
    }),
  );
  await pipeline.publish(events, 3);
  await pipeline.drain();
  await run();
  expect(await cells()).toEqual([]);
  await deleteRows(
    `customer = 'customer-449' AND log_offset = (SELECT max(log_offset) FROM tallyline.usage_events WHERE customer = 'customer-449')`,
  );
  await request();
  await run();
  expect(await cells()).toMatchObject([{ customer: 'customer-449', state: 'differs' }]);
});

it('an import runs hot while the log holds more than a little that records has not had', async () => {
  const hot = () => isHot(pipeline.platform, pipeline.epoch, 2);
  expect(await hot()).toBe(false);
  await pipeline.publish(EVENTS);
  expect(await hot()).toBe(true);
  await pipeline.drain();
  expect(await hot()).toBe(false);
});

it('the running consumers reconcile by themselves when asked', async () => {
  await pipeline.publish(EVENTS);
  await pipeline.running(async () => {
    await pipeline.drained();
    await deleteRows(`customer = '\uffee'`);
    await request();
    await pipeline.query(`SELECT pg_notify('reconciliation', '')`);
    await eventually('the difference is found', async () => (await cells()).length === 1);
  });
});
