/** Random workloads through both consumers: the stores hold the same rows by any way, and the sums of the events. */
import { describe, expect, it } from 'vitest';
import { Handoff, WAITING_ROWS_MAX } from '../../consumers/handoff.ts';
import { consumeRecords } from '../../consumers/records.ts';
import { consumeRollups } from '../../consumers/rollups.ts';
import { RECORDS } from '../../consumers/steps/offsets.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { useStores } from '../support/use-pipeline.ts';
import { expectedSums, randomWorkload, storedSums } from '../support/workload.ts';

const stores = useStores();

describe('rows from memory and rows from the log', () => {
  const seed = testSeed();
  it(`are the same, also when memory is full (seed ${seed})`, async () => {
    const events = randomWorkload(seededRandom(seed), { events: 3_000, customers: 5, imports: 3 });
    const stored = async (way: (of: TestPipeline) => Promise<void>) => {
      const own = await stores.open();
      await own.publish(events, 10);
      await way(own);
      const usage = await own.usage();
      expect(usage).toEqual(await own.records());
      await own.close();
      return usage;
    };
    const full = new Handoff();
    // As many rows as may wait, somewhere in the middle: every batch that is offered later finds no room.
    full.offer({ firstOffset: 5, nextOffset: 9, rows: WAITING_ROWS_MAX, months: new Map() });
    const throughHandoff = (handoff: Handoff) => async (own: TestPipeline) => {
      const { log, postgres, clickhouse, clock, logger } = own.platform;
      const assignment = await log.assign(async (reader, signal) => {
        const shared = { postgres, logger, epoch: own.epoch, handoff };
        await Promise.all([
          consumeRecords(reader, signal, { ...shared, partitions: log.partitions }),
          consumeRollups(reader, signal, { ...shared, clickhouse, log, clock, alone: true, onProgress: () => undefined }),
        ]);
      });
      await Promise.race([own.drained(), assignment.done]);
      await assignment.stop();
    };
    const fromMemory = await stored(throughHandoff(new Handoff()));
    expect(await stored(throughHandoff(full))).toEqual(fromMemory);
    expect(
      await stored(async (own) => {
        await own.commitAll();
        await own.drain();
      }),
    ).toEqual(fromMemory);
  });
});

describe('sums', () => {
  const seed = testSeed();
  it(`are those of the events, in both stores, per customer, meter and hour, over two partitions and restarts (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const events = randomWorkload(random, { events: 24_000, customers: 40, imports: 6 });
    const own = await stores.open(2);
    const half = Math.floor(random() * events.length);
    await own.publish(events.slice(0, half), 20);
    await own.running(() => eventually('some are through', async () => (await own.offsets(RECORDS)).some((offset) => offset > 0)));
    await own.running(async () => {
      await own.publish(events.slice(half), 20);
      await own.drained();
    });
    // Two partitions name the same meters and imports at the same time: neither had to try again because of the other.
    expect(own.messages.filter(({ level }) => level >= 40)).toEqual([]);
    expect(await own.usage()).toEqual(await own.records());
    const expected = expectedSums(events);
    expect(await storedSums(own, 'clickhouse')).toEqual(expected.hours);
    expect(await storedSums(own, 'postgres')).toEqual(expected.hours);
    const counts = await Promise.all([...expected.counts.keys()].map(async (id) => [id, await own.counts(id)] as const));
    expect(new Map(counts)).toEqual(expected.counts);
    await own.close();
  });
});
