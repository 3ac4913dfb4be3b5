/** A mapping from well-known header names alone. What is missing or ambiguous is named, with the choices, never guessed. */
import { describeStyle, stylesFor } from '../../core/decimal-hints.ts';
import type { FieldError } from '../../core/errors.ts';
import { createInstantReader } from '../../core/instant.ts';
import { timeFormsOf } from '../../core/time-forms.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { isErrorColumn } from './error-columns.ts';
import { isTimeName, matchHeader } from './synonyms.ts';
import type { Match, Role } from './synonyms.ts';

export interface InferredMapping {
  /** Null where something has to be said first: see `errors`. */
  mapping: Mapping | null;
  /** What each column is that was matched, and why; also where the mapping could not be completed. */
  matches: Map<string, { role: Role; reason: string }>;
  errors: FieldError[];
}

/** Where no column says how much and which meter, each row is one event. */
const COUNTED: Mapping['measures'] = [{ meter: { const: 'events' }, quantity: { const: '1' } }];
const CHOICES_SHOWN = 20;

/** `samples`: the cells of some rows, to see whether their times carry an offset. */
export function inferMapping(header: readonly string[], samples: readonly (readonly string[])[]): InferredMapping {
  const columns = header.filter((name) => name !== '' && !isErrorColumn(name));
  const matches = matchHeader(columns);
  const errors: FieldError[] = [];
  const chosen: InferredMapping['matches'] = new Map();
  const choose = (role: Role, required: boolean): string | undefined => {
    const found = matches[role];
    if (found.length > 1) errors.push(ambiguous(role, found));
    if (found.length === 0 && required) errors.push(missing(role, columns));
    const [match] = found;
    if (found.length !== 1 || match === undefined) return undefined;
    chosen.set(match.column, { role, reason: match.reason });
    return match.column;
  };
  const id = choose('id', false);
  const customer = choose('customer', true);
  const pair = pairOfTime(header, matches, samples);
  pair?.forEach((column, index) =>
    chosen.set(column, { role: 'time', reason: `"${column}" holds the ${index === 0 ? 'date' : 'time of day'}` }),
  );
  const time = pair ?? choose('time', true);
  const quantity = choose('quantity', false);
  const measures = inferMeasures(choose('meter', false), quantity, matches, columns, errors);
  if (time !== undefined) errors.push(...askForTime([time].flat(), header, samples));
  if (quantity !== undefined) errors.push(...askForStyle(quantity, header, samples));
  if (customer === undefined || time === undefined || measures === undefined || errors.length > 0)
    return { mapping: null, matches: chosen, errors };
  return { mapping: { ...(id === undefined ? {} : { id }), customer, time, measures }, matches: chosen, errors };
}

const DATE_ALONE = /^(?:\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{8}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4})$/;
const CLOCK_ALONE = /^\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?$/;

/** One column of dates and one of times of day, where no column holds both: they are one time. */
function pairOfTime(
  header: readonly string[],
  matches: Record<Role, Match[]>,
  samples: readonly (readonly string[])[],
): [date: string, clock: string] | undefined {
  const holding = (form: RegExp) =>
    header.filter((name, column) => {
      const cells = cellsOf(column, samples);
      return isTimeName(name) && cells.length > 0 && cells.every((cell) => form.test(cell));
    });
  const [[date, otherDate], [clock, otherClock]] = [holding(DATE_ALONE), holding(CLOCK_ALONE)];
  if (date === undefined || clock === undefined || otherDate !== undefined || otherClock !== undefined) return undefined;
  const whole = matches.time.filter(({ column }) => column !== date && column !== clock);
  return whole.length === 0 ? [date, clock] : undefined;
}

function cellsOf(column: number, samples: readonly (readonly string[])[]): string[] {
  return samples.map((cells) => (cells[column] ?? '').trim()).filter((cell) => cell !== '');
}

