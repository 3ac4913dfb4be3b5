/**
 * Step 1: log payloads → text for both stores, dead letters beside it.
 *
 * Rows are joined to larger texts right here, while they are young: what waits for a store is then a few long strings instead of
 * ten thousand small ones, each made of a dozen pieces, which the garbage collector would have to carry along (it was a third of
 * all time spent).
 */
import type { LogBatch } from '../../platform/event-log/event-log.ts';
import { tailOf, type LogTail } from '../../platform/event-log/tail.ts';
import { decodeUsageEvent, type DecodeFailure, type UsageEvent } from '../../schemas/usage-event.ts';
import type { RollupBatch } from '../handoff.ts';
import { nameDeadLetter, type DeadLetterName } from './name-dead-letter.ts';

export interface DecodedBatch {
  partition: number;
  firstOffset: number;
  nextOffset: number;
  /** Events, dead letters not counted. */
  events: number;
  /** Events by import, and where its first one stands. */
  imports: ReadonlyMap<string, { events: number; firstOffset: number }>;
  /** The events as Postgres COPY text, in pieces of some hundred rows. */
  copyTexts: readonly string[];
  customers: ReadonlySet<string>;
  meters: ReadonlySet<string>;
  dead: readonly DeadLetter[];
  /** All events as rows for ClickHouse, as if none were refused. */
  rollup: RollupBatch;
  /** The last events, to know the log again by. */
  tail: LogTail | undefined;
}

export interface DeadLetter {
  offset: number;
  index: number;
  failure: DecodeFailure;
  payload: string;
  name: DeadLetterName;
}

export function positionKey(offset: number, index: number): string {
  return `${offset}:${index}`;
}

export function decodeBatch(batch: LogBatch, epoch: number): DecodedBatch {
  const imports = new Map<string, { events: number; firstOffset: number }>();
  const customers = new Set<string>();
  const meters = new Set<string>();
  const dead: DeadLetter[] = [];
  const copy = new TextJoiner();
  const rollup = new RollupRows(batch, epoch);
  for (let k = 0; k < batch.payloads.length; k++) {
    const payload = batch.payloads[k] as string;
    const offset = batch.offsets[k] as number;
    const index = batch.indexes[k] as number;
    const outcome = decodeUsageEvent(payload);
    if (!outcome.ok) {
      dead.push({ offset, index, failure: outcome.failure, payload, name: nameDeadLetter(payload) });
      continue;
    }
    const { event } = outcome;
    const ofImport = imports.get(event.importId);
    if (ofImport) ofImport.events++;
    else imports.set(event.importId, { events: 1, firstOffset: offset });
    customers.add(event.customer);
    meters.add(event.meter);
    const customer = escapeText(event.customer);
    const meter = escapeText(event.meter);
    copy.add(
      `${customer}\t${escapeText(event.id)}\t${meter}\t${event.time}\t${event.quantity}\t${escapeText(event.properties)}\t${event.importId}\t${event.line}\t${offset}\t${index}\n`,
    );
    rollup.add(customer, meter, event, offset, index);
  }
  const { partition, firstOffset, nextOffset } = batch;
  return {
    partition,
    firstOffset,
    nextOffset,
    events: copy.rows,
    imports,
    copyTexts: copy.texts(),
    customers,
    meters,
    dead,
    tail: tailOf(batch),
    rollup: rollup.batch(),
  };
}

/** The accepted events of a batch as rows for ClickHouse, in log order: the same events always make the same rows. */
export function rollupRows(batch: LogBatch, epoch: number, dropped: ReadonlySet<string>): RollupBatch {
  const rollup = new RollupRows(batch, epoch);
  for (let k = 0; k < batch.payloads.length; k++) {
    const offset = batch.offsets[k] as number;
    const index = batch.indexes[k] as number;
    if (dropped.size > 0 && dropped.has(positionKey(offset, index))) continue;
    const outcome = decodeUsageEvent(batch.payloads[k] as string);
    if (!outcome.ok) throw new Error(`partition ${batch.partition}: the event at ${offset} cannot be read, but is not marked`);
    rollup.add(escapeText(outcome.event.customer), escapeText(outcome.event.meter), outcome.event, offset, index);
  }
  return rollup.batch();
}

class RollupRows {
  readonly #batch: LogBatch;
  readonly #epoch: number;
  readonly #months = new Map<number, TextJoiner>();
  #rows = 0;

  constructor(batch: LogBatch, epoch: number) {
    this.#batch = batch;
    this.#epoch = epoch;
  }

  add(customer: string, meter: string, { time, quantity }: UsageEvent, offset: number, index: number): void {
    const month = Number(time.slice(0, 4)) * 100 + Number(time.slice(5, 7));
    let rows = this.#months.get(month);
    if (!rows) this.#months.set(month, (rows = new TextJoiner()));
    rows.add(`${customer}\t${meter}\t${time}\t${quantity}\t${this.#epoch}\t${this.#batch.partition}\t${offset}\t${index}\n`);
    this.#rows++;
  }

  batch(): RollupBatch {
    const { firstOffset, nextOffset } = this.#batch;
    const months = new Map([...this.#months].map(([month, joiner]) => [month, { rows: joiner.rows, tsv: joiner.texts().join('') }]));
    return { firstOffset, nextOffset, rows: this.#rows, months };
  }
}

/** Rows that are joined at a time: long enough to be few, short enough to be joined before the next collection. */
const JOINED_ROWS = 500;

class TextJoiner {
  readonly #texts: string[] = [];
  #waiting: string[] = [];
  rows = 0;

  add(row: string): void {
    this.rows++;
    if (this.#waiting.push(row) === JOINED_ROWS) this.#join();
  }

  texts(): string[] {
    if (this.#waiting.length > 0) this.#join();
    return this.#texts;
  }

  #join(): void {
    this.#texts.push(this.#waiting.join(''));
    this.#waiting = [];
  }
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY text format and TabSeparated escape the same four characters the same way. Almost no value has one. */
export function escapeText(value: string): string {
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] as string) : value;
}
