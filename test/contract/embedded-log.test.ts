import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { packPayload } from '../../platform/event-log/batch-payload.ts';
import { appendBatch } from '../../platform/event-log/embedded-log-statements.ts';
import { openEmbeddedLog } from '../../platform/event-log/embedded-log.ts';
import type { EventLog, LogBatch } from '../../platform/event-log/event-log.ts';
import { partitionFor } from '../../platform/event-log/partition-for.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { openTestPostgres } from '../support/postgres.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { BACKLOG_EVENTS_MAX } from './event-log-under-test.ts';
import type { EventLogServer, EventLogUnderTest } from './event-log-under-test.ts';
import { eventLogContract } from './event-log.contract.ts';

const PARTITIONS = 3;
const logger = pino({ level: 'silent' });

const open = (postgres: Postgres, partitions = PARTITIONS) =>
  openEmbeddedLog({ postgres, partitions, backlogEventsMax: BACKLOG_EVENTS_MAX, clock: systemClock, logger });

async function openLog(server: TestPostgres): Promise<EventLogUnderTest> {
  const { postgres } = await server.createDatabase();
  let log = await open(postgres);
  const others: EventLog[] = [];
  return {
    get log() {
      return log;
    },
    async another() {
      const other = await open(postgres);
      others.push(other);
      return other;
    },
    async reopen() {
      await log.close();
      log = await open(postgres);
    },
    async close() {
      await Promise.all([log, ...others].map((each) => each.close()));
      // Dozens of tests with a pool each would use up the connections of the server.
      await postgres.close();
    },
  };
}

eventLogContract(
  'Postgres',
  async (): Promise<EventLogServer> => {
    const server = await openTestPostgres();
    return { openLog: () => openLog(server), close: () => server.close() };
  },
  { trims: true, bounded: true },
);

