/**
 * Step 1: log payloads → text for both stores, dead letters beside it.
 *
 * Rows are bytes from the moment they are made, those for ClickHouse while their event is young.
 */
import type { LogBatch } from '../../platform/event-log/event-log.ts';
import { LineBytes } from '../../platform/line-bytes.ts';
import { tailOf, type LogTail } from '../../platform/event-log/tail.ts';
import { decodeUsageEvent, type DecodeFailure, type UsageEvent } from '../../schemas/usage-event.ts';
import type { RollupBatch } from '../handoff.ts';
import { nameDeadLetter, type DeadLetterName } from './name-dead-letter.ts';
import type { RecentKeys } from './recent-keys.ts';
import { RowSorter, type SortedRows } from './sort-rows.ts';

export interface DecodedBatch extends SortedRows {
  partition: number;
  firstOffset: number;
  nextOffset: number;
  /** Events, dead letters not counted. */
  events: number;
  /** Events by import, and where its first one stands. */
  imports: ReadonlyMap<string, { events: number; firstOffset: number }>;
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

/** With the keys of the batches before, whose events are suspected to be there. */
export function decodeBatch(batch: LogBatch, epoch: number, recentKeys?: RecentKeys): DecodedBatch {
  const imports = new Map<string, { events: number; firstOffset: number }>();
  const meters = new Set<string>();
  const dead: DeadLetter[] = [];
  const copy = new RowSorter();
  const rollup = new RollupRows(batch, epoch);
  const { partition, firstOffset, nextOffset } = batch;
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
    meters.add(event.meter);
    const customer = escapeText(event.customer);
    const meter = escapeText(event.meter);
    copy.add(
      event.customer,
      event.id,
      `${customer}\t${escapeText(event.id)}\t${meter}\t${event.time}\t${event.quantity}\t${escapeText(event.properties)}\t${event.importId}\t${event.line}\t${epoch}\t${partition}\t${offset}\t${index}`,
      recentKeys?.add(event.customer, event.id) ?? false,
    );
    rollup.add(customer, meter, event, offset, index);
  }
  return {
    partition,
    firstOffset,
    nextOffset,
    events: copy.rows,
    imports,
    ...copy.sorted(),
    customers: copy.customers(),
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

/** The same from the rows of all events: what `rollupRows` makes of the log again, for a tenth of the time. */
export function withoutDropped({ firstOffset, nextOffset, months }: RollupBatch, dropped: ReadonlySet<string>): RollupBatch {
  const kept: RollupBatch = { firstOffset, nextOffset, rows: 0, months: new Map() };
  for (const [month, { tsv }] of months) {
    const rows = rowsWithout(tsv, dropped);
    if (rows.lines === 0) continue;
    kept.months.set(month, { rows: rows.lines, tsv: rows.bytes() });
    kept.rows += rows.lines;
  }
  return kept;
}

const TAB = 0x09;
const NEWLINE = 0x0a;

/** The rows whose position is none of these. Values are escaped: a line ends where a row does, and in offset and index. */
export function rowsWithout(rows: Buffer, positions: ReadonlySet<string>): LineBytes {
  const kept = new LineBytes();
  for (let start = 0, end = rows.indexOf(NEWLINE) + 1; end > 0; start = end, end = rows.indexOf(NEWLINE, start) + 1) {
    const indexAt = rows.lastIndexOf(TAB, end) + 1;
    const offsetAt = rows.lastIndexOf(TAB, indexAt - 2) + 1;
    if (!positions.has(rows.toString('latin1', offsetAt, end - 1).replace('\t', ':'))) kept.copy(rows, start, end);
  }
  return kept;
}

class RollupRows {
  readonly #batch: LogBatch;
  readonly #epoch: number;
  readonly #months = new Map<number, LineBytes>();
  #rows = 0;

  constructor(batch: LogBatch, epoch: number) {
    this.#batch = batch;
    this.#epoch = epoch;
  }

  add(customer: string, meter: string, { time, quantity }: UsageEvent, offset: number, index: number): void {
    const month = Number(time.slice(0, 4)) * 100 + Number(time.slice(5, 7));
    let rows = this.#months.get(month);
    if (!rows) this.#months.set(month, (rows = new LineBytes()));
    rows.add(`${customer}\t${meter}\t${time}\t${quantity}\t${this.#epoch}\t${this.#batch.partition}\t${offset}\t${index}`);
    this.#rows++;
  }

  batch(): RollupBatch {
    const { firstOffset, nextOffset } = this.#batch;
    const months = new Map([...this.#months].map(([month, rows]) => [month, { rows: rows.lines, tsv: rows.bytes() }]));
    return { firstOffset, nextOffset, rows: this.#rows, months };
  }
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY text format and TabSeparated escape the same four characters the same way. Almost no value has one. */
export function escapeText(value: string): string {
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] as string) : value;
}
