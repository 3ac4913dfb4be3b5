import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { kafkaAvailable, startKafka } from '../support/kafka.ts';
import { openTestKafkaLog } from '../support/kafka-log.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { AT_ONCE, events } from './event-log-under-test.ts';

/** A broker that is not ours cannot be put behind a proxy. */
const isOurs = kafkaAvailable && !process.env['KAFKA_BROKERS'];

describe.skipIf(!isOurs)('an append to Kafka whose answer is lost', () => {
  it('is there once, and its place is found out', async () => {
    const started = Promise.withResolvers<TcpProxy>();
    const kafka = await startKafka({
      async advertise(port) {
        started.resolve(startTcpProxy({ host: '127.0.0.1', port }));
        return (await started.promise).port;
      },
    });
    const proxy = await started.promise;
    const log = await openTestKafkaLog(kafka, { topic: kafka.name() });
    expect(await log.append(0, events(0, 3))).toEqual({ partition: 0, firstOffset: 0, nextOffset: 3 });

    const lost = proxy.answersLost;
    proxy.set({ kind: 'lost-answer', then: 'cut' });
    const doubtful = log.append(0, events(3, 6));
    const successor = log.append(0, events(6, 8));
    await eventually('the answer is lost', () => Promise.resolve(proxy.answersLost > lost));
    proxy.set({ kind: 'none' });

    expect(await doubtful).toEqual({ partition: 0, firstOffset: 3, nextOffset: 6 });
    expect(await successor).toEqual({ partition: 0, firstOffset: 6, nextOffset: 8 });
    expect((await log.reader(0).read(0, AT_ONCE))?.payloads).toEqual(events(0, 8));
    await log.close();
    await kafka.stop();
    await proxy.close();
  });
});
