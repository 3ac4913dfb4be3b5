/** Part of the event log contract: how much a log keeps. A driver that does otherwise says why, and is held to that. */
import { describe, expect, it } from 'vitest';
import { LogTrimmedError } from '../../platform/event-log/event-log.ts';
import type { ReadOptions } from '../../platform/event-log/event-log.ts';
import { AT_ONCE, BACKLOG_EVENTS_MAX, events, readAll, withReader } from './event-log-under-test.ts';
import type { EventLogCapabilities, EventLogUnderTest } from './event-log-under-test.ts';

export function trimmingContract(store: () => EventLogUnderTest, { trims }: EventLogCapabilities): void {
  const read = (partition: number, fromOffset: number, options: ReadOptions) =>
    withReader(store().log, partition, (reader) => reader.read(fromOffset, options));

  describe('trimming', () => {
    it(trims === true ? 'refuses to read what was trimmed, and reads the rest' : `keeps everything: ${trims}`, async () => {
      const first = await store().log.append(0, events(0, 10));
      const second = await store().log.append(0, events(10, 20));
      await store().log.trim(0, second.firstOffset);
      if (trims === true) await expect(read(0, first.firstOffset, AT_ONCE)).rejects.toThrow(LogTrimmedError);
      else expect((await read(0, first.firstOffset, AT_ONCE))?.payloads).toEqual(events(0, 20));
      expect((await read(0, second.firstOffset, AT_ONCE))?.payloads).toEqual(events(10, 20));
      expect((await store().log.endOffsets())[0]).toBe(second.nextOffset);
    });

    it('may be done again, and further back, without effect', async () => {
      const { firstOffset, nextOffset } = await store().log.append(0, events(0, 10));
      await store().log.trim(0, nextOffset);
      await store().log.trim(0, nextOffset);
      await store().log.trim(0, firstOffset);
      expect(await read(0, nextOffset, AT_ONCE)).toBeUndefined();
      const next = await store().log.append(0, ['next']);
      expect(next.firstOffset).toBeGreaterThanOrEqual(nextOffset);
      expect((await read(0, nextOffset, AT_ONCE))?.payloads).toEqual(['next']);
    });
  });
}

export function backlogContract(store: () => EventLogUnderTest, { bounded }: EventLogCapabilities): void {
  describe('a full partition', () => {
    it('takes an append larger than itself when it is empty', async () => {
      const { firstOffset } = await store().log.append(0, events(0, 3 * BACKLOG_EVENTS_MAX));
      const all = await withReader(store().log, 0, (reader) => readAll(reader, firstOffset, 3 * BACKLOG_EVENTS_MAX));
      expect(all.payloads).toEqual(events(0, 3 * BACKLOG_EVENTS_MAX));
    });

    if (bounded !== true) {
      it(`makes no append wait: ${bounded}`, async () => {
        const { nextOffset } = await store().log.append(0, events(0, BACKLOG_EVENTS_MAX));
        expect((await store().log.append(0, ['more'])).firstOffset).toBe(nextOffset);
      });
      return;
    }

    it('makes appends wait until there is room, and others not', async () => {
      const full = await store().log.append(0, events(0, BACKLOG_EVENTS_MAX));
      let done = false;
      const waiting = store()
        .log.append(0, ['late'])
        .then((range) => {
          done = true;
          return range;
        });
      await store().log.append(1, ['elsewhere']);
      expect(await withReader(store().log, 0, (reader) => reader.read(full.nextOffset, AT_ONCE))).toBeUndefined();
      expect(done).toBe(false);
      await store().log.trim(0, full.firstOffset + 1);
      const range = await waiting;
      expect((await withReader(store().log, 0, (reader) => reader.read(range.firstOffset, AT_ONCE)))?.payloads).toEqual(['late']);
    });

    it('lets go of those who wait when the log is closed', async () => {
      const log = await store().another();
      await log.append(0, events(0, BACKLOG_EVENTS_MAX));
      const refused = expect(log.append(0, ['late'])).rejects.toThrow(/closed/);
      await log.close();
      await refused;
    });
  });
}
