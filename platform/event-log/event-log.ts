/**
 * Port: the event log. An ordered, durable, partitioned log of encoded events.
 *
 * The unit is the event. Where a driver packs several events into one message, `offset` names the message and `index`
 * the place within it; (epoch, partition, offset, index) is the position of an event for ever.
 * Every driver passes `test/contract/event-log.contract.ts`.
 */

export interface AppendedRange {
  partition: number;
  /** Offset of the first event appended. */
  firstOffset: number;
  /** Offset after the last one: ranges are half-open. */
  nextOffset: number;
}

/** A run of consecutive events of one partition. Arrays run in step: `payloads[k]` stands at `offsets[k]`, `indexes[k]`. */
export interface LogBatch {
  partition: number;
  firstOffset: number;
  /** Where the next read goes on. Larger than the last offset by one, or more where the log has gaps. */
  nextOffset: number;
  payloads: readonly string[];
  offsets: readonly number[];
  indexes: readonly number[];
}

export interface ReadOptions {
  /** Stop after the batch that reaches this many events (a batch is never split). */
  maxEvents: number;
  /** Never read at or beyond this offset. */
  beforeOffset?: number;
  /** How long to wait for an event when there is none yet; 0 = answer at once. */
  waitMs: number;
  signal?: AbortSignal;
}

export interface PartitionReader {
  readonly partition: number;
  /** The events from `fromOffset` on; undefined when none came within `waitMs` or the signal fired.
   *  Throws `LogTrimmedError` when `fromOffset` has been trimmed away, and `LogEndsEarlierError` when the log has never come that
   *  far: that is data loss, never a reason to skip. Without events, but with a `nextOffset`, where a gap is all there is. */
  read(fromOffset: number, options: ReadOptions): Promise<LogBatch | undefined>;
}

/** Runs once per partition while this process holds it; returns soon after the signal fires. A throw stops the process. */
export type PartitionWorker = (reader: PartitionReader, signal: AbortSignal) => Promise<void>;

export interface Assignment {
  /** Rejects when a worker failed; settles after `stop`. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** A message that was no event, as those who follow the topic of dead letters see it. */
export interface PublishedDeadLetter {
  /** Decimal string of a 64-bit integer. */
  id: string;
  position: { epoch: number; partition: number; offset: number; index: number };
  code: string;
  message: string;
  payload: string;
  /** ISO 8601. */
  createdAt: string;
}

/** Where dead letters are published for others. A letter may come twice, under the same id. */
export interface DeadLetterTopic {
  /** In order; durable when it returns. A payload that is larger than a message may be is cut, and the message says so. */
  publish(letters: readonly PublishedDeadLetter[]): Promise<void>;
}

export interface EventLog {
  readonly partitions: number;
  /** Absent where whoever wants to follow dead letters reads their table. */
  readonly deadLetters?: DeadLetterTopic;
  /** Rejects when the log turns out to be unusable for good: the process has to end. Absent where that cannot happen. */
  readonly broken?: Promise<never>;
  /** Names this incarnation of the log: another value means that offsets begin anew. */
  incarnation(): Promise<string>;
  /** The partition of a customer. Stable for the life of an incarnation. */
  partitionFor(customer: string): number;
  /** Each text, as it is or in UTF-8, is one event, or several joined by newlines (an encoded event holds none); each event gets an offset of its own.
   *  Durable when it returns. All or nothing, in order, and never interleaved with another append. Waits while the backlog is full. */
  append(partition: number, texts: readonly (string | Buffer)[]): Promise<AppendedRange>;
  /** The offset the next event of each partition will get, by partition. */
  endOffsets(): Promise<number[]>;
  assign(worker: PartitionWorker): Promise<Assignment>;
  /** Reads beside those who hold the partition, and without keeping anybody from it: for checks. */
  reader(partition: number): PartitionReader;
  /** Events before this offset are no longer needed by anyone. */
  trim(partition: number, beforeOffset: number): Promise<void>;
  close(): Promise<void>;
}

export class LogTrimmedError extends Error {
  constructor(partition: number, fromOffset: number, startOffset: number) {
    super(`partition ${partition}: offset ${fromOffset} was trimmed away, the log begins at ${startOffset}`);
    this.name = 'LogTrimmedError';
  }
}

/** An offset was read or kept that this log never gave out: it is another log, or an older copy of this one. */
export class LogEndsEarlierError extends Error {
  constructor(partition: number, fromOffset: number, endOffset: number) {
    super(`partition ${partition}: offset ${fromOffset} is beyond the end of the log, ${endOffset}`);
    this.name = 'LogEndsEarlierError';
  }
}

/** The log has been replaced by another one of the same name while it was open: nothing that is in it now is to be believed. */
export class LogReplacedError extends Error {
  constructor(name: string) {
    super(
      `the event log ${name} was deleted and made anew while it was in use. What had not been consumed of it is gone; ` +
        `docs/operations.md says how to go on with another topic`,
    );
    this.name = 'LogReplacedError';
  }
}
