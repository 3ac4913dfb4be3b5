/** What a driver brings to the event log contract. */
import type { EventLog, PartitionReader } from '../../platform/event-log/event-log.ts';

export const BACKLOG_EVENTS_MAX = 1_000;

export interface EventLogUnderTest {
  /** A log with 3 partitions, at most `BACKLOG_EVENTS_MAX` events each. After `reopen`, the new one. */
  readonly log: EventLog;
  /** Another process' view of the same log. Closed by `close`. */
  another(): Promise<EventLog>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** What the port leaves to the driver: true, or the reason why it is otherwise. */
export interface EventLogCapabilities {
  /** What was trimmed is gone at once. */
  trims: true | string;
  /** Appends wait while the backlog is full. */
  bounded: true | string;
}

export interface EventLogServer {
  /** A log that is empty. */
  openLog(): Promise<EventLogUnderTest>;
  close(): Promise<void>;
}

/** A read that waits as long as it takes for something to come. */
export const PATIENTLY = { maxEvents: 10_000, waitMs: 30_000 } as const;
export const AT_ONCE = { maxEvents: 10_000, waitMs: 0 } as const;

export const events = (from: number, to: number, prefix = 'event') =>
  Array.from({ length: to - from }, (_, at) => `${prefix}-${from + at}`);

/** Runs `work` with the reader of one partition. */
export async function withReader<T>(log: EventLog, partition: number, work: (reader: PartitionReader) => Promise<T>): Promise<T> {
  const result = Promise.withResolvers<T>();
  const assignment = await log.assign(async (reader) => {
    if (reader.partition !== partition) return;
    await work(reader).then(result.resolve, result.reject);
  });
  try {
    return await result.promise;
  } finally {
    await assignment.stop();
  }
}

/** Reads on until that many events have come. */
export async function readAll(
  reader: PartitionReader,
  fromOffset: number,
  count: number,
): Promise<{ payloads: string[]; offsets: number[] }> {
  const all = { payloads: [] as string[], offsets: [] as number[] };
  for (let next = fromOffset; all.payloads.length < count;) {
    const batch = await reader.read(next, PATIENTLY);
    if (batch === undefined) throw new Error(`only ${all.payloads.length} of ${count} events came`);
    all.payloads.push(...batch.payloads);
    all.offsets.push(...batch.offsets);
    next = batch.nextOffset;
  }
  return all;
}
