/** A consumer that is stopped for longer than its session, at the worst moments, and goes on: it neither commits nor inserts anything twice. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Moment } from '../../platform/moments.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { untilShared } from '../support/kafka-group.ts';
import { expectStoresHold } from '../support/stores.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { MAPPING, textOf, usageOf } from '../support/usage-file.ts';

const ROWS = 20_000;
const MOMENTS: readonly Moment[] = ['staged', 'recorded', 'announced', 'inserted'];
const HOOK = fileURLToPath(new URL('../support/stop-at-moment.ts', import.meta.url));

/** As Linux tells it. */
const isStopped = ({ pid }: Tallyline) => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe.skipIf(!kafkaAvailable || process.platform !== 'linux')('a consumer process that is stopped', () => {
  let cluster: Cluster;
  let ingest: Tallyline;
  let survivor: Tallyline;
  let rows = 0;
  beforeAll(async () => {
    cluster = await startCluster({ environment: { TALLYLINE_KAFKA_SESSION_TIMEOUT_MS: '6000' } });
    ingest = await cluster.start('ingest');
    survivor = await cluster.start('consumers');
  });
  afterAll(() => cluster?.close());

  test.each(MOMENTS)('at "%s" for longer than its session does nothing twice when it goes on', async (moment) => {
    const zombie = await cluster.start('consumers', { NODE_OPTIONS: `--import=${HOOK}`, TALLYLINE_STOP_AT: moment });
    await untilShared(cluster, 2);
    const { id } = await importFile(ingest, textOf(rows, rows + ROWS), { mapping: MAPPING, wait: false });
    await eventually('it is stopped', () => Promise.resolve(isStopped(zombie)));
    const done = await eventually('the import completes without it', async () => {
      const view = await ingest.json<Import>(`/v1/imports/${id}`);
      return (view.status === 'complete' || view.status === 'failed') && view;
    });
    expect(isStopped(zombie)).toBe(true);
    rows += ROWS;
    const expected = {
      status: 'complete',
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    };
    expect(done).toMatchObject(expected);
    await expectStoresHold(cluster, usageOf([0, rows]));

    process.kill(zombie.pid, 'SIGCONT');
    await eventually('it is in the group again', async () => (await untilShared(cluster, 2)).length === 2);
    // With everything that it still had at hand done or given up.
    await zombie.stop();
    expect(await ingest.json<Import>(`/v1/imports/${id}`)).toMatchObject(expected);
    await expectStoresHold(cluster, usageOf([0, rows]));
    for (const { output } of [zombie, survivor]) expect(output()).not.toContain('"level":60');
  });
});
