/** A CSV to start from: the columns that a mapping reads, and two rows that show the form of each. */
import type { FieldError } from '../../core/errors.ts';
import { isEpochFormat } from '../../core/instant.ts';
import { newTimeFields, parseTimePattern } from '../../core/time-pattern.ts';
import type { DecimalStyle } from '../../core/decimal-text.ts';
import type { Mapping, Measure } from '../../schemas/http/imports.ts';
import { columnsOf } from './mapping-columns.ts';
import { resolveMapping } from './mapping.ts';

/** What a file without a mapping is best called, so that its columns are known by their names. */
export const DEFAULT_TEMPLATE: Mapping = {
  id: 'id',
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { column: 'meter' }, quantity: 'quantity' }],
};

/** Two times that lie in the past of every clock, and that every time zone has. */
const EXAMPLES = [
  { year: 2024, month: 3, day: 4, hour: 9, minute: 30, second: 0 },
  { year: 2024, month: 3, day: 5, hour: 14, minute: 5, second: 30 },
] as const;
const QUANTITIES = [
  { whole: '1250', fraction: '5' },
  { whole: '12', fraction: '' },
] as const;

/** Beyond this position a file to start from would be one that no one starts from. */
const POSITION_MAX = 10_000;

/** What would be wrong with a mapping in a file that has all its columns. */
export function mappingFaults(mapping: Mapping): FieldError[] {
  const header = headerOf(mapping);
  const outcome =
    header === undefined
      ? undefined
      : resolveMapping(
          mapping,
          header.map(({ name }) => name),
        );
  return outcome?.ok === false ? outcome.errors : [];
}

/** Comma-separated UTF-8 with a header and CRLF, as RFC 4180 has it. Undefined where a column is named by a position beyond 10,000. */
export function templateCsv(mapping: Mapping): string | undefined {
  const header = headerOf(mapping);
  if (header === undefined) return undefined;
  const rows = EXAMPLES.map((_, index) => {
    const cells = exampleCells(mapping, index);
    return header.map(({ column }) => cells.get(column) ?? '');
  });
  return [header.map(({ name }) => name), ...rows].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

/** Columns by position stand where they have to, the named ones in the places between; a place that nothing reads has a name that is free. */
function headerOf(mapping: Mapping): { column: string; name: string }[] | undefined {
  const columns = columnsOf(mapping);
  const placed = new Map<number, string>();
  const named: string[] = [];
  for (const column of columns) {
    const position = /^#([1-9]\d{0,5})$/.exec(column)?.[1];
    if (position === undefined) named.push(column);
    else placed.set(Number(position), column);
  }
  const header: { column: string; name: string }[] = [];
  const last = Math.max(0, ...placed.keys());
  if (last > POSITION_MAX) return undefined;
  for (let place = 1; place <= last || named.length > 0; place += 1) {
    const column = placed.get(place) ?? named.shift() ?? '';
    header.push({ column, name: column === '' || column.startsWith('#') ? `column ${place}` : column });
  }
  return header;
}

function exampleCells(mapping: Mapping, index: number): Map<string, string> {
  const cells = new Map<string, string>();
  const put = (source: string | { const: string } | { column: string }, text: string) => {
    const column = typeof source === 'string' ? source : 'column' in source ? source.column : undefined;
    if (column !== undefined && !cells.has(column)) cells.set(column, text);
  };
  for (const { column, in: values } of mapping.only ?? []) put(column, values[0] ?? '');
  [mapping.id ?? []].flat().forEach((column, part) => put(column, part === 0 ? `example-${index + 1}` : `part-${part + 1}`));
  put(mapping.customer, `customer-${index + 1}`);
  putTime(mapping, index, put);
  mapping.measures.forEach((measure, n) => {
    put(measure.meter, mapping.measures.length > 1 ? `meter-${n + 1}` : 'api_calls');
    put(measure.quantity, exampleQuantity(mapping, measure, index));
  });
  return cells;
}

function putTime(mapping: Mapping, index: number, put: (column: string, text: string) => void): void {
  const text = exampleTime(mapping, index);
  const columns = [mapping.time].flat();
  const parts = text.split(' ');
  columns.forEach((column, n) => put(column, n === columns.length - 1 ? parts.slice(n).join(' ') : (parts[n] ?? '')));
}

function exampleTime({ time, timeZone, timeFormat }: Mapping, index: number): string {
  const { year, month, day, hour, minute, second } = EXAMPLES[index] ?? EXAMPLES[0];
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const iso = new Date(epochMs).toISOString();
  if (timeFormat === undefined) {
    const local = Array.isArray(time) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : `${iso.slice(0, 19)}`;
    return timeZone === undefined ? `${local}Z` : local;
  }
  if (isEpochFormat(timeFormat)) return `${epochMs}000000`.slice(0, { epoch_s: 10, epoch_ms: 13, epoch_us: 16, epoch_ns: 19 }[timeFormat]);
  const parsed = parseTimePattern(timeFormat);
  const weekday = new Date(epochMs).getUTCDay();
  return parsed.ok ? parsed.pattern.format({ ...newTimeFields(), ...EXAMPLES[index], weekday }) : iso;
}

function exampleQuantity(mapping: Mapping, measure: Measure, index: number): string {
  const own = measure.decimal ?? measure.thousands ?? measure.grouping;
  const { decimal = '.', thousands }: DecimalStyle = own === undefined ? mapping : measure;
  const { whole, fraction } = QUANTITIES[index] ?? QUANTITIES[0];
  // 1,250: groups of three and Indian groups are the same here.
  const grouped = whole.length > 3 ? `${whole.slice(0, -3)}${thousands ?? ''}${whole.slice(-3)}` : whole;
  return `${grouped}${fraction === '' ? '' : decimal + fraction}${measure.percent === true ? '%' : ''}`;
}

function quoted(cell: string): string {
  return /[",\r\n]|^ | $/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
