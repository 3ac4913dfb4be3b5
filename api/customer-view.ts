/**
 * What a customer sees of a line that usage came in: the columns that were mapped, and those that the mapping calls `customerVisible`. The
 * rest of a file is between those who sent it and those who bill: costs, names of servers, notes about other customers.
 */
import { compactJson, readJson, type JsonText } from '../core/json-text.ts';
import type { Scope } from '../platform/access/scope.ts';
import { isNdjson, type Mapping, type StoredDialect } from '../schemas/http/imports.ts';

/** How an import was read. */
export interface Reading {
  mapping: Mapping | null;
  /** Of the file; of NDJSON the one column that a line is. */
  header: readonly string[] | null;
}

type Properties<Value> = Record<string, Value>;

/** Of the properties of an event, all of them for staff. Without a reading nothing is known to be visible. */
export function visibleProperties<Value>(scope: Scope, properties: Properties<Value>, reading: Reading | undefined): Properties<Value> {
  if (scope.customer === undefined) return properties;
  const header = reading?.header ?? [];
  // Properties are named by the header, which a mapping may speak of by position.
  const visible = new Set((reading?.mapping?.customerVisible ?? []).map((column) => nameOf(column, header)));
  return Object.fromEntries(Object.entries(properties).filter(([name]) => visible.has(name)));
}

export interface SourceCells {
  header: string[];
  cells: string[];
  raw: string;
}

/** The line with the visible columns alone, written anew: in the text as it was the others would still stand. */
export function visibleSource({ header, cells, raw }: SourceCells, mapping: Mapping | null, dialect: StoredDialect): SourceCells {
  if (mapping === null) return { header: [], cells: [], raw: '' };
  if (isNdjson(dialect)) {
    const text = visibleEvent(raw, mapping);
    return { header, cells: [text], raw: text };
  }
  const columns = [...mappedColumns(mapping), ...(mapping.customerVisible ?? [])];
  const positions = new Set(columns.map((column) => positionOf(column, header)).filter((at) => at !== -1));
  const shown = [...positions].sort((a, b) => a - b);
  const shownCells = shown.map((at) => cells[at] ?? '');
  return {
    header: shown.map((at) => header[at] ?? ''),
    cells: shownCells,
    raw: shownCells.map((cell) => written(cell, dialect)).join(dialect.delimiter),
  };
}

function written(cell: string, { delimiter, quote }: StoredDialect): string {
  const isPlain = quote === '' || !(cell.includes(delimiter) || cell.includes(quote) || /[\r\n]/.test(cell));
  return isPlain ? cell : `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`;
}

/** The members that an event was read from. Of our own shape and of CloudEvents these are always the same. */
function visibleEvent(raw: string, mapping: Mapping): string {
  const event = readJson(raw);
  if (!event.ok || event.value.kind !== 'object') return '';
  const { members } = event.value;
  const isMapped = mapping.properties !== undefined;
  const names = isMapped ? [...mappedColumns(mapping), ...(mapping.customerVisible ?? [])] : members.has('specversion') ? CLOUD : OWN;
  const shown = only(members, names);
  const data = isMapped ? undefined : members.get('data');
  if (data?.kind === 'object') shown.set('data', { kind: 'object', members: only(data.members, MEASURED) });
  return compactJson({ kind: 'object', members: shown });
}

const OWN = ['id', 'customer', 'meter', 'time', 'quantity'];
const CLOUD = ['specversion', 'id', 'source', 'type', 'subject', 'time'];
/** Of the data of a CloudEvent. */
const MEASURED = ['meter', 'quantity'];

function only(members: ReadonlyMap<string, JsonText>, names: readonly string[]): Map<string, JsonText> {
  return new Map([...members].filter(([name]) => names.includes(name)));
}

/** What an event is made of; what is kept beside it, as a property, is not among them. */
function mappedColumns({ id, customer, time, measures }: Mapping): string[] {
  const sources = [customer, ...measures.map(({ quantity }) => quantity)].flatMap((source) => (typeof source === 'string' ? [source] : []));
  const meters = measures.flatMap(({ meter }) => ('column' in meter ? [meter.column] : []));
  return [...(id === undefined ? [] : [id].flat()), ...[time].flat(), ...sources, ...meters];
}

/** A name comes before a position. -1 where there is no such column. */
export function positionOf(column: string, header: readonly string[]): number {
  const named = header.indexOf(column);
  const position = /^#([1-9]\d{0,5})$/.exec(column)?.[1];
  if (named !== -1 || position === undefined || Number(position) > header.length) return named;
  return Number(position) - 1;
}

function nameOf(column: string, header: readonly string[]): string {
  const at = positionOf(column, header);
  return at === -1 ? column : header[at] || `#${at + 1}`;
}
