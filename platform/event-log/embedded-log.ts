/**
 * Driver of the event log port in Postgres: for one machine, so that one command starts everything.
 *
 * Deliberately small. Each append is one row of `log_batches`; an offset is an event, so every index is 0. Readers wait for
 * NOTIFY. There is one process of consumers (it owns the embedded ClickHouse), and it has all partitions: whoever wants
 * several has outgrown this log.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { withQueryTimeout } from '../postgres/with-timeout.ts';
import { packPayload, unpackPayload } from './batch-payload.ts';
import {
  LOG_APPENDED,
  LOG_TRIMMED,
  appendBatch,
  createPartitions,
  readBatches,
  readEndOffsets,
  readPartition,
  trimBatches,
} from './embedded-log-statements.ts';
import type { Batch, StoredLog } from './embedded-log-statements.ts';
import { LogEndsEarlierError, LogTrimmedError } from './event-log.ts';
import type { AppendedRange, Assignment, EventLog, LogBatch, PartitionReader, PartitionWorker, ReadOptions } from './event-log.ts';
import { partitionFor } from './partition-for.ts';
import { createWakeUps } from './wake-ups.ts';
import type { WakeUps } from './wake-ups.ts';

export interface EmbeddedLogOptions {
  postgres: Postgres;
  /** Partitions of a log that is made now. One that exists keeps its own. */
  partitions: number;
  /** Events a partition may hold before appends wait for the consumers. */
  backlogEventsMax: number;
  clock: Clock;
  logger: Logger;
}

/** A notification can be lost with its connection. Whoever waits looks again after this long; once a second costs nothing. */
const LOOK_AGAIN_MS = 1_000;

/** A few rows by their key. By this question it is found out whether the log can be had at all. */
const END_OFFSETS_MS_MAX = 10_000;

/** One append. Postgres holds a gigabyte in a value, but the text is in memory several times on its way there and back. */
const APPEND_BYTES_MAX = 67_108_864;

const NEWLINE = 0x0a;

