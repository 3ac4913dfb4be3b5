/** What the fault suite needs of a running installation, whatever the mode. */
import type { PlannedFault } from './planned-fault.ts';

export interface System {
  /** Kinds of faults it can be met with. */
  readonly kinds: readonly string[];
  /** The answer of a process that serves the path; throws while there is none. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** A process that takes streams: another one at each call, where there are several. Throws while there is none. */
  ingest(): { url: string; key: string };
  /** Does what is planned and mends it. Returns when the fault is over; what it ended may still be starting again. */
  meet(fault: PlannedFault): Promise<void>;
  /** Nothing is broken any more and everything runs. */
  heal(): Promise<void>;
  /** Before `stop`. */
  postgres<Row extends Record<string, unknown>>(sql: string): Promise<Row[]>;
  /** Stops the program in order; from then on only the stores answer. */
  stop(): Promise<void>;
  /** After `stop`. */
  clickhouse<Row>(sql: string): Promise<Row[]>;
  /** Faults met, in words, for the line of the seed. */
  report(): string;
  /** What the processes printed. */
  output(): string;
  /** Removes everything. */
  close(): Promise<void>;
}
