/** What a driver brings to the event log contract. */
import type { EventLog } from '../../platform/event-log/event-log.ts';

export const BACKLOG_EVENTS_MAX = 1_000;

export interface EventLogUnderTest {
  /** A log with 3 partitions, at most `BACKLOG_EVENTS_MAX` events each. After `reopen`, the new one. */
  readonly log: EventLog;
  /** Another process' view of the same log. Closed by `close`. */
  another(): Promise<EventLog>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export interface EventLogServer {
  /** A log that is empty. */
  openLog(): Promise<EventLogUnderTest>;
  close(): Promise<void>;
}

/** A read that waits as long as it takes for something to come. */
export const PATIENTLY = { maxEvents: 10_000, waitMs: 30_000 } as const;