/** Makes the partitions when there are none. The database must have been migrated. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EventLog> {
  const { postgres, partitions, logger } = options;
  const stored = await postgres.transaction((transaction) => createPartitions(transaction, { partitions, incarnation: randomUUID() }));
  if (stored.partitions !== partitions) {
    logger.warn({ partitions: stored.partitions, wanted: partitions }, 'the event log keeps the number of partitions it was made with');
  }
  const log = new EmbeddedLog(options, stored);
  await log.listen();
  return log;
}

class EmbeddedLog implements EventLog {
  readonly partitions: number;
  readonly #incarnation: string;
  readonly #postgres: Postgres;
  readonly #backlogEventsMax: number;
  readonly #clock: Clock;
  readonly #appended: WakeUps;
  readonly #trimmed: WakeUps;
  readonly #assignments = new Set<Assignment>();
  readonly #unlisten: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  constructor({ postgres, backlogEventsMax, clock }: EmbeddedLogOptions, { partitions, incarnation }: StoredLog) {
    this.partitions = partitions;
    this.#incarnation = incarnation;
    this.#postgres = postgres;
    this.#backlogEventsMax = backlogEventsMax;
    this.#clock = clock;
    this.#appended = createWakeUps(partitions);
    this.#trimmed = createWakeUps(partitions);
  }

  async listen(): Promise<void> {
    for (const [channel, wakeUps] of [
      [LOG_APPENDED, this.#appended],
      [LOG_TRIMMED, this.#trimmed],
    ] as const) {
      // An empty payload says that the connection was lost in between: anything may have happened.
      const onNotify = (payload: string) => wakeUps.happened(payload === '' ? undefined : Number(payload));
      this.#unlisten.push(await this.#postgres.listen(channel, onNotify));
    }
  }

  incarnation(): Promise<string> {
    return Promise.resolve(this.#incarnation);
  }

  partitionFor(customer: string): number {
    return partitionFor(customer, this.partitions);
  }

  endOffsets(): Promise<number[]> {
    return readEndOffsets(withQueryTimeout(this.#postgres, END_OFFSETS_MS_MAX));
  }

  trim(partition: number, beforeOffset: number): Promise<void> {
    return trimBatches(this.#postgres, { partition, beforeOffset });
  }

  async append(partition: number, texts: readonly (string | Buffer)[]): Promise<AppendedRange> {
    this.#refuseWhenClosed();
    const backlogEventsMax = this.#backlogEventsMax;
    if (texts.length === 0) {
      const { nextOffset } = await readPartition(this.#postgres, { partition, backlogEventsMax });
      return { partition, firstOffset: nextOffset, nextOffset };
    }
    const joined = joinEvents(texts);
    const events = countLines(joined);
    const packed = await packPayload(joined);
    for (;;) {
      const nextOffset = await appendBatch(this.#postgres, { partition, events, packed, backlogEventsMax });
      if (nextOffset !== undefined) return { partition, firstOffset: nextOffset - events, nextOffset };
      await this.#waitForRoom(partition);
    }
  }

  /** Also throws what `appendBatch` cannot tell from a full partition: that there is no such partition. */
  async #waitForRoom(partition: number): Promise<void> {
    for (;;) {
      const seen = this.#trimmed.count(partition);
      const { full } = await readPartition(this.#postgres, { partition, backlogEventsMax: this.#backlogEventsMax });
      if (!full) return;
      this.#refuseWhenClosed();
      await this.#trimmed.wait(partition, seen, LOOK_AGAIN_MS);
      this.#refuseWhenClosed();
    }
  }

  assign(worker: PartitionWorker): Promise<Assignment> {
    const stopped = new AbortController();
    const workers = Array.from({ length: this.partitions }, async (_, partition) => {
      try {
        await worker(this.reader(partition), stopped.signal);
      } catch (error) {
        // The others must not go on alone for long: the process is about to stop.
        stopped.abort();
        throw error;
      }
    });
    const assignment: Assignment = {
      done: Promise.all(workers).then(() => undefined),
      stop: async () => {
        stopped.abort();
        await Promise.allSettled(workers);
        this.#assignments.delete(assignment);
      },
    };
    this.#assignments.add(assignment);
    return Promise.resolve(assignment);
  }

  reader(partition: number): PartitionReader {
    return { partition, read: (fromOffset, options) => this.#read(partition, fromOffset, options) };
  }

  async #read(partition: number, fromOffset: number, options: ReadOptions): Promise<LogBatch | undefined> {
    const { maxEvents, beforeOffset = Infinity, waitMs, signal } = options;
    if (beforeOffset <= fromOffset) return undefined;
    // Offsets count events, so the batch that begins here is one too many.
    const toOffset = Math.min(fromOffset + maxEvents, beforeOffset);
    const deadlineMs = this.#clock.monotonicMs() + waitMs;
    while (signal?.aborted !== true && this.#closing === undefined) {
      const seen = this.#appended.count(partition);
      const { startOffset, endOffset, batches } = await readBatches(this.#postgres, { partition, fromOffset, toOffset });
      if (fromOffset < startOffset) throw new LogTrimmedError(partition, fromOffset, startOffset);
      if (fromOffset > endOffset) throw new LogEndsEarlierError(partition, fromOffset, endOffset);
      if (batches.length > 0) return await joinBatches(partition, batches, fromOffset, beforeOffset);
      const remainingMs = deadlineMs - this.#clock.monotonicMs();
      if (remainingMs <= 0) return undefined;
      await this.#appended.wait(partition, seen, Math.min(remainingMs, LOOK_AGAIN_MS), signal);
    }
    return undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Those who wait find the log closed; it counts as closed as soon as this method has returned its promise.
    await Promise.resolve();
    this.#appended.happened(undefined);
    this.#trimmed.happened(undefined);
    await Promise.all([...this.#assignments].map((assignment) => assignment.stop()));
    for (const stopListening of this.#unlisten) await stopListening();
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new Error('the event log was closed');
  }
}

function joinEvents(texts: readonly (string | Buffer)[]): Buffer {
  const [first] = texts;
  const joined = texts.length === 1 && Buffer.isBuffer(first) ? first : Buffer.from(texts.map(String).join('\n'));
  if (joined.length > APPEND_BYTES_MAX) throw new Error(`an append of ${joined.length} bytes; ${APPEND_BYTES_MAX} are the most`);
  return joined;
}

function countLines(bytes: Buffer): number {
  let lines = 1;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

/** The events in [fromOffset, beforeOffset) of consecutive batches. */
async function joinBatches(partition: number, batches: readonly Batch[], fromOffset: number, beforeOffset: number): Promise<LogBatch> {
  const payloads: string[] = [];
  let nextOffset = fromOffset;
  for (const batch of batches) {
    // Appends leave no gaps. One means that the tables were tampered with, and that events are lost.
    if (batch.firstOffset > nextOffset)
      throw new Error(`partition ${partition}: events ${nextOffset} to ${batch.firstOffset} are missing from the log`);
    const damaged = (cause?: unknown) => new Error(`partition ${partition}: the batch at ${batch.firstOffset} is damaged`, { cause });
    const text = await unpackPayload(batch.packed).catch((error: unknown) => Promise.reject(damaged(error)));
    const events = text.split('\n');
    if (events.length !== batch.nextOffset - batch.firstOffset) throw damaged();
    const end = Math.min(batch.nextOffset, beforeOffset);
    const wanted = events.slice(nextOffset - batch.firstOffset, end - batch.firstOffset);
    for (const event of wanted) payloads.push(event);
    nextOffset = end;
  }
  return {
    partition,
    firstOffset: fromOffset,
    nextOffset,
    payloads,
    offsets: payloads.map((_, at) => fromOffset + at),
    indexes: payloads.map(() => 0),
  };
}
