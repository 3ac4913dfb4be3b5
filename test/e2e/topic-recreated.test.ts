/** The topic is deleted and made anew while an import is published and consumed: everybody stops and says why; with another topic it is made good. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import type { Import } from '../../schemas/http/imports.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { queryDatabase } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { openTestKafkaLog, recreateTopic } from '../support/kafka-log.ts';
import { expectStoresHold } from '../support/stores.ts';
import { MAPPING, textOf, usageOf } from '../support/usage-file.ts';
import { usageEvent } from '../support/usage-event.ts';

const FIRST = 5_000;
const ROWS = 100_000;
const PARTITIONS = 6;
/** In each partition: more than any of the old topic ever held. */
const FOREIGN_EVENTS = 50_000;

describe.skipIf(!kafkaAvailable)('a topic that is made anew under running processes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ partitions: PARTITIONS });
  });
  afterAll(() => cluster?.close());

  const statusOf = async (id: string) =>
    (await queryDatabase<{ status: string }>(cluster.postgresUrl, `SELECT status FROM imports WHERE id = ${id}`)).rows[0]?.status;

  test('bills nothing of the new one, completes no import, and with another topic everything is published again, once', async () => {
    const topic = cluster.environment['TALLYLINE_KAFKA_TOPIC'] ?? '';
    const [ingest, consumers] = [await cluster.start('ingest'), await cluster.start('consumers')];
    await importFile(ingest, textOf(0, FIRST), { mapping: MAPPING });
    const { id } = await importFile(ingest, textOf(FIRST, FIRST + ROWS), { mapping: MAPPING, wait: false });
    await eventually('events are accepted', async () => (await ingest.json<Import>(`/v1/imports/${id}`)).events.accepted > 0);

    await recreateTopic(cluster.kafka, topic, PARTITIONS);
    const foreign = await openTestKafkaLog(cluster.kafka, { topic, partitions: PARTITIONS });
    const events = Array.from({ length: FOREIGN_EVENTS }, (_, n) =>
      encodeUsageEvent(usageEvent({ id: `foreign-${n}`, customer: 'foreign', importId: '999', line: n + 1 })),
    );
    for (let partition = 0; partition < PARTITIONS; partition += 1) await foreign.append(partition, events);
    await foreign.close();

    await consumers.ended;
    expect(consumers.output()).toMatch(
      /Tallyline has to stop: .*(was deleted and made anew|is not the event log that was consumed before)/,
    );
    if ((await statusOf(id)) === 'publishing') await ingest.ended;
    else await ingest.stop();
    expect(ingest.output()).not.toContain('"status":"complete"');
    expect(['publishing', 'settling']).toContain(await statusOf(id));
    const { rows } = await queryDatabase(cluster.postgresUrl, `SELECT FROM usage_records WHERE customer = 'foreign'`);
    expect(rows).toEqual([]);

    // The same topic is refused at every start.
    await expect(cluster.start('consumers')).rejects.toThrow(/is not the event log that was consumed before/);

    const another = { TALLYLINE_KAFKA_TOPIC: `${topic}.2` };
    const successor = await cluster.start('consumers', another);
    const republishing = await cluster.start('ingest', another);
    const done = await eventually(
      'the import completes',
      async () => {
        const view = await republishing.json<Import>(`/v1/imports/${id}`);
        return (view.status === 'complete' || view.status === 'failed') && view;
      },
      120_000,
    );
    expect(done).toMatchObject({
      status: 'complete',
      rows: { read: ROWS, new: ROWS, known: 0, conflict: 0, rejected: 0 },
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    });
    // Rollups of the old topic may have been behind: then ClickHouse is rebuilt.
    await eventually('no rebuild is open', async () => {
      const open = await queryDatabase(cluster.postgresUrl, `SELECT FROM clickhouse_rebuilds WHERE state IN ('requested', 'copying')`);
      return open.rows.length === 0;
    });
    await expectStoresHold(cluster, usageOf([0, FIRST + ROWS]));
    expect(successor.output()).not.toContain('"level":60');
  });
});
