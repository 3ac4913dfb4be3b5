/** Poison straight into the topic: it stops no partition, is counted and kept, stands on the topic of dead letters, and is replayed. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startConsumers, type Consumers } from '../../consumers/consumers.ts';
import { relayDeadLetters } from '../../consumers/relay-dead-letters.ts';
import type { EventLog, PublishedDeadLetter } from '../../platform/event-log/event-log.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { openTestStores, type TestPipeline, type TestStores } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaAvailable, startKafka, type TestKafka } from '../support/kafka.ts';
import { kafkaClient, openTestKafkaLog, withAdmin } from '../support/kafka-log.ts';
import { POISON } from '../support/poison-events.ts';
import { ofVersion2, usageEvent } from '../support/usage-event.ts';

/** The number of `ConfigResourceTypes.TOPIC` in Kafka's protocol. */
const TOPIC = 2;
const TWO_MEGABYTES = 2 * 1_048_576;

type Published = PublishedDeadLetter & { payloadCutFromBytes?: number };

describe.skipIf(!kafkaAvailable)('poison on Kafka', () => {
  let kafka: TestKafka;
  let stores: TestStores;
  let pipeline: TestPipeline;
  let topic: string;
  let deadLetterTopic: string;
  let log: EventLog;
  let consumers: Consumers | undefined;

  beforeAll(async () => {
    [kafka, stores] = await Promise.all([startKafka(), openTestStores()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([kafka?.stop(), stores?.close()]);
  });
  beforeEach(async () => {
    pipeline = await stores.open();
    topic = kafka.name();
    deadLetterTopic = `${topic}.dead`;
    log = await openTestKafkaLog(kafka, { topic, deadLetterTopic });
  });
  afterEach(async () => {
    await consumers?.stop();
    consumers = undefined;
    await log.close();
    await pipeline.close();
  });

  async function start(): Promise<void> {
    consumers = await startConsumers({ ...pipeline.platform, log, alone: false });
  }

  /** By another program than ours, one message each. */
  async function produce(values: readonly (string | Buffer | null)[], partition = 0): Promise<void> {
    const producer = kafkaClient(kafka).producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
    await producer.disconnect();
  }

  /** What stands on the topic of dead letters, oldest first, once there are so many. */
  async function published(count: number): Promise<{ key: string; letter: Published }[]> {
    const consumer = kafkaClient(kafka).consumer({ groupId: kafka.name() });
    const found: { key: string; letter: Published }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: deadLetterTopic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message: { key, value } }) => {
        found.push({ key: String(key), letter: JSON.parse(String(value)) as Published });
        return Promise.resolve();
      },
    });
    await eventually(`${count} dead letters are on the topic`, () => Promise.resolve(found.length >= count));
    await consumer.disconnect();
    return found;
  }

  const accepted = (count: number) =>
    eventually(`${count} events are accepted`, async () => (await pipeline.query('SELECT FROM usage_records')).length === count);

  it('stops no partition, whatever it is; all of it is counted, kept, and on the topic in order', async () => {
    await pipeline.query(`INSERT INTO imports (id, name, status, created_by) VALUES (1, 'file', 'publishing', 'test')`);
    const large = encodeUsageEvent(usageEvent({ id: 'large', line: 3, properties: JSON.stringify({ note: 'x'.repeat(TWO_MEGABYTES) }) }));
    const notText = Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0x7d]);
    const noise = randomBytes(TWO_MEGABYTES);
    const values = [
      ...POISON.map(([, payload]) => payload),
      null,
      '',
      'a\0b',
      '\0',
      notText,
      large,
      ofVersion2(usageEvent({ line: 9 })),
      noise,
    ];
    await produce([encodeUsageEvent(usageEvent())]);
    for (const value of values) await produce([value]);
    await produce([encodeUsageEvent(usageEvent({ id: 'after', line: 4 }))]);
    await produce(['elsewhere'], 1);
    await produce([encodeUsageEvent(usageEvent({ id: 'there', line: 5 }))], 1);
    await start();
    await accepted(3);

    const texts = values.map((value) => (value === null ? '' : value.toString()));
    // Bytes that are no text may look like line ends; each piece is a message then.
    const pieces = ['elsewhere', ...texts.flatMap((text) => text.split('\n'))];
    const letters = await eventually('all are stored', async () => {
      const rows = await pipeline.query<{ id: string; payload: string; code: string }>(
        'SELECT dead_letter_id AS id, payload, code FROM dead_letters ORDER BY partition DESC, "offset", idx',
      );
      return rows.length === pieces.length && rows;
    });
    expect(letters.map(({ payload }) => payload)).toEqual(pieces.map((piece) => piece.replaceAll('\0', '\\u0000')));
    // Those of POISON that still name the line of an event of ours are one; then there are `large` and the other version.
    const dead = await pipeline.query('SELECT import_id, line, meter FROM dead_letters WHERE is_counted ORDER BY "offset"');
    expect(dead).toContainEqual({ import_id: '1', line: '3', meter: 'requests' });
    expect(dead).toContainEqual({ import_id: '1', line: '9', meter: 'requests' });
    expect(await pipeline.query('SELECT sum(dead)::int AS dead FROM import_partitions WHERE import_id = 1')).toEqual([
      { dead: dead.length },
    ]);

    const onTopic = await published(pieces.length);
    expect(onTopic.map(({ key, letter }) => [key, letter.id])).toEqual(onTopic.map(({ letter }) => [letter.id, letter.id]));
    const places = onTopic.flatMap(({ letter: { position } }) => (position.partition === 0 ? [position] : []));
    expect(places).toEqual(places.toSorted((a, b) => a.offset - b.offset || a.index - b.index));
    expect(places).toHaveLength(pieces.length - 1);
    const byId = new Map(onTopic.map(({ letter }) => [letter.id, letter]));
    for (const { id, payload, code } of letters) {
      const letter = byId.get(id);
      expect(letter?.code).toBe(code);
      expect(letter?.payloadCutFromBytes === undefined ? letter?.payload === payload : payload.startsWith(letter.payload)).toBe(true);
    }
    expect(byId.get(letters.find(({ payload }) => payload === large)?.id ?? '')?.payload).toBe(large);
    // Marked after they stand there.
    const unmarked = () => pipeline.query('SELECT FROM dead_letters WHERE published_at IS NULL');
    await eventually('all are marked as published', async () => (await unmarked()).length === 0);
  });

  it('of two megabytes goes into the log again as it is, and stands on the topic twice as two letters', async () => {
    const large = encodeUsageEvent(usageEvent({ properties: JSON.stringify({ note: randomBytes(TWO_MEGABYTES / 2).toString('hex') }) }));
    await produce([large]);
    await start();
    await eventually('it is stored', async () => (await pipeline.query('SELECT FROM dead_letters')).length === 1);
    // As a replay does it: still too large for this version, so it comes back.
    const [stored] = await pipeline.query<{ payload: string }>('SELECT payload FROM dead_letters');
    await log.append(0, [stored?.payload ?? '']);
    const letters = await published(2);
    expect(letters.map(({ letter }) => letter.payload === large)).toEqual([true, true]);
    expect(letters.map(({ letter }) => letter.position.offset)).toEqual([0, 1]);
  });

  it('that can be read after all is accepted when it is replayed, and its import adds up', async () => {
    await pipeline.query(`INSERT INTO imports (id, name, status, created_by) VALUES (1, 'file', 'publishing', 'test')`);
    await produce([ofVersion2(usageEvent())]);
    await start();
    await published(1);
    const sums = () =>
      pipeline.query('SELECT sum(accepted)::int AS accepted, sum(dead)::int AS dead FROM import_partitions WHERE import_id = 1');
    expect(await sums()).toEqual([{ accepted: 0, dead: 1 }]);
    await log.append(log.partitionFor('acme'), [encodeUsageEvent(usageEvent())]);
    await accepted(1);
    expect(await sums()).toEqual([{ accepted: 1, dead: 0 }]);
  });

  it('is published again after a crash before it was marked, by one process at a time, and is cut where the topic takes less', async () => {
    await withAdmin(kafka, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: TOPIC, name: deadLetterTopic, configEntries: [{ name: 'max.message.bytes', value: '100000' }] }],
      }),
    );
    const small = await openTestKafkaLog(kafka, { topic, deadLetterTopic });
    const payloads = ['x'.repeat(200_000), 'short', ...Array.from({ length: 600 }, (_, n) => `letter ${n}`)];
    await pipeline.query(
      `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload)
       SELECT 1, 0, n, 0, 'invalid_json', 'why', payload FROM unnest($1::text[]) WITH ORDINALITY AS letters (payload, n) ORDER BY n`,
      [payloads],
    );
    const target = small.deadLetters;
    if (target === undefined) throw new Error('the log has a topic of dead letters');
    let calls = 0;
    const dying = {
      async publish(letters: readonly PublishedDeadLetter[]) {
        await target.publish(letters);
        calls += 1;
        // Another process meanwhile finds that somebody is at it.
        expect(await relayDeadLetters(pipeline.platform.postgres, target)).toBe(0);
        throw new Error('killed');
      },
    };
    await expect(relayDeadLetters(pipeline.platform.postgres, dying)).rejects.toThrow('killed');
    const relayed = [];
    for (let count = -1; count !== 0; relayed.push(count)) count = await relayDeadLetters(pipeline.platform.postgres, target);
    expect([calls, relayed]).toEqual([1, [500, 102, 0]]);
    const onTopic = await published(500 + payloads.length);
    expect(onTopic.slice(500).map(({ letter }) => letter.payload.slice(0, 20))).toEqual(payloads.map((payload) => payload.slice(0, 20)));
    expect(onTopic[0]?.letter.payloadCutFromBytes).toBe(200_000);
    expect(onTopic[0]?.letter.payload.length).toBeGreaterThan(90_000);
    await small.close();
  });

  it('has a topic that is made with explicit settings, in one partition', async () => {
    const names = ['cleanup.policy', 'retention.ms', 'max.message.bytes', 'min.insync.replicas', 'unclean.leader.election.enable'];
    const { resources } = await withAdmin(kafka, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type: TOPIC, name: deadLetterTopic, configNames: names }] }),
    );
    const settings = resources[0]?.configEntries.map(({ configName, configValue, isDefault }) => [configName, configValue, isDefault]);
    expect(settings?.toSorted()).toEqual([
      ['cleanup.policy', 'delete', false],
      ['max.message.bytes', '8388608', false],
      ['min.insync.replicas', '1', false],
      ['retention.ms', '604800000', false],
      ['unclean.leader.election.enable', 'false', false],
    ]);
    const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [deadLetterTopic] }));
    expect(topics[0]?.partitions).toHaveLength(1);
  });
});
