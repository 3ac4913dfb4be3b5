/** What may be meant where a file is not read as it is: a profile that fits its header, a form of its numbers, of its times. Never applied here. */
import { describeStyle, stylesFor } from '../../core/decimal-hints.ts';
import type { DecimalStyle } from '../../core/decimal-text.ts';
import { createInstantReader, saysOffset, timeFormatProblem } from '../../core/instant.ts';
import { loosened, timeFormsOf } from '../../core/time-forms.ts';
import { isTimeZone } from '../../core/zone.ts';
import type { Mapping, Profile, Suggestion } from '../../schemas/http/imports.ts';
import { createExploder } from './explode.ts';
import { columnsOf, positionOf } from './mapping-columns.ts';
import { resolveMapping } from './mapping.ts';

/** Rows that a suggestion is tried on. */
const ROWS_TRIED = 50;
const PROFILES_SHOWN = 3;
/** A profile of which fewer columns are there is for another kind of file. */
const SHARE_MIN = 2 / 3;

export interface SuggestOptions {
  header: readonly string[];
  /** Cells of rows that are sound as text. */
  rows: readonly (readonly string[])[];
  profiles: readonly Profile[];
  /** Of the mapping in question, as far as it is known. */
  mapping: Mapping | null;
  /** Columns taken for the time and the quantities where there is no mapping yet. */
  matched: { time: readonly string[]; quantity: string | undefined };
  /** Whether the mapping was asked for by the request: then no other profile is suggested. */
  given: boolean;
  nowMs: number;
}

export function suggest(options: SuggestOptions): Suggestion[] {
  return [...(options.given ? [] : suggestProfiles(options)), ...suggestTimes(options), ...suggestNumbers(options)];
}

interface Fit {
  profile: Profile;
  used: number;
  missing: string[];
  read: number;
  tried: number;
}

/** Profiles that fit: those that read most rows first, then those that say most about the file. */
function suggestProfiles({ header, rows, profiles, nowMs }: SuggestOptions): Suggestion[] {
  const fits = profiles.map((profile) => fitOf(profile, header, rows.slice(0, ROWS_TRIED), nowMs));
  const whole = fits.filter(({ missing, used }) => missing.length === 0 && used > 0);
  const near = fits.filter(({ missing, used }) => missing.length > 0 && used - missing.length >= used * SHARE_MIN);
  const shown = whole.length > 0 ? whole : near;
  return shown
    .sort((a, b) => b.read - a.read || a.missing.length - b.missing.length || b.used - a.used)
    .slice(0, PROFILES_SHOWN)
    .map(({ profile, used, missing, read, tried }) => ({
      kind: 'profile',
      profile: profile.name,
      change: {},
      columnsMatched: used - missing.length,
      columnsUsed: used,
      reason:
        missing.length > 0
          ? `${used - missing.length} of its ${used} columns are in the header; there is no ${missing.map((name) => `"${name}"`).join(', ')}`
          : `all ${used} of its columns are in the header, and it reads ${read} of the first ${tried} rows`,
    }));
}

function fitOf(profile: Profile, header: readonly string[], rows: SuggestOptions['rows'], nowMs: number): Fit {
  const columns = columnsOf(profile.mapping);
  const missing = columns.filter((column) => positionOf(column, header) === -1);
  const outcome = missing.length === 0 ? resolveMapping(profile.mapping, header) : undefined;
  const exploder = outcome?.ok === true ? createExploder({ mapping: outcome.resolved, importId: '0', nowMs }) : undefined;
  const read = exploder === undefined ? 0 : rows.filter((cells) => isRead(exploder.check(cells)?.code)).length;
  return { profile, used: columns.length, missing, read, tried: rows.length };
}

/** Rows that are left out on purpose are understood. */
function isRead(code: string | undefined): boolean {
  return code === undefined || code === 'not_selected';
}

function suggestTimes({ header, rows, mapping, matched, nowMs }: SuggestOptions): Suggestion[] {
  const names = mapping === null ? matched.time : [mapping.time].flat();
  const columns = names.map((name) => positionOf(name, header));
  if (columns.length === 0 || columns.includes(-1)) return [];
  const cells = rows
    .map((row) =>
      columns
        .map((column) => row[column] ?? '')
        .join(' ')
        .trim(),
    )
    .filter((cell) => cell !== '');
  // What the mapping says may be neither a zone nor a form: that is an error of its own.
  const timeZone = mapping?.timeZone !== undefined && isTimeZone(mapping.timeZone) ? mapping.timeZone : 'UTC';
  const reads = (timeFormat: string | undefined) => {
    if (timeFormat !== undefined && timeFormatProblem(timeFormat) !== undefined) return false;
    const read = createInstantReader({ timeZone, timeFormat, nowMs });
    return cells.every((cell) => typeof read(cell) === 'string');
  };
  if (cells.length === 0 || reads(mapping?.timeFormat) || reads(undefined)) return [];
  const sampled = cells.slice(0, ROWS_TRIED).flatMap((cell) => timeFormsOf(cell));
  const forms = [...new Set(sampled)];
  const strict = forms.filter(reads);
  // Of digits without separators the looser form is none: they cannot do without their zeros.
  const fitting = strict.length > 0 ? strict : [...new Set(forms.map(loosened))].filter(reads);
  return fitting.map((timeFormat) => {
    const read = createInstantReader({ timeZone, timeFormat, nowMs })(cells[0] ?? '');
    const zone = saysOffset(timeFormat) || mapping?.timeZone !== undefined ? '' : ' (its time zone has to be said as well)';
    const other = fitting.length > 1 ? '; the cells do not say which of several forms it is' : '';
    return inMapping(
      { timeFormat },
      `every time in "${names.join('", "')}" has this form: "${cells[0]}" is ${String(read)}${zone}${other}`,
    );
  });
}

function suggestNumbers({ header, rows, mapping, matched }: SuggestOptions): Suggestion[] {
  const measures = mapping?.measures ?? (matched.quantity === undefined ? [] : [{ quantity: matched.quantity }]);
  const found = measures.flatMap(({ quantity }, index) => {
    const column = typeof quantity === 'string' ? positionOf(quantity, header) : -1;
    if (column === -1 || styleIsSaid(mapping, index)) return [];
    const readings = stylesFor(rows.map((row) => row[column] ?? ''));
    const doubt = readings.length > 1 ? '; the cells do not say which of several styles it is' : '';
    return readings.map(({ style, cell, value }) =>
      inMapping(changeOf(style, index), `in "${String(quantity)}", "${cell}" is ${value} with ${describeStyle(style)}${doubt}`),
    );
  });
  // Files are written in one style as a rule: it is said once for all their measures.
  return found.filter(({ change }, index) => found.findIndex((other) => JSON.stringify(other.change) === JSON.stringify(change)) === index);
}

function styleIsSaid(mapping: Mapping | null, index: number): boolean {
  const { decimal, thousands, percent } = mapping?.measures[index] ?? {};
  return [decimal, thousands, percent, mapping?.decimal, mapping?.thousands].some((said) => said !== undefined);
}

function changeOf({ decimal, thousands, grouping, percent }: DecimalStyle, index: number): Record<string, string | boolean> {
  return {
    ...(decimal !== undefined && { decimal }),
    ...(thousands !== undefined && { thousands }),
    ...(grouping !== undefined && { grouping }),
    ...(percent === true && { [`measures/${index}/percent`]: true }),
  };
}

function inMapping(change: Record<string, string | boolean>, reason: string): Suggestion {
  return { kind: 'mapping', profile: null, change, columnsMatched: null, columnsUsed: null, reason };
}
