/** `/v1/reconciliation/grid` and what `/v1/pipeline` says of the stores, on real stores. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '../../consumers/reconcile.ts';
import { resolveEpoch } from '../../consumers/steps/epochs.ts';
import type { Pipeline, PipelineStores } from '../../schemas/http/operations.ts';
import type { ReconciliationGrid, ReconciliationMissing } from '../../schemas/http/reconciliation.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let epoch: number;

const at = (hour: number, customer = 'acme', minute = 30) => ({
  customer,
  meter: 'calls',
  time: `2026-10-01T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00.000000Z`,
  quantity: '1.5',
});

beforeAll(async () => {
  api = await openTestApi();
  const { postgres, log } = api.platform;
  epoch = await resolveEpoch(postgres, await log.incarnation());
  await api.fill([at(0), at(1), at(1, 'acme', 59), at(3), at(1, 'globex'), at(1, 'globex'), at(2, 'initech'), at(5, 'umbrella')]);
  await postgres.query(`INSERT INTO consumer_offsets (consumer, epoch, partition, next_offset) VALUES ('rollups', $1, 0, 8)`, [epoch]);
});
afterAll(() => api?.close());
beforeEach(() => api.platform.postgres.query('TRUNCATE reconciliation_cells, reconciliation_progress, reconciliation_runs'));

const run = () => reconcile(api.platform, epoch, new AbortController().signal);
const query = (rest = '') => `/v1/reconciliation/grid?from=2026-10-01T00:00:00Z&to=2026-10-01T04:00:00Z${rest}`;
async function grid(rest = ''): Promise<ReconciliationGrid> {
  const { status, body, text } = await api.get(query(rest));
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as ReconciliationGrid;
}
const rowsOf = ({ rows }: ReconciliationGrid) => Object.fromEntries(rows.map(({ customer, cells }) => [customer, cells.join(' ')]));

describe('the grid', () => {
  it('has an hour open while nothing was compared, and agreeing afterwards', async () => {
    expect(await grid()).toMatchObject({ checkedAt: null, rows: [{ cells: ['open', 'open', 'none', 'open'] }, {}, {}] });
    await run();
    const found = await grid();
    expect(found).toMatchObject({
      cells: ['2026-10-01T00:00:00Z', '2026-10-01T01:00:00Z', '2026-10-01T02:00:00Z', '2026-10-01T03:00:00Z'],
      to: '2026-10-01T04:00:00Z',
      step: 1,
      others: null,
      events: { postgres: 7, clickhouse: 7 },
      checkedAt: expect.any(String) as string,
    });
    expect(rowsOf(found)).toEqual({
      acme: 'agrees agrees none agrees',
      globex: 'none agrees none none',
      initech: 'none none agrees none',
    });
  });

  it('shows the hour that differs, at the customer it is of, until it agrees again', async () => {
    const { postgres } = api.platform;
    await postgres.query(`DELETE FROM usage_records WHERE customer = 'initech'`);
    await run();
    const found = await grid();
    expect(rowsOf(found)).toMatchObject({ acme: 'agrees agrees none agrees', initech: 'none none differs none' });
    expect(found.events).toEqual({ postgres: 6, clickhouse: 7 });
    await postgres.query(
      `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       VALUES ('initech', 'e6', 'calls', '2026-10-01T02:30:00Z', 1.5, '{}', 1, 8, 1, 0, 6, 0)`,
    );
    await run();
    expect(rowsOf(await grid())).toMatchObject({ initech: 'none none agrees none' });
  });

  it('puts those without a row of their own together, whoever differs never among them before others', async () => {
    await run();
    expect(await grid('&customers=1')).toMatchObject({
      rows: [{ customer: 'acme' }],
      others: { customers: 2, cells: ['none', 'agrees', 'agrees', 'none'] },
    });
    const store = (customer: string, state: string) =>
      api.platform.postgres.query(
        `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
         VALUES ($1, 'calls', '2026-10-01T02:00:00Z', $2, 1, 1, 0, 0)`,
        [customer, state],
      );
    await store('initech', 'differs');
    await store('only-in-postgres', 'open');
    expect(await grid('&customers=1')).toMatchObject({
      rows: [{ customer: 'initech', cells: ['none', 'none', 'differs', 'none'] }],
      others: { customers: 3, cells: ['agrees', 'agrees', 'open', 'agrees'] },
    });
  });

  it('has cells of several hours, each as its gravest hour', async () => {
    await run();
    await api.platform.postgres.query(
      `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
       VALUES ('acme', 'calls', '2026-10-01T03:00:00Z', 'differs', 1, 1, 0, 0)`,
    );
    const found = await grid('&step=3');
    expect(found.cells).toEqual(['2026-10-01T00:00:00Z', '2026-10-01T03:00:00Z']);
    expect(rowsOf(found)).toMatchObject({ acme: 'agrees differs', initech: 'agrees none' });
  });

  it.each([
    ['an empty time', '/v1/reconciliation/grid?from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z', 'invalid_range'],
    ['more cells than fit', '/v1/reconciliation/grid?from=2026-10-01T00:00:00Z&to=2026-10-04T00:00:00Z', 'invalid_range'],
    ['more than 32 days', '/v1/reconciliation/grid?from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z&step=24', 'invalid_range'],
    ['no time', '/v1/reconciliation/grid', 'invalid_request'],
    ['a step of no hours', query('&step=0'), 'invalid_request'],
    ['too many rows', query('&customers=101'), 'invalid_request'],
  ])('refuses %s', async (_, url, code) => {
    expect((await api.get(url)).body).toMatchObject({ code });
  });
});

describe('the events that one store lacks', () => {
  const missing = async (customer: string, hour = '2026-10-01T01:00:00Z') =>
    (await api.get(`/v1/reconciliation/missing?customer=${customer}&meter=calls&hour=${hour}`)).body;
  const keep = (idx: number, offset: number) =>
    api.platform.postgres.query(
      `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       VALUES ('acme', $1, 'calls', '2026-10-01T01:20:00Z', 1, '{}', 1, 2, 1, 0, $2, $3)`,
      [`extra${offset}.${idx}`, offset, idx],
    );

  it('are none where both have the same', async () => {
    expect(await missing('acme')).toEqual({ ranges: [], isWhole: true });
    expect(await missing('nobody')).toEqual({ ranges: [], isWhole: true });
  });

  it('are named by their place in the log, those next to each other as one range', async () => {
    // acme has offsets 1 and 2 in this hour, in both stores.
    await keep(0, 0);
    await keep(1, 0);
    await keep(1, 1);
    await keep(0, 4);
    await keep(0, 7);
    // Above the watermark: it may not be there yet.
    await keep(0, 8);
    await api.platform.postgres.query(`DELETE FROM usage_records WHERE customer = 'acme' AND id = 'e2'`);
    const of = (store: string, firstOffset: number, lastOffset: number, events: number) => ({
      store,
      epoch: 1,
      partition: 0,
      firstOffset,
      lastOffset,
      events,
    });
    expect(await missing('acme')).toEqual({
      ranges: [of('clickhouse', 0, 0, 2), of('clickhouse', 1, 1, 1), of('postgres', 2, 2, 1), of('clickhouse', 4, 7, 2)],
      isWhole: true,
    });
    expect(await missing('acme', '2026-10-01T00:10:00Z')).toEqual({ ranges: [], isWhole: true });
  });

  it('are listed up to a hundred ranges', async () => {
    const { clickhouse } = api.platform;
    const tsv = Array.from({ length: 101 }, (_, n) => `many\tcalls\t2026-10-01T01:20:00.000000Z\t1\t1\t1\t${n * 2}\t0\n`).join('');
    await clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv,
      rows: 101,
      token: 'test:many',
    });
    await api.platform.postgres.query(
      `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       SELECT 'many', n::text, 'calls', '2026-10-01T01:20:00Z', 1, '{}', 1, 2, 1, 1, n * 2 + 1, 0 FROM generate_series(0, 100) AS n`,
    );
    await api.platform.postgres.query(
      `INSERT INTO consumer_offsets (consumer, epoch, partition, next_offset) VALUES ('rollups', $1, 1, 1000)`,
      [epoch],
    );
    const found = (await missing('many')) as ReconciliationMissing;
    expect([found.ranges.length, found.isWhole]).toEqual([100, false]);
    expect(found.ranges.slice(0, 2).map(({ store, firstOffset }) => [store, firstOffset])).toEqual([
      ['postgres', 0],
      ['clickhouse', 1],
    ]);
  });
});

describe('the pipeline', () => {
  it('has a watermark per partition, and the rates of the time since the start', async () => {
    const { partitions, rates, movedAt, imports, asOf } = (await api.get('/v1/pipeline')).body as Pipeline;
    expect(partitions.map(({ watermark }) => watermark)).toEqual([asOf, asOf]);
    expect(rates).toMatchObject({ everySeconds: 10 });
    expect(rates.published.length).toBe(rates.rollups.length);
    expect(movedAt).toEqual({ records: null, rollups: expect.stringMatching(/Z$/) as string });
    expect(imports).toBe(0);
  });

  it('names every store, since when it answers, and the room its disk has left', async () => {
    const first = (await api.get('/v1/pipeline/stores')).body as PipelineStores;
    expect(first.stores.map(({ name, ok, message }) => [name, ok, message])).toEqual([
      ['postgres', true, null],
      ['clickhouse', true, null],
      ['event log', true, null],
      ['file store', true, null],
    ]);
    const room = Object.fromEntries(first.stores.map(({ name, freeBytes }) => [name, freeBytes]));
    expect(room).toMatchObject({ postgres: null, 'event log': null });
    expect(room['clickhouse']).toBeGreaterThan(0);
    expect(room['file store']).toBeGreaterThan(0);
    const second = (await api.get('/v1/pipeline/stores')).body as PipelineStores;
    expect(second.stores.map(({ since }) => since)).toEqual(first.stores.map(({ since }) => since));
  });
});
