import type { Admin, Kafka } from 'kafkajs';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { systemClock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { createKafka } from '../../platform/event-log/kafka-client.ts';
import { openKafkaLog } from '../../platform/event-log/kafka-log.ts';
import type { KafkaLogOptions } from '../../platform/event-log/kafka-log.ts';
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
