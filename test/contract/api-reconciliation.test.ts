/** `/v1/reconciliation` on real stores: what the job has found, the state drawn from it, and the cells of a customer as they are. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '../../consumers/reconcile.ts';
import { resolveEpoch } from '../../consumers/steps/epochs.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import { openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let epoch: number;

const at = (hour: number, quantity: string, customer = 'acme') => ({
  customer,
  meter: 'calls',
  time: `2026-10-01T${String(hour).padStart(2, '0')}:30:00.000000Z`,
  quantity,
});

beforeAll(async () => {
  api = await openTestApi();
  const { postgres, log } = api.platform;
  epoch = await resolveEpoch(postgres, await log.incarnation());
  expect(epoch).toBe(1);
  await api.fill([at(1, '1.5'), at(2, '0.000000000000000001'), at(2, '2'), at(3, '4', 'globex')]);
  await postgres.query(`INSERT INTO consumer_offsets (consumer, epoch, partition, next_offset) VALUES ('rollups', $1, 0, 4)`, [epoch]);
});
afterAll(() => api?.close());
beforeEach(() =>
  api.platform.postgres.query('TRUNCATE reconciliation_cells, reconciliation_progress, reconciliation_runs, imports, import_partitions'),
);

const run = () => reconcile(api.platform, epoch, new AbortController().signal);
async function get(query = ''): Promise<Reconciliation> {
  const { status, body, text } = await api.get(`/v1/reconciliation?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as Reconciliation;
}
const store = (customer: string, hour: number, state: string) =>
  api.platform.postgres.query(
    `INSERT INTO reconciliation_cells (customer, meter, hour, state, postgres_quantity, postgres_events, clickhouse_quantity, clickhouse_events)
     VALUES ($1, 'calls', $2, $3, 12.50, 2, 0, 0)`,
    [customer, `2026-10-01T0${hour}:00:00Z`, state],
  );
const DAY = 'from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z';

describe('reconciliation', () => {
  it('is checking before the first run, green after it, and says how far it goes', async () => {
    expect(await get()).toMatchObject({ state: 'checking', checkedAt: null, upTo: null, cells: [], differing: 0 });
    await run();
    const { state, checkedAt, upTo } = await get();
    expect(state).toBe('green');
    expect(Date.parse(upTo ?? '')).toBeLessThanOrEqual(Date.parse(checkedAt ?? ''));
  });

  it('is red where an hour differs, checking where one is open, by customer, time and state', async () => {
    await run();
    await store('acme', 1, 'differs');
    await store('globex', 3, 'open');
    expect(await get()).toMatchObject({ state: 'red', differing: 1 });
    expect((await get()).cells).toEqual([
      {
        customer: 'acme',
        meter: 'calls',
        hour: '2026-10-01T01:00:00Z',
        state: 'differs',
        postgres: '12.5',
        clickhouse: '0',
        events: { postgres: 2, clickhouse: 0 },
      },
      expect.objectContaining({ customer: 'globex', state: 'open' }),
    ]);
    expect(await get('customer=globex')).toMatchObject({ state: 'checking', cells: [{ customer: 'globex' }] });
    expect(await get('customer=initech')).toMatchObject({ state: 'green', cells: [] });
    expect(await get('from=2026-10-01T01:59:59Z&to=2026-10-01T03:00:00Z')).toMatchObject({ state: 'red', cells: [{ customer: 'acme' }] });
    expect(await get('from=2026-10-01T02:00:00Z&to=2026-10-01T03:00:00Z')).toMatchObject({ state: 'green', cells: [] });
    expect((await get('state=open')).cells).toMatchObject([{ customer: 'globex' }]);
  });

  it('lists the hours of a customer that agree, each with both sums, and those on record as they are there', async () => {
    await run();
    await store('acme', 1, 'differs');
    await store('acme', 2, 'differs');
    // What is on record has healed meanwhile: both stores are read for this answer.
    expect((await get(`customer=acme&${DAY}`)).cells).toEqual([
      expect.objectContaining({ hour: '2026-10-01T01:00:00Z', state: 'agrees', postgres: '1.5', clickhouse: '1.5' }),
      expect.objectContaining({
        hour: '2026-10-01T02:00:00Z',
        postgres: '2.000000000000000001',
        clickhouse: '2.000000000000000001',
        events: { postgres: 2, clickhouse: 2 },
      }),
    ]);
    expect((await get(`customer=acme&${DAY}&state=differs`)).cells).toHaveLength(2);
    const tooLong = await api.get('/v1/reconciliation?customer=acme&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z');
    expect(tooLong).toMatchObject({ status: 422, body: { code: 'invalid_range' } });
  });

  it('is red when a complete import has a row or an event that is unaccounted for, and names it', async () => {
    const { postgres } = api.platform;
    await run();
    await postgres.query(
      `INSERT INTO imports (id, name, status, created_by, rows_read, rows_rejected, rows_new, rows_known, rows_conflict, events_published) VALUES
         (1, 'sound.csv', 'complete', 'test', 10, 1, 6, 2, 1, 18), (2, 'lost.csv', 'complete', 'test', 3, 0, 3, 0, 0, 3), (3, 'running.csv', 'settling', 'test', 9, 0, NULL, NULL, NULL, 9)`,
    );
    await postgres.query(
      `INSERT INTO import_partitions (import_id, partition, accepted, duplicate, conflict, dead) VALUES (1, 0, 10, 4, 2, 0), (1, 1, 2, 0, 0, 0), (2, 0, 2, 0, 0, 0)`,
    );
    expect(await get()).toMatchObject({
      state: 'red',
      rows: { read: 13, rejected: 1, published: 21, accepted: 14, duplicate: 4, conflict: 2, dead: 0 },
      imports: [{ id: '2', name: 'lost.csv', rows: { read: 3, accounted: 3 }, events: { published: 3, accounted: 2 } }],
    });
  });

  it('runs when asked; the same asked for twice is one run, which heals what agrees', async () => {
    await run();
    await store('acme', 1, 'differs');
    const first = await api.send('POST', `/v1/reconciliation/run?customer=acme&${DAY}`);
    expect(first).toMatchObject({ status: 202, body: { state: 'requested' } });
    expect((await api.send('POST', `/v1/reconciliation/run?customer=acme&${DAY}`)).body).toEqual(first.body);
    expect((await api.send('POST', '/v1/reconciliation/run')).body).not.toEqual(first.body);
    const { id } = first.body as { id: string };
    expect((await api.get(`/v1/reconciliation/run/${id}`)).body).toEqual(first.body);
    await run();
    expect(await get()).toMatchObject({ state: 'green', cells: [] });
    expect((await api.get(`/v1/reconciliation/run/${id}`)).body).toMatchObject({
      id,
      state: 'done',
      finishedAt: expect.stringMatching(/Z$/) as string,
    });
    expect((await api.get('/v1/reconciliation/run/999999')).status).toBe(404);
  });

  it.each(['from=yesterday', 'from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z', 'state=purple', 'custmer=acme'])(
    'refuses %s',
    async (query) => {
      expect((await api.get(`/v1/reconciliation?${query}`)).status).toBeGreaterThanOrEqual(400);
    },
  );
});
