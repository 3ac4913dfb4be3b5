/** Part of the event log contract: workers, one for each partition. */
import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../platform/event-log/event-log.ts';
import { PATIENTLY } from './event-log-under-test.ts';
import type { EventLogUnderTest } from './event-log-under-test.ts';

export function assignmentContract(store: () => EventLogUnderTest): void {
  describe('assignment', () => {
    it('runs the worker once for each partition, until it is stopped', async () => {
      const running: number[] = [];
      const all = Promise.withResolvers<undefined>();
      const assignment = await store().log.assign(async (reader, signal) => {
        running.push(reader.partition);
        if (running.length === store().log.partitions) all.resolve(undefined);
        while (!signal.aborted) await reader.read(0, { ...PATIENTLY, signal });
      });
      await all.promise;
      expect(running.toSorted()).toEqual([0, 1, 2]);
      await assignment.stop();
      await assignment.done;
    });

    it('fails when one worker fails, and stops the others', async () => {
      const stopped: number[] = [];
      const assignment: Assignment = await store().log.assign(async (reader, signal) => {
        if (reader.partition === 1) throw new Error('a bug');
        await reader.read(0, { ...PATIENTLY, signal });
        expect(signal.aborted).toBe(true);
        stopped.push(reader.partition);
      });
      await expect(assignment.done).rejects.toThrow('a bug');
      await assignment.stop();
      expect(stopped.toSorted()).toEqual([0, 2]);
    });

    it('is stopped when the log is closed', async () => {
      const log = await store().another();
      const assignment = await log.assign(async (reader, signal) => {
        while (!signal.aborted) await reader.read(0, { ...PATIENTLY, signal });
      });
      await log.close();
      await assignment.done;
    });
  });
}
