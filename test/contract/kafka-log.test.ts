import { describe } from 'vitest';
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { openTestKafkaLog } from '../support/kafka-log.ts';
import { kafkaAvailable, startKafka } from '../support/kafka.ts';
import type { TestKafka } from '../support/kafka.ts';
import type { EventLogServer, EventLogUnderTest } from './event-log-under-test.ts';
import { eventLogContract } from './event-log.contract.ts';

async function openLog(kafka: TestKafka): Promise<EventLogUnderTest> {
  const topic = kafka.name();
  const open = () => openTestKafkaLog(kafka, { topic });
  let log = await open();
  const others: EventLog[] = [];
  return {
    get log() {
      return log;
    },
    async another() {
      const other = await open();
      others.push(other);
      return other;
    },
    async reopen() {
      await log.close();
      log = await open();
    },
    async close() {
      await Promise.all([log, ...others].map((each) => each.close()));
    },
  };
}

describe.skipIf(!kafkaAvailable)('on a real broker', () => {
  eventLogContract(
    'Kafka',
    async (): Promise<EventLogServer> => {
      const kafka = await startKafka();
      return { openLog: () => openLog(kafka), close: () => kafka.stop() };
    },
    {
      trims: "the topic's retention removes events, not the consumers",
      bounded: 'the disks of the brokers are the backlog',
    },
  );
});
