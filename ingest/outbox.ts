/**
 * Events on their way into the log. One batch per partition is sent while the next is being read.
 *
 * They wait as bytes: see LineBytes.
 */
import type { AppendedRange, EventLog } from '../platform/event-log/event-log.ts';
import { LineBytes } from '../platform/line-bytes.ts';
import { announceMoment } from '../platform/moments.ts';
import type { EventBatch } from './csv/explode.ts';

/** Events per append and partition, on average: what the log and the consumers like best in one piece. */
const APPEND_EVENTS = 10_000;

export class Outbox {
  readonly #log: EventLog;
  #waiting: LineBytes[];
  #events = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
    this.#waiting = Array.from({ length: log.partitions }, () => new LineBytes());
  }

  get full(): boolean {
    return this.#events >= APPEND_EVENTS * this.#log.partitions;
  }

  add({ customers, payloads }: EventBatch): void {
    for (let k = 0; k < payloads.length; k++) {
      (this.#waiting[this.#log.partitionFor(customers[k] as string)] as LineBytes).add(payloads[k] as string);
    }
    this.#events += payloads.length;
  }

  /** Waits for the batch before, then sends this one and calls `acknowledged` once the log has all of it, with the places it got. */
  async send(acknowledged: (ranges: readonly AppendedRange[]) => Promise<void>): Promise<void> {
    await this.#sending;
    const batches = this.#waiting;
    this.#waiting = batches.map(() => new LineBytes());
    this.#events = 0;
    const appends = batches.flatMap((events, partition) =>
      events.lines > 0 ? [this.#log.append(partition, [events.bytes().subarray(0, -1)])] : [],
    );
    this.#sending = Promise.all(appends).then((ranges) => {
      announceMoment('published');
      return acknowledged(ranges);
    });
    // Whoever waits next gets the error; until then it must not count as unhandled.
    this.#sending.catch(() => undefined);
  }

  async settle(): Promise<void> {
    await this.#sending;
  }
}
