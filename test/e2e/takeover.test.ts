/** Two consumer processes share six partitions; one is killed in the middle of an import, and the other has all six. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../config.ts';
import { HEARTBEATS_PER_SESSION } from '../../platform/event-log/kafka-membership.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type { Pipeline } from '../../schemas/http/operations.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { untilShared } from '../support/kafka-group.ts';
import { expectStoresHold } from '../support/stores.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { MAPPING, textOf, usageOf } from '../support/usage-file.ts';

const ROWS = 180_000;
/** On a machine that is busy with others. */
const IMPORT_MS_MAX = 120_000;
const ALL = [0, 1, 2, 3, 4, 5];
/** Promised: a process that is gone is replaced within this. */
const TAKEOVER_MS_MAX = 15_000;

/** For the successor to end the batch and the insert at hand, to join the group, and to commit the first batch of its new partitions. */
const WORK_AT_HAND_MS = 5_000;

test('what bounds a takeover leaves room for what the successor has at hand', () => {
  const outcome = readConfig([], {
    TALLYLINE_MODE: 'distributed',
    TALLYLINE_ADMIN_KEY: 'one-key-for-all-processes',
    TALLYLINE_KAFKA_BROKERS: 'kafka:9092',
    TALLYLINE_POSTGRES_URL: 'postgres://postgres',
    TALLYLINE_CLICKHOUSE_URL: 'http://clickhouse',
  });
  const sessionMs = (outcome.ok && outcome.config.servers?.kafka.sessionTimeoutMs) || Infinity;
  // The dead member's last heartbeat is at most a session old when the group gives it up; the successor hears of it at its own next one.
  expect(sessionMs + sessionMs / HEARTBEATS_PER_SESSION + WORK_AT_HAND_MS).toBeLessThanOrEqual(TAKEOVER_MS_MAX);
});

describe.skipIf(!kafkaAvailable)('of two consumer processes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.close());

  test('one is killed: the other takes over its partitions, and nothing is lost or doubled', async () => {
    const [ingest, api] = [await cluster.start('ingest'), await cluster.start('api')];
    const [victim, survivor] = [await cluster.start('consumers'), await cluster.start('consumers')];
    const split = await untilShared(cluster, 2);
    expect(split.map(({ length }) => length)).toEqual([3, 3]);
    expect(split.flat().toSorted()).toEqual(ALL);

    const { id } = await importFile(ingest, textOf(0, ROWS), { mapping: MAPPING, wait: false });
    const view = () => ingest.json<Import>(`/v1/imports/${id}`);
    await eventually('events are accepted', async () => (await view()).events.accepted > 0);
    const orphaned = lastAssigned(victim);
    expect(split).toContainEqual(orphaned);
    await victim.kill();
    const killedAt = performance.now();
    expect((await view()).status).not.toBe('complete');

    const offsets = () => offsetsOf(api, orphaned);
    const left = await offsets();
    expect(await untilShared(cluster, 1)).toEqual([ALL]);
    const ownedMs = Math.round(performance.now() - killedAt);
    await eventually('the orphaned ones go on', async () => (await offsets()).every((offset, k) => offset > (left[k] as number)));
    const movedMs = Math.round(performance.now() - killedAt);
    process.stdout.write(
      `takeover: all partitions ${ownedMs} ms after SIGKILL, events of each orphaned one committed after ${movedMs} ms\n`,
    );
    expect(lastAssigned(survivor)).toEqual(ALL);

    const done = await eventually(
      'the import completes',
      async () => {
        const found = await view();
        return (found.status === 'complete' || found.status === 'failed') && found;
      },
      IMPORT_MS_MAX,
    );
    expect(done).toMatchObject({
      status: 'complete',
      rows: { read: ROWS, new: ROWS, known: 0, conflict: 0, rejected: 0 },
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    });
    await expectStoresHold(cluster, usageOf([0, ROWS]));
  });
});

/** What the process was assigned last, by its own word. */
function lastAssigned(consumers: Tallyline): number[] | undefined {
  const line = consumers
    .output()
    .split('\n')
    .findLast((entry) => entry.includes('"partitions assigned"'));
  return line === undefined ? undefined : (JSON.parse(line) as { partitions: number[] }).partitions;
}

/** Where records is in these partitions. */
async function offsetsOf(api: Tallyline, partitions: readonly number[] = []): Promise<number[]> {
  const pipeline = await api.json<Pipeline>('/v1/pipeline');
  return pipeline.partitions.filter(({ partition }) => partitions.includes(partition)).map(({ records }) => records);
}
