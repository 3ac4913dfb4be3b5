import { pino } from 'pino';
import { systemClock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { openKafkaLog } from '../../platform/event-log/kafka-log.ts';
import type { KafkaLogOptions } from '../../platform/event-log/kafka-log.ts';
import type { TestKafka } from './kafka.ts';

const RETENTION_MS = 7 * 24 * 3_600_000;
/** The least a broker allows: tests wait for it. */
const SESSION_TIMEOUT_MS = 6_000;

/** Three partitions on one broker, unless said otherwise. The group is named like the topic. */
export function openTestKafkaLog(kafka: TestKafka, options: Partial<KafkaLogOptions> & { topic: string }): Promise<EventLog> {
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
