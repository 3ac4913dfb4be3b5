/** A mapping made ready for the columns of one file: names become positions, and every fault of it is found at once. */
import { createDecimalReader } from '../../core/decimal-text.ts';
import type { DecimalStyle } from '../../core/decimal-text.ts';
import type { FieldError } from '../../core/errors.ts';
import { saysOffset, timeFormatProblem } from '../../core/instant.ts';
import { isTimeZone } from '../../core/zone.ts';
import type { Mapping, Measure } from '../../schemas/http/imports.ts';
import { isErrorColumn } from './error-columns.ts';
import { list } from './infer-mapping.ts';
import { suggestColumn } from './synonyms.ts';

/** A column (0-based), or the same text for every row. */
export type CellSource = { column: number } | { const: string };

export interface ResolvedMeasure {
  meter: CellSource;
  /** A constant is already canonical. */
  quantity: CellSource;
  skipEmpty: boolean;
  style: DecimalStyle;
}

export interface ResolvedMapping {
  header: readonly string[];
  identity: 'id-column' | 'row' | 'file';
  /** Columns of the id; empty unless identity is `id-column`. */
  id: readonly number[];
  customer: CellSource;
  time: number;
  /** Columns whose cells belong to the time as well, each behind a space. */
  timeRest: readonly number[];
  timeZone: string | undefined;
  timeFormat: string | undefined;
  measures: readonly ResolvedMeasure[];
  /** Columns kept as properties, sorted by name. */
  properties: readonly { name: string; column: number }[];
  /** What stands for nothing, the empty cell aside. */
  nullTokens: ReadonlySet<string>;
  /** Rows with another cell there are no usage. */
  only: readonly { column: number; values: ReadonlySet<string> }[];
  /** Columns whose cells make the identity of a row. Undefined: the column does not count. */
  rowNames: readonly (string | undefined)[];
  /** Columns that a customer may see of a source line. */
  visible: readonly number[];
}

export type MappingOutcome = { ok: true; resolved: ResolvedMapping } | { ok: false; errors: FieldError[] };

/** Resolves columns by name, or by `#`-position. Errors have the code `mapping_incomplete` and the path within the mapping. */
export function resolveMapping(mapping: Mapping, header: readonly string[]): MappingOutcome {
  const columns = new Columns(header);
  const id =
    mapping.id === undefined
      ? []
      : [mapping.id].flat().map((name, index) => columns.find(name, Array.isArray(mapping.id) ? `id/${index}` : 'id'));
  const customer = columns.source(mapping.customer, 'customer');
  const [time = -1, ...timeRest] = [mapping.time]
    .flat()
    .map((name, index) => columns.find(name, Array.isArray(mapping.time) ? `time/${index}` : 'time'));
  checkStyle(mapping, '', columns);
  const measures = mapping.measures.map((measure, index) => resolveMeasure(measure, mapping, `measures/${index}`, columns));
  checkMeters(measures, columns);
  checkTime(mapping, columns);
  const only = (mapping.only ?? []).map((rule, index) => ({
    column: columns.find(rule.column, `only/${index}/column`),
    values: new Set(rule.in),
  }));
  if (mapping.id !== undefined && mapping.identity !== undefined)
    columns.refuse('identity', 'with an id column the id is the identity; leave one of the two out');
  const visible = (mapping.customerVisible ?? []).map((name, index) => columns.find(name, `customerVisible/${index}`));
  const mapped = [
    ...id,
    time,
    ...timeRest,
    ...[customer, ...measures.flatMap(({ meter, quantity }) => [meter, quantity])].flatMap((source) =>
      'column' in source ? [source.column] : [],
    ),
  ];
  const properties = resolveProperties(mapping.properties, new Set(mapped), columns);
  if (columns.errors.length > 0) return { ok: false, errors: columns.errors };
  const resolved: ResolvedMapping = {
    header,
    identity: mapping.id === undefined ? (mapping.identity ?? 'row') : 'id-column',
    id,
    customer,
    time,
    timeRest,
    timeZone: mapping.timeZone,
    timeFormat: mapping.timeFormat,
    measures,
    properties,
    nullTokens: new Set(mapping.nullTokens ?? []),
    only,
    rowNames: header.map((name, column) => (isErrorColumn(name) ? undefined : name || `#${column + 1}`)),
    visible: [...new Set([...mapped, ...visible])].sort((a, b) => a - b),
  };
  return { ok: true, resolved };
}

