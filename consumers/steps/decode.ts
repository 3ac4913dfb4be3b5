/** Step 1: log payloads → rows in the text forms of both stores, dead letters beside them. */
import { decodeUsageEvent, type DecodeFailure } from '../../schemas/usage-event.ts';
import type { LogBatch } from '../../platform/event-log/event-log.ts';

/** Decoded events, arrays in step. `copyRows` is Postgres COPY text, `tsvRows` ClickHouse TabSeparated; both end in a newline. */
export interface DecodedBatch {
  partition: number;
  firstOffset: number;
  nextOffset: number;
  offsets: number[];
  indexes: number[];
  importIds: string[];
  /** YYYYMM of the event's time. */
  months: number[];
  copyRows: string[];
  tsvRows: string[];
  customers: Set<string>;
  meters: Set<string>;
  dead: DeadLetter[];
}

export interface DeadLetter {
  offset: number;
  index: number;
  failure: DecodeFailure;
  payload: string;
}

export function decodeBatch(batch: LogBatch, epoch: number): DecodedBatch {
  const decoded: DecodedBatch = {
    partition: batch.partition,
    firstOffset: batch.firstOffset,
    nextOffset: batch.nextOffset,
    offsets: [],
    indexes: [],
    importIds: [],
    months: [],
    copyRows: [],
    tsvRows: [],
    customers: new Set(),
    meters: new Set(),
    dead: [],
  };
  for (let k = 0; k < batch.payloads.length; k++) {
    const payload = batch.payloads[k] as string;
    const offset = batch.offsets[k] as number;
    const index = batch.indexes[k] as number;
    const outcome = decodeUsageEvent(payload);
    if (!outcome.ok) {
      decoded.dead.push({ offset, index, failure: outcome.failure, payload });
      continue;
    }
    const { event } = outcome;
    const customer = escapeText(event.customer);
    const meter = escapeText(event.meter);
    decoded.offsets.push(offset);
    decoded.indexes.push(index);
    decoded.importIds.push(event.importId);
    decoded.months.push(Number(event.time.slice(0, 4)) * 100 + Number(event.time.slice(5, 7)));
    decoded.customers.add(event.customer);
    decoded.meters.add(event.meter);
    decoded.copyRows.push(
      `${customer}\t${escapeText(event.id)}\t${meter}\t${event.time}\t${event.quantity}\t${escapeText(event.properties)}\t${event.importId}\t${event.line}\t${offset}\t${index}\n`,
    );
    const time = `${event.time.slice(0, 10)} ${event.time.slice(11, 26)}`;
    decoded.tsvRows.push(`${customer}\t${meter}\t${time}\t${event.quantity}\t${epoch}\t${batch.partition}\t${offset}\t${index}\n`);
  }
  return decoded;
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY text format and TabSeparated escape the same four characters the same way. Almost no value has one. */
function escapeText(value: string): string {
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] as string) : value;
}
