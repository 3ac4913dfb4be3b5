/** What is wrong with a cell that is no number, and which declared styles would read it. Suggestions only: nothing here is ever applied. */
import { createDecimalReader } from './decimal-text.ts';
import type { DecimalReader, DecimalStyle } from './decimal-text.ts';

/** The simplest first: of styles that read the same values the first is suggested. */
const STYLES: readonly DecimalStyle[] = [
  { decimal: ',' },
  { thousands: ',' },
  { decimal: ',', thousands: '.' },
  { thousands: ' ' },
  { decimal: ',', thousands: ' ' },
  { thousands: "'" },
  { decimal: ',', thousands: "'" },
  { thousands: ',', grouping: 'indian' },
];

interface Candidate {
  style: DecimalStyle;
  read: DecimalReader;
}
const CANDIDATES: readonly Candidate[] = [...STYLES, ...[{}, ...STYLES].map((style) => ({ ...style, percent: true }))].map((style) => ({
  style,
  read: createDecimalReader(style),
}));
const readPlain = createDecimalReader();

/** Cells that are looked at; more would not make a style more certain. */
const CELLS_MAX = 1_000;

export interface StyleReading {
  style: DecimalStyle;
  /** The cell that shows the style best, and what it would become. */
  cell: string;
  value: string;
}

/**
 * Styles that read every cell which any style reads, where the plain style does not. Several: the cells alone do not say which
 * (`1,234` is 1234 or 1.234).
 */
export function stylesFor(cells: readonly string[]): StyleReading[] {
  const written = cells.slice(0, CELLS_MAX).filter((cell) => /\d/.test(cell));
  const doubtful = written.filter((cell) => typeof readPlain(cell) !== 'string');
  const legible = doubtful.filter((cell) => CANDIDATES.some(({ read }) => typeof read(cell) === 'string'));
  const [first] = legible;
  if (first === undefined) return [];
  const unread = new Set(doubtful.filter((cell) => !legible.includes(cell)));
  const considered = written.filter((cell) => !unread.has(cell));
  const readings: (StyleReading & { values: string })[] = [];
  for (const { style, read } of CANDIDATES) {
    const values = considered.map((cell) => read(cell));
    if (!values.every((value) => typeof value === 'string')) continue;
    const known = values.join(' ');
    if (readings.some((other) => other.values === known)) continue;
    readings.push({ style, cell: first, value: values[considered.indexOf(first)] ?? '', values: known });
  }
  return readings.map(({ style, cell, value }) => ({ style, cell, value }));
}

const PLAIN_STYLE = 'the plain style';

/** `decimal "," and thousands "."`. */
export function describeStyle({ decimal, thousands, grouping, percent }: DecimalStyle): string {
  const parts = [
    ...(decimal === undefined ? [] : [`decimal "${decimal}"`]),
    ...(thousands === undefined ? [] : [`thousands "${thousands}"`]),
    ...(grouping === undefined ? [] : [`grouping "${grouping}"`]),
    ...(percent === true ? ['percent true'] : []),
  ];
  return parts.length === 0 ? PLAIN_STYLE : parts.join(' and ');
}

const OTHER_FORMS: readonly [RegExp, string][] = [
  [/[‰٪％]/u, 'only % is read as a percent sign, where `percent` is declared'],
  [
    /\p{Sc}|^[A-Z]{3}[ \u00a0]?[\d-]|\d[ \u00a0]?[A-Z]{3}$/u,
    'a currency is no part of a quantity; map a column that holds the number alone',
  ],
  [/^\(.*\)$/, 'parentheses are not read as a minus sign; write -5'],
  [/^[+-]?0[xob]/i, 'only decimal digits are read, no hexadecimal, octal or binary ones'],
  [/^[+-]?(?:nan|inf|infinity|null|nil|none|n\/?a|-+|#[a-z/0!?]+)$/i, 'not a number; list it in `nullTokens` if it stands for nothing'],
  [/^[\u2212\u2012\u2013\u2014\ufe63\uff0d]/u, 'the minus sign is a typographic one; write it as -'],
  [/[^\p{ASCII}]/u, 'only the digits 0 to 9 are read'],
  [/^[\d.,' ]+[+-]$/, 'the sign is at the end; write -5'],
  [/^[+-]?[\d.,]+ ?[a-z]/i, 'a unit is no part of a quantity; map a column that holds the number alone'],
];

/** What would mend a cell that the declared style does not read. */
export function explainNumber(cell: string, declared: DecimalStyle): string {
  const text = cell.trim();
  const readings = text.length > 60 ? [] : stylesFor([text]).filter(({ style }) => isNews(style, declared));
  if (readings.length > 0) {
    const choices = readings.map(({ style, value }) => `${value} with ${describeStyle(style)}`);
    const question = choices.length > 1 ? '; the cell does not say which, declare one' : '; declare it if the file is written so';
    return `not a number ${inStyle(declared)}; it would be ${choices.join(', or ')}${question}`;
  }
  const form = text.length > 60 ? undefined : OTHER_FORMS.find(([pattern]) => pattern.test(text))?.[1];
  return form ?? `not a number ${inStyle(declared)}, such as ${exampleOf(declared)}`;
}

function isNews(style: DecimalStyle, declared: DecimalStyle): boolean {
  return describeStyle(style) !== describeStyle(declared);
}

function exampleOf({ decimal = '.', thousands, percent }: DecimalStyle): string {
  return `1${thousands ?? ''}234${decimal}5${percent === true ? '%' : ''}`;
}

function inStyle(declared: DecimalStyle): string {
  const style = describeStyle(declared);
  return style === PLAIN_STYLE ? `in ${style}` : `with ${style}`;
}
