/** Are both stores the same, and the way back when they are not: on Kafka, with two consumer processes of which either may do it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import type { Pipeline, Rebuild } from '../../schemas/http/operations.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { untilShared } from '../support/kafka-group.ts';
import { commandClickHouse, expectStoresHold } from '../support/stores.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { customerOf, decimalOf, MAPPING, METER, milliOf, textOf, timeOf, usageOf } from '../support/usage-file.ts';

/** So many that no row shares customer, hour and minute with another. */
const FIRST_ROWS = 20_000;
/** Enough for a rebuild to meet them on their way, and to be met itself in its middle. */
const ROWS = 200_000;
/** On a machine that is busy with others. */
const IMPORT_MS_MAX = 120_000;
/** All rows so far, and from the beginning where its process was killed. */
const REBUILD_MS_MAX = 150_000;
/** A run that was asked for waits for the one at work, which gives way to imports for up to a minute. */
const RUN_MS_MAX = 150_000;

describe.skipIf(!kafkaAvailable)('with two consumer processes', () => {
  let cluster: Cluster;
  let ingest: Tallyline;
  let api: Tallyline;
  let consumers: Tallyline[];
  beforeAll(async () => {
    cluster = await startCluster();
    ingest = await cluster.start('ingest');
    api = await cluster.start('api');
    consumers = [await cluster.start('consumers'), await cluster.start('consumers')];
    await untilShared(cluster, 2);
    await importFile(ingest, textOf(0, FIRST_ROWS), { mapping: MAPPING });
  });
  afterAll(() => cluster?.close());

  /** Everything compared anew: it ends in this state. A difference stays on record until both stores agree again. */
  async function reconciled(state: 'green' | 'red'): Promise<Reconciliation> {
    await api.json('/v1/reconciliation/run', { method: 'POST' });
    const decided = async () => {
      const view = await api.json<Reconciliation>('/v1/reconciliation');
      return view.state === state && view;
    };
    return eventually(`the run is through and ${state}`, decided, RUN_MS_MAX);
  }
  const requestRebuild = () => api.json<Rebuild>('/v1/clickhouse/rebuild', { method: 'POST' });
  const latestRebuild = async () => (await api.json<Pipeline>('/v1/pipeline')).rebuild;
  const rebuilt = (id: string) =>
    eventually(
      `rebuild ${id} is through`,
      async () => {
        const view = await latestRebuild();
        return view?.id === id && (view.state === 'done' || view.state === 'failed') && view;
      },
      REBUILD_MS_MAX,
    );
  const completed = (id: string) =>
    eventually('the import completes', async () => (await ingest.json<Import>(`/v1/imports/${id}`)).status === 'complete', IMPORT_MS_MAX);

  test('imports leave both stores equal', async () => {
    expect(await reconciled('green')).toMatchObject({ cells: [], imports: [], rows: { read: FIRST_ROWS, accepted: FIRST_ROWS } });
    await expectStoresHold(cluster, usageOf([0, FIRST_ROWS]));
  });

  test('a row that is missing in ClickHouse is found and named, and a rebuild brings it back', async () => {
    const n = 12_345;
    await commandClickHouse(
      cluster,
      `ALTER TABLE tallyline.usage_events DELETE WHERE customer = '${customerOf(n)}' AND time = toDateTime64('${timeOf(n).slice(0, 19)}', 6, 'UTC') SETTINGS mutations_sync = 2`,
    );
    const red = await reconciled('red');
    expect(red.cells).toMatchObject([
      {
        customer: customerOf(n),
        meter: METER,
        hour: `${timeOf(n).slice(0, 13)}:00:00Z`,
        state: 'differs',
        postgres: decimalOf(milliOf(n)),
        clickhouse: '0',
        events: { postgres: 1, clickhouse: 0 },
      },
    ]);
    expect(red.differing).toBe(1);

    const { id } = await requestRebuild();
    expect(await rebuilt(id)).toMatchObject({ state: 'done', rowsCopied: FIRST_ROWS, failure: null });
    expect(await reconciled('green')).toMatchObject({ cells: [] });
    await expectStoresHold(cluster, usageOf([0, FIRST_ROWS]));
  });

  test('a rebuild while a file is imported misses no row', async () => {
    const { id } = await importFile(ingest, textOf(FIRST_ROWS, ROWS), { mapping: MAPPING, wait: false });
    await eventually('rows arrive', async () => (await ingest.json<Import>(`/v1/imports/${id}`)).events.accepted > 0);
    const rebuild = await requestRebuild();
    expect(await rebuilt(rebuild.id)).toMatchObject({ state: 'done' });
    await completed(id);
    expect(await reconciled('green')).toMatchObject({ cells: [], imports: [] });
    await expectStoresHold(cluster, usageOf([0, ROWS]));
  });

  test('a rebuild whose process is killed in its middle is done by the other one', async () => {
    const { id } = await importFile(ingest, textOf(ROWS, 2 * ROWS), { mapping: MAPPING, wait: false });
    const rebuild = await requestRebuild();
    await eventually('rows are copied', async () => ((await latestRebuild())?.rowsCopied ?? 0) > 0);
    const [victim, survivor] = consumers.toSorted((a, b) => Number(isAt(b, rebuild.id)) - Number(isAt(a, rebuild.id)));
    await victim?.kill();
    expect(await latestRebuild()).toMatchObject({ id: rebuild.id, state: 'copying' });

    expect(await rebuilt(rebuild.id)).toMatchObject({ state: 'done', failure: null });
    // Postgres knows it first: what is left to do is to drop the old table.
    await eventually('the other process says so', () => Promise.resolve(survivor?.output().includes('"ClickHouse is rebuilt"')));
    await completed(id);
    expect(await reconciled('green')).toMatchObject({ cells: [], imports: [] });
    await expectStoresHold(cluster, usageOf([0, 2 * ROWS]));
  });
});

/** Whether the process says that it does this rebuild. */
function isAt(consumer: Tallyline, rebuild: string): boolean {
  return consumer
    .output()
    .split('\n')
    .some((line) => line.includes('"rebuilding ClickHouse from Postgres"') && line.includes(`"rebuild":"${rebuild}"`));
}
