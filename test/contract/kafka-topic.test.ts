import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaAvailable, startKafka } from '../support/kafka.ts';
import type { TestKafka } from '../support/kafka.ts';
import { createTopic, openTestKafkaLog, recordingLogger, withAdmin } from '../support/kafka-log.ts';

const DAY_MS = 86_400_000;
/** The number of `ConfigResourceTypes.TOPIC` in Kafka's protocol. */
const TOPIC = 2;

describe.skipIf(!kafkaAvailable)('the topic of the event log', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 120_000);
  afterAll(() => kafka.stop());

  async function makeTopic(settings: Record<string, string> = {}, partitions = 3): Promise<string> {
    const topic = kafka.name();
    await createTopic(kafka, topic, settings, partitions);
    return topic;
  }

  it('is made with explicit settings, by whoever comes first', async () => {
    const topic = kafka.name();
    const opened = await Promise.all([0, 1, 2].map(() => openTestKafkaLog(kafka, { topic, partitions: 5, retentionMs: 9 * DAY_MS })));
    const names = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'min.insync.replicas', 'message.timestamp.type'];
    const { resources } = await withAdmin(kafka, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type: TOPIC, name: topic, configNames: names }] }),
    );
    const settings = resources[0]?.configEntries.map(({ configName, configValue, isDefault }) => [configName, configValue, isDefault]);
    expect(settings?.toSorted()).toEqual([
      ['cleanup.policy', 'delete', false],
      ['message.timestamp.type', 'LogAppendTime', false],
      ['min.insync.replicas', '1', false],
      ['retention.bytes', '-1', false],
      ['retention.ms', String(9 * DAY_MS), false],
    ]);
    expect(opened.map((log) => log.partitions)).toEqual([5, 5, 5]);
    await Promise.all(opened.map((log) => log.close()));
  });

  it.each([
    ['compaction', { 'cleanup.policy': 'compact' }, /cleanup\.policy is compact: .*--add-config cleanup\.policy=delete/],
    ['compaction beside deletion', { 'cleanup.policy': 'compact,delete' }, /cleanup\.policy is compact,delete/],
    [
      'a retention of a day',
      { 'retention.ms': String(DAY_MS) },
      /retention\.ms is 86400000: .*24\.0 hours.*72 hours are the least.*retention\.ms=604800000/,
    ],
    ['a retention by size', { 'retention.bytes': '1000000000' }, /retention\.bytes is 1000000000: .*retention\.bytes=-1/],
    ['messages too small for an append', { 'max.message.bytes': '1048588' }, /max\.message\.bytes is 1048588/],
    ['elections that lose events', { 'unclean.leader.election.enable': 'true' }, /unclean\.leader\.election\.enable is true/],
  ])('is refused with %s', async (_, settings, message) => {
    const topic = await makeTopic(settings);
    await expect(openTestKafkaLog(kafka, { topic })).rejects.toThrow(message);
  });

  it('is refused with all of its faults in one message', async () => {
    const topic = await makeTopic({ 'cleanup.policy': 'compact', 'retention.ms': '1000' }, 2);
    const refused = openTestKafkaLog(kafka, { topic });
    await expect(refused).rejects.toThrow(
      /is not safe to use:\n {2}- it has 2 partitions, and 3 are configured.*\n {2}- cleanup\.policy.*\n {2}- retention\.ms/,
    );
  });

  it('is not made at all with settings that would be refused', async () => {
    const topic = kafka.name();
    await expect(openTestKafkaLog(kafka, { topic, retentionMs: DAY_MS })).rejects.toThrow(/the retention is to be 86400000 ms/);
    await expect(openTestKafkaLog(kafka, { topic, minInsyncReplicas: 2 })).rejects.toThrow(/2 replicas are to be in sync, of 1/);
    expect(await withAdmin(kafka, (admin) => admin.listTopics())).not.toContain(topic);
  });

  it('may keep events for ever', async () => {
    const log = await openTestKafkaLog(kafka, { topic: await makeTopic({ 'retention.ms': '-1' }), retentionMs: -1 });
    expect(log.partitions).toBe(3);
    await log.close();
  });

  it('is used with more partitions than configured, and with one replica, with a warning', async () => {
    const { logger, messages } = recordingLogger();
    const log = await openTestKafkaLog(kafka, { topic: await makeTopic({}, 4), logger });
    expect(log.partitions).toBe(4);
    expect(messages).toEqual([expect.stringMatching(/more partitions than are configured/), expect.stringMatching(/one replica/)]);
    await log.close();
  });
});
