/** A topic that is deleted and made anew under an open log: nothing of the new one is believed, at whatever offset. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LogReplacedError, type EventLog } from '../../platform/event-log/event-log.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaAvailable, startKafka, type TestKafka } from '../support/kafka.ts';
import { openTestKafkaLog, recreateTopic } from '../support/kafka-log.ts';
import { AT_ONCE, events, PATIENTLY } from './event-log-under-test.ts';

describe.skipIf(!kafkaAvailable)('a log whose topic is made anew', () => {
  let kafka: TestKafka;
  let topic: string;
  let log: EventLog;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 120_000);
  afterAll(() => kafka.stop());
  beforeEach(async () => {
    topic = kafka.name();
    log = await openTestKafkaLog(kafka, { topic });
    await log.append(0, events(0, 5));
    expect((await log.reader(0).read(0, AT_ONCE))?.payloads).toEqual(events(0, 5));
    return () => log.close();
  });

  async function replaceTopic(count: number): Promise<void> {
    await recreateTopic(kafka, topic);
    const other = await openTestKafkaLog(kafka, { topic });
    if (count > 0) await other.append(0, events(0, count, 'other'));
    await other.close();
  }

  /** Until its own view of the cluster has changed, the old log is told that the partition is not there, and may try again. */
  const settled = (attempt: () => Promise<unknown>) =>
    eventually('it is noticed', async () => {
      try {
        await attempt();
      } catch (error) {
        return error instanceof LogReplacedError && error;
      }
      throw new Error('the new topic was taken for the old one');
    });

  it.each([
    ['where it was to go on', 5],
    ['from the beginning', 0],
  ])('is not read on: %s', async (_, fromOffset) => {
    await replaceTopic(20);
    const error = await settled(() => log.reader(0).read(fromOffset, AT_ONCE));
    expect(error.message).toContain(`${topic} was deleted and made anew`);
    await expect(log.broken).rejects.toBe(error);
  });

  it('is not read on by who waits for the next event', async () => {
    const waiting = log
      .reader(0)
      .read(5, PATIENTLY)
      .then(
        (batch) => batch?.payloads,
        () => undefined,
      );
    await replaceTopic(20);
    expect(await waiting).toBeUndefined();
    await settled(() => log.reader(0).read(5, PATIENTLY));
  });

  it('does not end earlier, it is another one', async () => {
    await replaceTopic(2);
    await settled(() => log.reader(0).read(5, AT_ONCE));
  });

  it('takes no append, and has no end', async () => {
    await replaceTopic(0);
    await settled(() => log.append(0, ['late']));
    await settled(() => log.endOffsets());
  });
});