/** What has to be said about times: their form where it is not plain, or their zone. */
function askForTime(names: readonly string[], header: readonly string[], samples: readonly (readonly string[])[]): FieldError[] {
  const columns = names.map((name) => header.indexOf(name));
  const cells = samples.map((row) => columns.map((column) => row[column] ?? '').join(' '));
  const where = `the times in "${names.join('" and "')}"`;
  if (lacksZone(cells))
    return [{ path: 'timeZone', code: 'mapping_incomplete', message: `${where} carry no offset; say their timeZone, for example "UTC"` }];
  const forms = needsForm(cells);
  if (forms === undefined) return [];
  const choices = forms.timeFormats.map((form) => `"${form}"`).join(' or ');
  return [
    {
      path: 'timeFormat',
      code: 'mapping_incomplete',
      message: `${where} have a form that has to be said, such as ${choices} for "${forms.cell}"; say timeFormat`,
    },
  ];
}

/** What has to be said about numbers that the plain style does not read. */
function askForStyle(quantity: string, header: readonly string[], samples: readonly (readonly string[])[]): FieldError[] {
  const readings = stylesFor(cellsOf(header.indexOf(quantity), samples));
  const [first] = readings;
  if (first === undefined) return [];
  const choices = readings.map(({ style, value }) => `${value} with ${describeStyle(style)}`).join(' or ');
  const path = first.style.percent === true ? 'measures/0/percent' : first.style.decimal === undefined ? 'thousands' : 'decimal';
  return [
    {
      path,
      code: 'mapping_incomplete',
      message: `the numbers in "${quantity}" have a style that has to be said: "${first.cell}" is ${choices}`,
    },
  ];
}

function inferMeasures(
  meter: string | undefined,
  quantity: string | undefined,
  matches: Record<Role, Match[]>,
  columns: readonly string[],
  errors: FieldError[],
): Mapping['measures'] | undefined {
  if (matches.meter.length > 1 || matches.quantity.length > 1) return undefined;
  if (meter !== undefined && quantity !== undefined) return [{ meter: { column: meter }, quantity }];
  if (meter === undefined && quantity === undefined) return COUNTED;
  const message =
    meter === undefined
      ? `"${quantity}" is a quantity, but no column names its meter; say measures: [{"meter":{"const":"…"},"quantity":"${quantity}"}], or the meter's column out of ${list(columns)}`
      : `"${meter}" names the meter, but no column the quantity; say measures: [{"meter":{"column":"${meter}"},"quantity":{"const":"1"}}] to count rows, or the quantity's column out of ${list(columns)}`;
  errors.push({ path: 'measures', code: 'mapping_incomplete', message });
  return undefined;
}

function ambiguous(role: Role, found: readonly Match[]): FieldError {
  return {
    path: pathOf(role),
    code: 'mapping_incomplete',
    message: `several columns may be the ${role}: ${list(found.map(({ column }) => column))}; say which`,
  };
}

function missing(role: Role, columns: readonly string[]): FieldError {
  const constant = role === 'customer' ? ', or {"const":"…"} for one customer' : '';
  return {
    path: pathOf(role),
    code: 'mapping_incomplete',
    message: `no column is known to be the ${role}; say one of ${list(columns)}${constant}`,
  };
}

function pathOf(role: Role): string {
  return role === 'meter' || role === 'quantity' ? 'measures' : role;
}

export function list(columns: readonly string[]): string {
  const shown = columns.slice(0, CHOICES_SHOWN).map((column) => `"${column}"`);
  return columns.length > CHOICES_SHOWN ? `${shown.join(', ')} and ${columns.length - CHOICES_SHOWN} more` : shown.join(', ');
}

/** Whether the times are sound but for their zone. */
function lacksZone(cells: readonly string[]): boolean {
  // Only the form matters here, so the present is put at the end of time.
  const read = createInstantReader({ nowMs: 253_402_128_000_000 });
  return cells.some((cell) => {
    const instant = read(cell);
    return typeof instant !== 'string' && instant.code === 'missing_time_zone';
  });
}

/** Where no time can be read before its form is said: a cell, and the forms that it may have. */
function needsForm(cells: readonly string[]): { cell: string; timeFormats: string[] } | undefined {
  const read = createInstantReader({ timeZone: 'UTC', nowMs: 253_402_128_000_000 });
  const written = cells.filter((cell) => cell.trim() !== '');
  const [cell = ''] = written;
  const timeFormats = timeFormsOf(cell.trim());
  const legible = written.some((text) => typeof read(text) === 'string');
  return legible || timeFormats.length === 0 ? undefined : { cell, timeFormats };
}
