/**
 * Events on their way into the log. One batch per partition is sent while the next is being read.
 *
 * Each chunk's events are joined as soon as they are here: what waits is then a few long strings instead of thousands of young
 * ones, which the garbage collector would have to carry along.
 */
import type { AppendedRange, EventLog } from '../platform/event-log/event-log.ts';
import { announceMoment } from '../platform/moments.ts';
import type { EventBatch } from './csv/explode.ts';

/** Events per append and partition, on average: what the log and the consumers like best in one piece. */
const APPEND_EVENTS = 10_000;

export class Outbox {
  readonly #log: EventLog;
  #waiting: string[][];
  #events = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
    this.#waiting = Array.from({ length: log.partitions }, () => []);
  }

  get full(): boolean {
    return this.#events >= APPEND_EVENTS * this.#log.partitions;
  }

  add({ customers, payloads }: EventBatch): void {
    const parts = this.#waiting.map((): string[] => []);
    for (let k = 0; k < payloads.length; k++) {
      (parts[this.#log.partitionFor(customers[k] as string)] as string[]).push(payloads[k] as string);
    }
    for (const [partition, part] of parts.entries()) {
      if (part.length > 0) (this.#waiting[partition] as string[]).push(part.join('\n'));
    }
    this.#events += payloads.length;
  }

  /** Waits for the batch before, then sends this one and calls `acknowledged` once the log has all of it, with the places it got. */
  async send(acknowledged: (ranges: readonly AppendedRange[]) => Promise<void>): Promise<void> {
    await this.#sending;
    const batches = this.#waiting;
    this.#waiting = batches.map(() => []);
    this.#events = 0;
    const appends = batches.flatMap((texts, partition) => (texts.length > 0 ? [this.#log.append(partition, texts)] : []));
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
