/** A mapping from well-known header names alone. What is missing or ambiguous is named, with the choices, never guessed. */
import type { FieldError } from '../../core/errors.ts';
import { createInstantReader } from '../../core/instant.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { isErrorColumn } from './error-columns.ts';
import { matchHeader } from './synonyms.ts';
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
  const time = choose('time', true);
  const measures = inferMeasures(choose('meter', false), choose('quantity', false), matches, columns, errors);
  if (time !== undefined && lacksZone(samples.map((cells) => cells[header.indexOf(time)] ?? ''))) {
    errors.push({
      path: 'timeZone',
      code: 'mapping_incomplete',
      message: `the times in "${time}" carry no offset; say their timeZone, for example "UTC"`,
    });
  }
  if (customer === undefined || time === undefined || measures === undefined || errors.length > 0)
    return { mapping: null, matches: chosen, errors };
  return { mapping: { ...(id === undefined ? {} : { id }), customer, time, measures }, matches: chosen, errors };
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
