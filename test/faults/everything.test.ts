/** SIGKILL for everything at once (all Tallyline processes, Kafka, Postgres, ClickHouse), twice in the middle of a large import: as when the machine goes down. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import { brokerIsOurs, startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importPath } from '../support/imports.ts';
import { expectStoresHold } from '../support/stores.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { fileOf, MAPPING, usageOf } from '../support/usage-file.ts';

const ROWS = 1_000_000;
/** Events accepted when everything is killed. */
const KILLED_AT = [100_000, 600_000];
/** Two cores, shared with a broker and two stores, do 20,000 to 40,000 rows a second; a tenth of that is a machine that is busy with others. */
const PROGRESS_MS_MAX = 500_000;
const ROLES = ['ingest', 'api', 'consumers', 'consumers'];

describe.skipIf(!brokerIsOurs)('everything at once', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    // What the dead publisher had in hand waits until its lease has run out.
    cluster = await startCluster({ environment: { TALLYLINE_LEASE_SECONDS: '10' } });
  });
  afterAll(() => cluster?.close());

  /** One after the other the first time: the first one migrates. Answers the process that takes files. */
  async function startAll(): Promise<Tallyline> {
    const [ingest] = [await cluster.start('ingest'), ...(await Promise.all(ROLES.slice(1).map((roles) => cluster.start(roles))))];
    return ingest;
  }

  async function killEverything(): Promise<void> {
    await Promise.all([cluster.killAll(), cluster.kafka.kill(), cluster.postgres.kill(), cluster.clickhouse.kill()]);
  }

  async function restartEverything(): Promise<Tallyline> {
    await Promise.all([cluster.kafka.restart(), cluster.postgres.restart(), cluster.clickhouse.start()]);
    return startAll();
  }

  test(`killed at ${KILLED_AT.join(' and ')} of ${ROWS} rows, every row is in both stores once`, async () => {
    let ingest = await startAll();
    const begunAt = performance.now();
    const { id } = await ingest.json<Import>(importPath({ mapping: MAPPING, wait: false }), {
      method: 'POST',
      body: ReadableStream.from(encoded(fileOf(0, ROWS))),
      duplex: 'half',
      headers: { 'content-type': 'text/csv' },
    });
    const view = () => ingest.json<Import>(`/v1/imports/${id}`);
    for (const accepted of KILLED_AT) {
      await eventually(`${accepted} are accepted`, async () => (await view()).events.accepted >= accepted, PROGRESS_MS_MAX);
      expect(['publishing', 'settling']).toContain((await view()).status);
      await killEverything();
      ingest = await restartEverything();
    }
    const ended = async () => {
      const found = await view();
      return (found.status === 'complete' || found.status === 'failed') && found;
    };
    expect(await eventually('the import completes', ended, PROGRESS_MS_MAX)).toMatchObject({
      status: 'complete',
      rows: { read: ROWS, new: ROWS, known: 0, conflict: 0, rejected: 0 },
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    });
    const seconds = (performance.now() - begunAt) / 1000;
    process.stdout.write(
      `everything: ${Math.round(ROWS / seconds)} rows/s with two restarts of everything in it (${Math.round(seconds)} s)\n`,
    );
    await expectStoresHold(cluster, usageOf([0, ROWS]));
  });
});

function* encoded(texts: Iterable<string>): Generator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
