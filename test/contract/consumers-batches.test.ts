/** What one transaction of the records consumer promises: all of a batch or nothing, once, and only by the partition's owner. */
import { describe, expect, it } from 'vitest';
import { RECORDS } from '../../consumers/steps/offsets.ts';
import { LogTrimmedError } from '../../platform/event-log/event-log.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { eventually } from '../support/eventually.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, (opened) => {
  pipeline = opened;
});

const first = usageEvent();
const again = usageEvent({ importId: '2', line: 7 });
const other = usageEvent({ importId: '3', line: 9, quantity: '2' });
describe('a batch', () => {
  const tables = [
    'usage_records',
    'witnesses',
    'conflicts',
    'dead_letters',
    'log_marks',
    'customers',
    'meters',
    'import_partitions',
    'import_known_from',
  ];
  const sizes = async () =>
    Object.fromEntries(
      await Promise.all(tables.map(async (table) => [table, (await pipeline.query(`SELECT FROM ${table}`)).length] as const)),
    );
  const events = [first, again, other, 'no JSON'];
  const afterwards = {
    ...{ usage_records: 1, witnesses: 1, conflicts: 1, dead_letters: 1, log_marks: 1, customers: 1, meters: 1 },
    ...{ import_partitions: 3, import_known_from: 1 },
  };

  it('names customers and meters that it shows first', async () => {
    await pipeline.append([first, usageEvent({ id: '2', customer: 'zenith' }), usageEvent({ id: '3', meter: 'tokens' })]);
    await pipeline.append([usageEvent({ id: '4', customer: 'later' })]);
    await pipeline.drain();
    expect(await pipeline.query('SELECT id FROM customers ORDER BY id')).toEqual([{ id: 'acme' }, { id: 'later' }, { id: 'zenith' }]);
    expect(await pipeline.query('SELECT key FROM meters ORDER BY key')).toEqual([{ key: 'requests' }, { key: 'tokens' }]);
  });

  it('whose transaction is killed half way leaves nothing, and goes through exactly once afterwards', async () => {
    await pipeline.append(events);
    await pipeline.running(async () => {
      const gate = Promise.withResolvers<undefined>();
      const held = Promise.withResolvers<undefined>();
      // The counters come last but one: the transaction waits there with everything else written.
      const holding = pipeline.platform.postgres.transaction(async (transaction) => {
        await transaction.query('LOCK TABLE import_known_from');
        held.resolve(undefined);
        await gate.promise;
      });
      await held.promise;
      const waiting = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%import_known_from%'`;
      const [victim] = await eventually('the batch waits for the lock', async () => {
        const pids = await pipeline.query<{ pid: number }>(`SELECT pid ${waiting}`);
        return pids.length > 0 && pids;
      });
      await pipeline.query('SELECT pg_terminate_backend($1)', [victim?.pid]);
      await eventually(
        'it is gone',
        async () => (await pipeline.query('SELECT FROM pg_stat_activity WHERE pid = $1', [victim?.pid])).length === 0,
      );
      expect(await pipeline.offsets(RECORDS)).toEqual([0]);
      gate.resolve(undefined);
      await holding;
      await pipeline.drained();
    });
    expect(pipeline.messages.filter(({ msg }) => msg === 'records: commit failed, trying again')).toHaveLength(1);
    expect(await sizes()).toEqual(afterwards);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it.each(tables)('that fails while it writes %s leaves nothing at all', async (table) => {
    await pipeline.append(events);
    await pipeline.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE TRIGGER refuse AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
    const batch = await pipeline.nextBatch();
    await expect(pipeline.commit(batch)).rejects.toThrow('refused');
    expect(await sizes()).toEqual(Object.fromEntries(tables.map((name) => [name, 0])));
    expect(await pipeline.offsets(RECORDS)).toEqual([0]);
    await pipeline.query(`DROP TRIGGER refuse ON ${table}`);
    expect((await pipeline.commit(batch)).fenced).toBe(false);
    expect(await sizes()).toEqual(afterwards);
  });

  it('whose commit went through while the answer was lost is not taken again', async () => {
    const { postgres } = pipeline.platform;
    let lost = false;
    const losing: Postgres = {
      ...postgres,
      async transaction(work) {
        let isBatch = false;
        const result = await postgres.transaction((transaction) => {
          const copyFrom: Transaction['copyFrom'] = (sql, chunks) => {
            isBatch = true;
            return transaction.copyFrom(sql, chunks);
          };
          return work({ ...transaction, copyFrom });
        });
        if (!isBatch || lost) return result;
        lost = true;
        throw new Error('the connection is gone');
      },
    };
    await pipeline.append(events);
    await pipeline.drain({ postgres: losing });
    expect(lost).toBe(true);
    expect(pipeline.messages.map(({ msg }) => msg)).toContain('records: the offset moved under us, reading it again');
    expect(await sizes()).toEqual(afterwards);
    expect(await pipeline.usage()).toEqual(await pipeline.records());
  });

  it('of a consumer whose offset somebody else has moved writes nothing', async () => {
    await pipeline.append(events);
    const batch = await pipeline.nextBatch();
    await pipeline.query(`UPDATE consumer_offsets SET next_offset = 4 WHERE consumer = 'records'`);
    expect(await pipeline.commit(batch)).toEqual({ fenced: true, dropped: new Set() });
    expect(await sizes()).toEqual(Object.fromEntries(tables.map((name) => [name, 0])));
    expect(await pipeline.offsets(RECORDS)).toEqual([4]);
  });

  it('taken by two consumers at the same time is taken once', async () => {
    await pipeline.append(events);
    const batch = await pipeline.nextBatch();
    const outcomes = await Promise.all([pipeline.commit(batch), pipeline.commit(batch)]);
    expect(outcomes.map(({ fenced }) => fenced).sort()).toEqual([false, true]);
    expect(await sizes()).toEqual(afterwards);
  });

  it('that the log no longer has is a loss: the process is told to stop, and nothing is skipped', async () => {
    await pipeline.append(events);
    await pipeline.append([usageEvent({ id: 'later' })]);
    await pipeline.query('UPDATE log_partitions SET start_offset = 4');
    await pipeline.query('DELETE FROM violations');
    await expect(pipeline.running(() => new Promise(() => undefined))).rejects.toThrow(LogTrimmedError);
    expect(await pipeline.offsets(RECORDS)).toEqual([0]);
    expect(await sizes()).toEqual(Object.fromEntries(tables.map((name) => [name, 0])));
  });
});