describe('the log in Postgres', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await openTestPostgres();
  }, 120_000);
  afterAll(() => server.close());

  it('never shows an event before one with a smaller offset, however long its transaction takes', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    const reads: (LogBatch | undefined)[] = [];
    let later: Promise<unknown> | undefined;
    await postgres.transaction(async (transaction) => {
      const packed = await packPayload(Buffer.from('early-0\nearly-1'));
      const batch = { partition: 0, events: 2, packed, backlogEventsMax: BACKLOG_EVENTS_MAX };
      expect(await appendBatch(transaction, batch)).toBe(2);
      // Begins after the offsets 0 and 1 were given out and before they are committed.
      later = log.append(0, ['late-0', 'late-1']);
      await eventually('the second append waits for the first', async () => {
        const { rows } = await postgres.query(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE log_partitions%'",
        );
        return rows.length === 1;
      });
      const assignment = await log.assign(async (reader) => {
        if (reader.partition === 0) reads.push(await reader.read(0, { maxEvents: 100, waitMs: 0 }));
      });
      await assignment.done;
      expect(reads).toEqual([undefined]);
    });
    expect(await later).toEqual({ partition: 0, firstOffset: 2, nextOffset: 4 });
    const assignment = await log.assign(async (reader) => {
      if (reader.partition === 0) reads.push(await reader.read(0, { maxEvents: 100, waitMs: 0 }));
    });
    await assignment.done;
    expect(reads[1]?.payloads).toEqual(['early-0', 'early-1', 'late-0', 'late-1']);
    expect(reads[1]?.offsets).toEqual([0, 1, 2, 3]);
    expect(reads[1]?.indexes).toEqual([0, 0, 0, 0]);
    await log.close();
  });

  it('gives the offsets of an append that was rolled back to the next', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    const rolledBack = postgres.transaction(async (transaction) => {
      const packed = await packPayload(Buffer.from('a\nb\nc\nd\ne'));
      await appendBatch(transaction, { partition: 0, events: 5, packed, backlogEventsMax: BACKLOG_EVENTS_MAX });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await log.append(0, ['first'])).toEqual({ partition: 0, firstOffset: 0, nextOffset: 1 });
    await log.close();
  });

  it('keeps the number of partitions it was made with', async () => {
    const { postgres } = await server.createDatabase();
    const [log, same] = await Promise.all([open(postgres), open(postgres)]);
    expect(await same.incarnation()).toBe(await log.incarnation());
    const wider = await open(postgres, 7);
    expect(wider.partitions).toBe(PARTITIONS);
    expect(await wider.incarnation()).toBe(await log.incarnation());
    await Promise.all([log.close(), same.close(), wider.close()]);
  });

  it('refuses a partition that is none, and an offset beyond the end', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    await expect(log.append(PARTITIONS, ['a'])).rejects.toThrow(/no partition 3/);
    const assignment = await log.assign(async (reader) => {
      await reader.read(1, { maxEvents: 1, waitMs: 0 });
    });
    await expect(assignment.done).rejects.toThrow(/beyond the end of the log/);
    expect(await log.endOffsets()).toEqual([0, 0, 0]);
    await log.close();
  });

  it('stops rather than pass over events that are missing or damaged', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    for (const payloads of [['a', 'b'], ['c'], ['d', 'e']]) await log.append(0, payloads);
    const readAll = async () => {
      const assignment = await log.assign(async (reader) => {
        if (reader.partition === 0) await reader.read(0, { maxEvents: 100, waitMs: 0 });
      });
      await assignment.done;
    };
    await postgres.query("UPDATE log_batches SET payload = 'd' WHERE first_offset = 3");
    await expect(readAll()).rejects.toThrow(/batch at 3 is damaged/);
    await postgres.query('DELETE FROM log_batches WHERE first_offset = 2');
    await expect(readAll()).rejects.toThrow(/events 2 to 3 are missing/);
    await log.close();
  });

  it('keeps large appends compressed, and reads beside them what was appended before there was compression', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    const texts = [1, 2].map((n) => `{"id":"${n} – ${'ü'.repeat(5_000)}"}`);
    await log.append(0, texts);
    await log.append(0, ['{"id":"later"}']);
    const { rows } = await postgres.query<{ is_small: boolean }>(
      'SELECT octet_length(payload) < payload_bytes / 2 AS is_small FROM log_batches ORDER BY first_offset',
    );
    expect(rows).toEqual([{ is_small: true }, { is_small: false }]);
    const read = () => log.reader(0).read(0, { maxEvents: 10_000, waitMs: 0 });
    expect((await read())?.payloads).toEqual([...texts, '{"id":"later"}']);
    await postgres.query("UPDATE log_batches SET payload = convert_to($1, 'UTF8') WHERE first_offset = 0", [texts.join('\n')]);
    expect((await read())?.payloads).toEqual([...texts, '{"id":"later"}']);
    await log.close();
  });

  it('stops where compressed events are damaged', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    const texts = Array.from({ length: 1_000 }, (_, n) => `event ${n}`);
    await log.append(0, texts);
    const read = () => log.reader(0).read(0, { maxEvents: 10_000, waitMs: 0 });
    await postgres.query('UPDATE log_batches SET payload_bytes = payload_bytes - 1');
    await expect(read()).rejects.toThrow(/batch at 0 is damaged/);
    await postgres.query('UPDATE log_batches SET payload_bytes = payload_bytes + 1, payload = substring(payload FOR 100)');
    await expect(read()).rejects.toThrow(/batch at 0 is damaged/);
    await log.close();
  });

  it('deletes what is trimmed, batch by batch', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    for (const payloads of [['a', 'b'], ['c'], ['d', 'e']]) await log.append(0, payloads);
    await log.trim(0, 4);
    const { rows } = await postgres.query('SELECT first_offset::int FROM log_batches');
    expect(rows).toEqual([{ first_offset: 3 }]);
    await log.trim(0, 1_000);
    expect((await postgres.query('SELECT FROM log_batches')).rowCount).toBe(0);
    expect((await postgres.query('SELECT start_offset::int, next_offset::int FROM log_partitions WHERE partition = 0')).rows).toEqual([
      { start_offset: 5, next_offset: 5 },
    ]);
    await log.close();
  });

  it('reads no more bytes than fit, where events are large', async () => {
    const { postgres } = await server.createDatabase();
    const log = await open(postgres);
    const large = 'x'.repeat(6_000_000);
    for (let k = 0; k < 4; k += 1) await log.append(0, [large]);
    const batches: number[] = [];
    const assignment = await log.assign(async (reader) => {
      for (let next = 0; reader.partition === 0 && next < 4;) {
        const batch = await reader.read(next, { maxEvents: 100, waitMs: 0 });
        batches.push(batch?.payloads.length ?? 0);
        next = batch?.nextOffset ?? 4;
      }
    });
    await assignment.done;
    expect(batches).toEqual([3, 1]);
    await log.close();
  });

  it('puts known customers where they have always been', () => {
    expect(['', 'a', 'acme-ai', 'Müller & Söhne', '😀'].map((customer) => partitionFor(customer, 6))).toEqual([1, 4, 0, 3, 2]);
  });
});
