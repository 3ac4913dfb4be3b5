import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogEndsEarlierError, LogTrimmedError } from '../../platform/event-log/event-log.ts';
import { checkTail, tailOf } from '../../platform/event-log/tail.ts';
import { kafkaAvailable, startKafka } from '../support/kafka.ts';
import type { TestKafka } from '../support/kafka.ts';
import { deleteBefore, kafkaClient, openTestKafkaLog, withAdmin } from '../support/kafka-log.ts';
import { eventually } from '../support/eventually.ts';
import { AT_ONCE, PATIENTLY, events, readAll } from './event-log-under-test.ts';

const warnings: string[] = [];
const onWarning = (warning: Error) => warnings.push(warning.name);

describe.skipIf(!kafkaAvailable)('events on Kafka', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    process.on('warning', onWarning);
    kafka = await startKafka();
  }, 120_000);
  afterAll(async () => {
    await kafka.stop();
    process.off('warning', onWarning);
  });

  it('are told apart by their index where a message holds several', async () => {
    const topic = kafka.name();
    const log = await openTestKafkaLog(kafka, { topic, eventsPerMessage: 4 });
    expect(await log.append(0, events(0, 10))).toEqual({ partition: 0, firstOffset: 0, nextOffset: 3 });
    const batch = await log.reader(0).read(0, AT_ONCE);
    expect(batch?.payloads).toEqual(events(0, 10));
    expect(batch?.offsets).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
    expect(batch?.indexes).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
    // Whoever writes one event per message reads the others all the same; a message is never split.
    const single = await openTestKafkaLog(kafka, { topic });
    expect((await single.reader(0).read(1, { maxEvents: 1, waitMs: 0 }))?.payloads).toEqual(events(4, 8));
    await Promise.all([log.close(), single.close()]);
  });

  it.each(['zstd', 'gzip', 'none'] as const)('are kept in one batch however many they are, compressed with %s', async (compression) => {
    const log = await openTestKafkaLog(kafka, { topic: kafka.name(), compression });
    const { firstOffset } = await log.append(0, events(0, 120_000));
    expect((await readAll(log.reader(0), firstOffset, 120_000)).payloads).toEqual(events(0, 120_000));
    await log.close();
  });

  it('are read at two places of a partition side by side', async () => {
    const log = await openTestKafkaLog(kafka, { topic: kafka.name() });
    await log.append(0, events(0, 500));
    const reader = log.reader(0);
    const places = [
      { next: 0, payloads: [] as string[] },
      { next: 100, payloads: [] as string[] },
    ];
    while (places.some(({ next }) => next < 500)) {
      for (const place of places) {
        const batch = await reader.read(place.next, { maxEvents: 30, waitMs: 0 });
        place.payloads.push(...(batch?.payloads ?? []));
        place.next = batch?.nextOffset ?? place.next;
      }
    }
    expect(places.map(({ payloads }) => payloads)).toEqual([events(0, 500), events(100, 500)]);
    await log.close();
  });

  it('are never skipped: an offset out of range is an error', async () => {
    const topic = kafka.name();
    const log = await openTestKafkaLog(kafka, { topic });
    await log.append(1, events(0, 10));
    await deleteBefore(kafka, topic, 1, 4);
    await expect(log.reader(1).read(3, PATIENTLY)).rejects.toThrow(LogTrimmedError);
    expect((await log.reader(1).read(4, AT_ONCE))?.payloads).toEqual(events(4, 10));
    await expect(log.reader(1).read(11, PATIENTLY)).rejects.toThrow(LogEndsEarlierError);
    await log.close();
  });

  it('of others come as they are, without what a transaction took back and what ends it', async () => {
    const topic = kafka.name();
    const log = await openTestKafkaLog(kafka, { topic });
    const binary = Buffer.from([0xff, 0x00, 0x7b]);
    const producer = kafkaClient(kafka).producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const produce = async (values: (Buffer | string | null)[], end: 'commit' | 'abort') => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ partition: 2, value })) });
      await transaction[end]();
    };
    await produce(['kept', null, binary, 'two\nlines'], 'commit');
    await produce(['taken back'], 'abort');
    const batch = await eventually('both transactions have ended', async () => {
      const read = await log.reader(2).read(0, AT_ONCE);
      return read?.nextOffset === 7 && read;
    });
    expect(batch.payloads).toEqual(['kept', '', binary.toString(), 'two', 'lines']);
    expect(batch.offsets).toEqual([0, 1, 2, 3, 3]);
    expect(batch.indexes).toEqual([0, 0, 0, 0, 1]);
    expect((await log.endOffsets())[2]).toBe(7);
    // Only what is no event: the reader still gets ahead.
    expect(await log.reader(2).read(4, PATIENTLY)).toMatchObject({ firstOffset: 4, nextOffset: 7, payloads: [] });
    await producer.disconnect();
    await log.close();
  });

  it('go on being appended after an append that failed', async () => {
    const topic = kafka.name();
    const log = await openTestKafkaLog(kafka, { topic });
    await log.append(0, ['before']);
    await withAdmin(kafka, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value: '1000' }] }],
      }),
    );
    const large = randomBytes(4_000).toString('hex');
    const appends = await Promise.allSettled([log.append(0, [large]), log.append(0, ['after']), log.append(1, ['elsewhere'])]);
    expect(appends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect((await log.reader(0).read(0, AT_ONCE))?.payloads).toEqual(['before', 'after']);
    await log.close();
  });

  describe('and the tail of what was consumed', () => {
    it('is the same in the same log, as long as it is there and when retention has removed it', async () => {
      const topic = kafka.name();
      const log = await openTestKafkaLog(kafka, { topic, eventsPerMessage: 3 });
      await log.append(0, events(0, 7));
      const batch = await log.reader(0).read(0, AT_ONCE);
      const tail = batch && tailOf(batch);
      expect(tail).toMatchObject({ partition: 0, offset: 2 });
      await log.append(0, events(7, 9));
      expect(tail && (await checkTail(log, [tail]))).toBe('same');
      await deleteBefore(kafka, topic, 0, 3);
      expect(tail && (await checkTail(log, [tail]))).toBe('same');
      await log.close();
    });

    it.each([
      ['is empty', 0, /the log ends at offset 0, and offset 4 was consumed/],
      ['has other events', 8, /at offset 4 stands another event/],
    ])('tells a topic that was deleted and made anew: it %s', async (_, count, why) => {
      const topic = kafka.name();
      const old = await openTestKafkaLog(kafka, { topic });
      await old.append(1, events(0, 5));
      const batch = await old.reader(1).read(0, AT_ONCE);
      const tail = batch && tailOf(batch);
      const incarnation = await old.incarnation();
      await old.close();
      await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
      await eventually('the topic is gone', async () => !(await withAdmin(kafka, (admin) => admin.listTopics())).includes(topic));
      const log = await openTestKafkaLog(kafka, { topic });
      if (count > 0) await log.append(1, events(0, count, 'other'));
      // The name alone does not tell.
      expect(await log.incarnation()).toBe(incarnation);
      expect(tail && (await checkTail(log, [tail]))).toEqual({ partition: 1, why: expect.stringMatching(why) as string });
      await log.close();
    });

    it('is missing where the partition is gone', async () => {
      const log = await openTestKafkaLog(kafka, { topic: kafka.name() });
      const tail = { partition: 7, offset: 0, hash: '' };
      expect(await checkTail(log, [tail])).toEqual({ partition: 7, why: expect.stringMatching(/no longer has it/) as string });
      await log.close();
    });
  });

  it('pass without a warning from Node', () => {
    expect(warnings).not.toContain('TimeoutNegativeWarning');
  });
});
