/** NDJSON as rows of one cell each, so that lines, limits, rejects and source lines of a JSON stream are those of a file. */
import { type Mapping, NDJSON_DELIMITER, type StoredDialect } from '../../schemas/http/imports.ts';
import { ENCODED_EVENT_BYTES_MAX } from '../../schemas/usage-event.ts';
import { createExploder, type EventBatch, type Exploder } from '../csv/explode.ts';
import type { RowFault } from '../csv/faults.ts';
import type { ResolvedMapping } from '../csv/mapping.ts';
import { readEvent, type EventText } from './json-event.ts';

/** Another character that JSON holds in escapes only: nothing in a line is quoted. */
const NO_QUOTE = '\u0002';

export const NDJSON_DIALECT: StoredDialect = {
  encoding: 'utf-8',
  bom: false,
  delimiter: NDJSON_DELIMITER,
  quote: NO_QUOTE,
  escape: NO_QUOTE,
  newline: 'LF',
  header: false,
  skipLines: 0,
  comment: '',
  trailingDelimiter: false,
  shortRows: 'reject',
  // A line is one cell, and no larger than an event may be in the log.
  limits: { columnsMax: 1, cellBytesMax: ENCODED_EVENT_BYTES_MAX, recordBytesMax: ENCODED_EVENT_BYTES_MAX },
};
/** The one column, as source lines show it. */
export const NDJSON_HEADER: readonly string[] = ['event'];

/** How our own shape and CloudEvents are read. */
export const EVENT_MAPPING: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
};

/** The members that a mapping names, once each: the columns of the rows it makes. */
export function membersOf({ id, customer, time, measures, properties, only = [], customerVisible = [] }: Mapping): string[] {
  const sources = [customer, ...measures.map(({ quantity }) => quantity)].flatMap((source) => (typeof source === 'string' ? [source] : []));
  const meters = measures.flatMap(({ meter }) => ('column' in meter ? [meter.column] : []));
  const kept = Array.isArray(properties) ? properties : [];
  return [
    ...new Set([
      ...(id === undefined ? [] : [id].flat()),
      ...[time].flat(),
      ...sources,
      ...meters,
      ...kept,
      ...only.map(({ column }) => column),
      ...customerVisible,
    ]),
  ];
}

export interface JsonExploderOptions {
  /** Resolved for the members that it names. */
  mapping: ResolvedMapping;
  /** Events have our own shape, or are CloudEvents. */
  own: boolean;
  importId: string;
  nowMs: number;
}

/** Explodes rows of one cell, which is an event in JSON. */
export class JsonExploder implements Exploder {
  readonly #inner: Exploder;
  readonly #columns: readonly string[];
  readonly #own: boolean;
  #event: EventText | undefined;

  constructor({ mapping, own, importId, nowMs }: JsonExploderOptions) {
    this.#inner = createExploder({ mapping, importId, nowMs });
    this.#columns = mapping.header;
    this.#own = own;
  }

  get eventCount(): number {
    return this.#inner.eventCount;
  }

  check(cells: readonly string[]): RowFault | undefined {
    const outcome = readEvent(cells[0] as string, this.#own ? undefined : this.#columns);
    if (!outcome.ok) return outcome.fault;
    const { event } = outcome;
    this.#event = event;
    return this.#inner.check(this.#columns.map((name) => event.cells.get(name) ?? ''));
  }

  givenId(): string {
    return this.#own ? (this.#event?.cells.get('id') ?? '') : this.#inner.givenId();
  }

  push(id: string, line: number, out: EventBatch): RowFault | undefined {
    return this.#inner.push(id, line, out, this.#event?.properties);
  }
}
