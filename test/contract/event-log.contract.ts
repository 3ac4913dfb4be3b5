/** What every driver of the event log port does. Offsets are compared, never assumed to begin at 0 or to be without gaps. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LogEndsEarlierError } from '../../platform/event-log/event-log.ts';
import type { LogBatch, ReadOptions } from '../../platform/event-log/event-log.ts';
import { checkTail, tailOf } from '../../platform/event-log/tail.ts';
import { assignmentContract } from './event-log-assignment.contract.ts';
import { backlogContract, trimmingContract } from './event-log-limits.contract.ts';
import { AT_ONCE, PATIENTLY, events, readAll, withReader } from './event-log-under-test.ts';
import type { EventLogCapabilities, EventLogServer, EventLogUnderTest } from './event-log-under-test.ts';

export function eventLogContract(name: string, start: () => Promise<EventLogServer>, capabilities: EventLogCapabilities): void {
  describe(`event log: ${name}`, () => {
    let server: EventLogServer;
    let store: EventLogUnderTest;

    beforeAll(async () => {
      server = await start();
    }, 120_000);
    afterAll(() => server.close());
    beforeEach(async () => {
      store = await server.openLog();
      return () => store.close();
    });

    const read = (partition: number, fromOffset: number, options: ReadOptions) =>
      withReader(store.log, partition, (reader) => reader.read(fromOffset, options));

    describe('append and read', () => {
      it('gives back the events in order, each with its offset, per partition', async () => {
        const first = await store.log.append(1, events(0, 3));
        const second = await store.log.append(1, events(3, 5));
        await store.log.append(2, ['elsewhere']);
        expect(second.firstOffset).toBeGreaterThanOrEqual(first.nextOffset);
        const batch = await withReader(store.log, 1, (reader) => readAll(reader, first.firstOffset, 5));
        expect(batch.payloads).toEqual(events(0, 5));
        expect(batch.offsets[0]).toBe(first.firstOffset);
        expect(batch.offsets[3]).toBe(second.firstOffset);
        expect(batch.offsets).toEqual(batch.offsets.toSorted((a, b) => a - b));
        const ends = await store.log.endOffsets();
        expect(ends).toHaveLength(store.log.partitions);
        expect(ends[1]).toBe(second.nextOffset);
      });

      it('keeps arrays in step, and says where to read on', async () => {
        const { firstOffset, nextOffset } = await store.log.append(0, events(0, 4));
        const batch = await read(0, firstOffset, AT_ONCE);
        expect(batch).toMatchObject({ partition: 0, firstOffset, nextOffset, payloads: events(0, 4) });
        expect(batch?.offsets).toHaveLength(4);
        expect(batch?.indexes).toHaveLength(4);
        expect(await read(0, nextOffset, AT_ONCE)).toBeUndefined();
      });

      it.each([
        ['quotes and backslashes', `{"a":"it's \\"quoted\\" \\\\ and {\\"b\\":'c'}"}`],
        ['escaped line breaks and tabs', JSON.stringify('line\nfeed\r\n\ttab \u2028')],
        ['letters of all planes', '{"ü":"✓ 😀 中文"}'],
        ['what looks like a placeholder', '$1 {0} %s ${x} :name'],
        ['an event of 100,000 characters', JSON.stringify('x'.repeat(100_000))],
      ])('keeps %s as they are', async (_, payload) => {
        const { firstOffset } = await store.log.append(0, ['before', payload, 'after']);
        expect((await read(0, firstOffset, AT_ONCE))?.payloads).toEqual(['before', payload, 'after']);
      });

      it('takes several events in one text, parted by newlines, each with an offset or an index of its own', async () => {
        const { firstOffset } = await store.log.append(0, ['a', 'b\nc', 'd\ne\nf']);
        const batch = await read(0, firstOffset, AT_ONCE);
        expect(batch?.payloads).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
        expect(new Set(batch?.offsets.map((offset, at) => `${offset}:${batch.indexes[at]}`)).size).toBe(6);
      });

      it('appends nothing when there is nothing to append', async () => {
        const { nextOffset } = await store.log.append(0, ['one']);
        expect(await store.log.append(0, [])).toEqual({ partition: 0, firstOffset: nextOffset, nextOffset });
        expect((await store.log.endOffsets())[0]).toBe(nextOffset);
      });

      it('reads from inside an append, and never at or beyond beforeOffset', async () => {
        const { firstOffset } = await store.log.append(0, events(0, 10));
        await store.log.append(0, events(10, 20));
        const payloadsOf = (batch: LogBatch | undefined) => batch?.payloads;
        expect(payloadsOf(await read(0, firstOffset + 4, { ...AT_ONCE, beforeOffset: firstOffset + 7 }))).toEqual(events(4, 7));
        expect(payloadsOf(await read(0, firstOffset + 8, { ...AT_ONCE, beforeOffset: firstOffset + 10 }))).toEqual(events(8, 10));
        expect(await read(0, firstOffset + 7, { ...PATIENTLY, beforeOffset: firstOffset + 7 })).toBeUndefined();
        const all = await withReader(store.log, 0, (reader) => readAll(reader, firstOffset + 9, 11));
        expect(all.payloads).toEqual(events(9, 20));
      });

      it('stops after the append that reaches maxEvents', async () => {
        const { firstOffset } = await store.log.append(0, events(0, 10));
        await store.log.append(0, events(10, 20));
        await store.log.append(0, events(20, 30));
        const batch = await read(0, firstOffset, { maxEvents: 11, waitMs: 0 });
        expect(batch?.payloads.length).toBeGreaterThanOrEqual(10);
        expect(batch?.payloads.length).toBeLessThanOrEqual(20);
        expect(batch?.payloads).toEqual(events(0, batch?.payloads.length ?? 0));
      });
    });

    describe('several at once', () => {
      it('loses and doubles nothing, and keeps each append together', async () => {
        const appenders = 6;
        const appends = 15;
        const other = await store.another();
        const [fromOffset = 0] = await store.log.endOffsets();
        const sizes = (k: number) => 1 + ((k * 7) % 9);
        const total = appenders * Array.from({ length: appends }, (_, k) => sizes(k)).reduce((sum, size) => sum + size, 0);
        const reading = withReader(store.log, 0, (reader) => readAll(reader, fromOffset, total));
        await Promise.all(
          Array.from({ length: appenders }, async (_, appender) => {
            for (let k = 0; k < appends; k += 1) {
              await (appender % 2 === 0 ? store.log : other).append(0, events(0, sizes(k), `${appender}/${k}`));
            }
          }),
        );
        const { payloads, offsets } = await reading;
        expect(new Set(payloads).size).toBe(total);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        for (let appender = 0; appender < appenders; appender += 1) {
          const own = payloads.filter((payload) => payload.startsWith(`${appender}/`));
          expect(own).toEqual(Array.from({ length: appends }, (_, k) => events(0, sizes(k), `${appender}/${k}`)).flat());
        }
        let run = 0;
        for (let at = 0; at < payloads.length; at += run) {
          const append = payloads[at]?.split('-')[0] ?? '';
          run = sizes(Number(append.split('/')[1]));
          expect(payloads.slice(at, at + run)).toEqual(events(0, run, append));
        }
      });

      it('wakes a reader that waits, also for what another process appends', async () => {
        const other = await store.another();
        const [, end = 0] = await store.log.endOffsets();
        await withReader(store.log, 1, async (reader) => {
          for (const log of [store.log, other]) {
            const next = (await store.log.endOffsets())[1] ?? end;
            const waiting = reader.read(next, PATIENTLY);
            await log.append(0, ['for another partition']);
            await log.append(1, ['at last']);
            expect((await waiting)?.payloads).toEqual(['at last']);
          }
        });
      });

      it('ends a wait when its signal fires', async () => {
        await withReader(store.log, 0, async (reader) => {
          const aborted = new AbortController();
          const waiting = reader.read(0, { ...PATIENTLY, signal: aborted.signal });
          aborted.abort();
          expect(await waiting).toBeUndefined();
        });
      });
    });

    trimmingContract(() => store, capabilities);
    backlogContract(() => store, capabilities);
    assignmentContract(() => store);

    it('can be read beside those who hold a partition', async () => {
      const { firstOffset, nextOffset } = await store.log.append(1, events(0, 5));
      await withReader(store.log, 1, async (reader) => {
        const beside = store.log.reader(1);
        expect(beside.partition).toBe(1);
        const batches = await Promise.all([beside, reader].map((each) => each.read(firstOffset, AT_ONCE)));
        expect(batches.map((batch) => batch?.payloads)).toEqual([events(0, 5), events(0, 5)]);
      });
      expect(await store.log.reader(1).read(nextOffset, AT_ONCE)).toBeUndefined();
      await expect(store.log.reader(1).read(nextOffset + 1, AT_ONCE)).rejects.toThrow(LogEndsEarlierError);
    });

    describe('for good', () => {
      it('keeps its incarnation, its offsets and its events when it is opened again', async () => {
        const incarnation = await store.log.incarnation();
        const { firstOffset, nextOffset } = await store.log.append(2, events(0, 5));
        await store.reopen();
        expect(await store.log.incarnation()).toBe(incarnation);
        expect((await store.log.endOffsets())[2]).toBe(nextOffset);
        expect((await read(2, firstOffset, AT_ONCE))?.payloads).toEqual(events(0, 5));
      });

      it('has another incarnation in another log', async () => {
        const other = await server.openLog();
        expect(await other.log.incarnation()).not.toBe(await store.log.incarnation());
        await other.close();
      });

      it('is recognised by the last event that was consumed of it, and another log is not', async () => {
        const { firstOffset } = await store.log.append(0, events(0, 3));
        const batch = await read(0, firstOffset, AT_ONCE);
        const tails = [batch && tailOf(batch)].filter((tail) => tail !== undefined);
        expect(tails).toEqual([{ partition: 0, offset: firstOffset + 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
        expect(await checkTail(store.log, tails)).toBe('same');
        const other = await server.openLog();
        expect(await checkTail(other.log, tails)).toMatchObject({
          partition: 0,
          why: expect.stringMatching(/log ends at offset/) as string,
        });
        await other.log.append(0, events(0, 3, 'other'));
        expect(await checkTail(other.log, tails)).toMatchObject({ partition: 0, why: expect.stringMatching(/another event/) as string });
        await other.close();
      });

      it('takes nothing any more once it is closed', async () => {
        const log = await store.another();
        await log.close();
        await expect(log.append(0, ['late'])).rejects.toThrow(/closed/);
      });

      it('keeps a customer in one partition, and spreads customers over all', async () => {
        const customers = Array.from({ length: 3_000 }, (_, k) => `customer-${k}`);
        const partitions = customers.map((customer) => store.log.partitionFor(customer));
        await store.reopen();
        expect(customers.map((customer) => store.log.partitionFor(customer))).toEqual(partitions);
        for (const partition of [0, 1, 2]) expect(partitions.filter((of) => of === partition).length).toBeGreaterThan(800);
        expect(['', 'ü', '😀'].map((customer) => store.log.partitionFor(customer))).toSatisfy((of: number[]) =>
          of.every((p) => p >= 0 && p < 3),
        );
      });
    });
  });
}
