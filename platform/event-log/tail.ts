/**
 * Recognises a log by the last record that was consumed of each partition.
 *
 * An offset says where to go on, not in which log: a topic that was deleted and made anew, or restored from an older copy, has
 * the same name and other events at the same offsets. So consumers keep a hash of the last record beside the offset, and look
 * whether it is still there before they go on.
 */
import { createHash } from 'node:crypto';
import { LogTrimmedError } from './event-log.ts';
import type { EventLog, LogBatch } from './event-log.ts';

/** The last record consumed of a partition. */
export interface LogTail {
  partition: number;
  offset: number;
  /** SHA-256 in hex over all events at that offset. */
  hash: string;
}

export type TailOutcome = 'same' | { partition: number; why: string };

/** What to keep of a batch that was consumed; undefined where it held no events, and the tail before it stays. */
export function tailOf(batch: LogBatch): LogTail | undefined {
  const offset = batch.offsets.at(-1);
  return offset === undefined ? undefined : { partition: batch.partition, offset, hash: hashAt(batch, offset) };
}

/** Whether the log is the one the tails were kept of: `same`, or the first partition where it is not, and why, for a person. */
export async function checkTail(log: EventLog, stored: readonly LogTail[]): Promise<TailOutcome> {
  const ends = await log.endOffsets();
  for (const tail of stored) {
    const why = await compare(log, tail, ends[tail.partition]);
    if (why !== undefined) return { partition: tail.partition, why: `partition ${tail.partition}: ${why}` };
  }
  return 'same';
}

async function compare(log: EventLog, { partition, offset, hash }: LogTail, endOffset: number | undefined): Promise<string | undefined> {
  if (endOffset === undefined) return 'the log no longer has it';
  if (offset >= endOffset)
    return `the log ends at offset ${endOffset}, and offset ${offset} was consumed: it was made anew, or restored from an older copy`;
  let batch: LogBatch | undefined;
  try {
    batch = await log.reader(partition).read(offset, { maxEvents: 1, waitMs: 0 });
  } catch (error) {
    // Trimmed as it should be. What has to be there is the event after it, and whoever reads that finds out.
    if (error instanceof LogTrimmedError) return undefined;
    throw error;
  }
  if (batch?.offsets[0] !== offset)
    return `the event at offset ${offset} was consumed and is no longer there, although the log begins before it`;
  return hashAt(batch, offset) === hash
    ? undefined
    : `at offset ${offset} stands another event than the one consumed: the log was made anew`;
}

/** Over all events of one message: they stand at one offset, and no read splits them. */
function hashAt({ offsets, payloads }: LogBatch, offset: number): string {
  const hash = createHash('sha256');
  for (let at = offsets.indexOf(offset); offsets[at] === offset; at += 1) hash.update(`${payloads[at]}\n`);
  return hash.digest('hex');
}
