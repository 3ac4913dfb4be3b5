import type { Admin, Kafka } from 'kafkajs';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { systemClock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { createKafka } from '../../platform/event-log/kafka-client.ts';
import { openKafkaLog } from '../../platform/event-log/kafka-log.ts';
import type { KafkaLogOptions } from '../../platform/event-log/kafka-log.ts';
import { eventually } from './eventually.ts';
import type { TestKafka } from './kafka.ts';

const RETENTION_MS = 7 * 24 * 3_600_000;
/** The least a broker allows: tests wait for it. */
const SESSION_TIMEOUT_MS = 6_000;

/** Three partitions on one broker, unless said otherwise. The group is named like the topic. */
export function openTestKafkaLog(
  kafka: Pick<TestKafka, 'brokers'>,
  options: Partial<KafkaLogOptions> & { topic: string },
): Promise<EventLog> {
  return openKafkaLog({
    brokers: kafka.brokers,
    clientId: 'tallyline-test',
    partitions: 3,
    retentionMs: RETENTION_MS,
    replicationFactor: 1,
    minInsyncReplicas: 1,
    groupId: options.topic,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    clock: systemClock,
    logger: pino({ level: process.env['TALLYLINE_LOG_LEVEL'] ?? 'silent' }),
    ...options,
  });
}

/** A client of the same broker, for what no log does: another's topics, settings and messages. */
export function kafkaClient({ brokers }: TestKafka): Kafka {
  return createKafka({ brokers, clientId: 'tallyline-test' }, pino({ level: 'silent' }));
}

export async function withAdmin<T>(kafka: TestKafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaClient(kafka).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until it can be used: kafkajs' own wait gives up where a busy broker has not heard of it yet. */
export async function createTopic(
  kafka: TestKafka,
  topic: string,
  settings: Record<string, string> = {},
  numPartitions = 3,
): Promise<void> {
  const configEntries = Object.entries({ 'max.message.bytes': '80000000', ...settings }).map(([name, value]) => ({ name, value }));
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }], waitForLeaders: false });
    await eventually('the topic has leaders', async () => {
      const metadata = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined);
      return metadata?.topics[0]?.partitions.every(({ leader }) => leader >= 0);
    });
  });
}

/** Deletes it, and makes it anew under the same name, empty. */
export async function recreateTopic(kafka: TestKafka, topic: string, numPartitions = 3): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });
  await createTopic(kafka, topic, {}, numPartitions);
}

/** What the topic's retention does after some days. */
export async function deleteBefore(kafka: TestKafka, topic: string, partition: number, offset: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    // Looks the leader up, which `deleteTopicRecords` does not.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });
}

/** What was logged, by message. */
export function recordingLogger(): { logger: Logger; messages: string[] } {
  const messages: string[] = [];
  const write = (line: string) => void messages.push((JSON.parse(line) as { msg: string }).msg);
  return { logger: pino({ level: 'info' }, { write }), messages };
}