/** The columns of one header, and what was asked of them in vain. */
class Columns {
  readonly header: readonly string[];
  readonly errors: FieldError[] = [];

  constructor(header: readonly string[]) {
    this.header = header;
  }

  refuse(path: string, message: string): void {
    this.errors.push({ path, code: 'mapping_incomplete', message });
  }

  /** Position of a column; -1, and an error, where there is none. */
  find(name: string, path: string): number {
    const exact = this.header.indexOf(name);
    if (exact !== -1) return exact;
    const position = /^#([1-9]\d{0,5})$/.exec(name)?.[1];
    if (position !== undefined && Number(position) <= this.header.length) return Number(position) - 1;
    const near = suggestColumn(name, this.header);
    const choices = near === undefined ? `there are ${list(this.header)}` : `did you mean "${near}"?`;
    this.refuse(
      path,
      position === undefined
        ? `no column is named "${name}"; ${choices}`
        : `there is no column ${name}; the file has ${this.header.length}`,
    );
    return -1;
  }

  source(source: string | { const: string }, path: string): CellSource {
    return typeof source === 'string' ? { column: this.find(source, path) } : { const: source.const };
  }
}

function resolveMeasure(measure: Measure, mapping: Mapping, path: string, columns: Columns): ResolvedMeasure {
  const meter: CellSource = 'column' in measure.meter ? { column: columns.find(measure.meter.column, `${path}/meter`) } : measure.meter;
  const own = measure.decimal ?? measure.thousands ?? measure.grouping;
  const { decimal, thousands, grouping } = own === undefined ? mapping : measure;
  if (own !== undefined) checkStyle(measure, `${path}/`, columns);
  let quantity = columns.source(measure.quantity, `${path}/quantity`);
  if ('const' in quantity) {
    const canonical = createDecimalReader()(quantity.const);
    if (typeof canonical === 'string') quantity = { const: canonical };
    else columns.refuse(`${path}/quantity`, `the constant "${quantity.const}" is no quantity: ${canonical.message}`);
  }
  return {
    meter,
    quantity,
    skipEmpty: measure.ifEmpty === 'skip',
    style: { decimal, thousands, grouping, percent: measure.percent },
  };
}

function checkStyle({ decimal, thousands, grouping }: DecimalStyle, path: string, columns: Columns): void {
  if ((decimal ?? '.') === thousands) columns.refuse(`${path}thousands`, 'decimal and thousands are the same character; say both');
  if (grouping !== undefined && thousands === undefined) columns.refuse(`${path}grouping`, 'say the mark between the groups: thousands');
}

/** An event is known by its line and meter, so two measures of a row cannot have one meter. */
function checkMeters(measures: readonly ResolvedMeasure[], columns: Columns): void {
  const seen = new Set<string>();
  measures.forEach(({ meter }, index) => {
    const key = 'const' in meter ? `=${meter.const}` : `#${meter.column}`;
    if (seen.has(key) && key !== '#-1')
      columns.refuse(`measures/${index}/meter`, 'two measures of a row have the same meter; give each its own');
    seen.add(key);
  });
}

function checkTime({ timeZone, timeFormat }: Mapping, columns: Columns): void {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    columns.refuse('timeZone', `"${timeZone}" is not an IANA time zone such as "UTC" or "Europe/Berlin"`);
  const problem = timeFormat === undefined ? undefined : timeFormatProblem(timeFormat);
  if (problem !== undefined) columns.refuse('timeFormat', `"${timeFormat}" is not read: ${problem}`);
  else if (timeFormat !== undefined && timeZone === undefined && !saysOffset(timeFormat))
    columns.refuse('timeZone', `times of the form "${timeFormat}" carry no offset; say their timeZone, for example "UTC"`);
}

function resolveProperties(
  properties: Mapping['properties'],
  mapped: ReadonlySet<number>,
  columns: Columns,
): { name: string; column: number }[] {
  if (properties === undefined) return [];
  const chosen =
    properties === 'rest'
      ? columns.header.flatMap((name, column) => (name === '' || mapped.has(column) || isErrorColumn(name) ? [] : [column]))
      : [...new Set(properties.map((name, index) => columns.find(name, `properties/${index}`)))];
  const named = chosen.map((column) => ({ name: columns.header[column] || `#${column + 1}`, column }));
  return named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
