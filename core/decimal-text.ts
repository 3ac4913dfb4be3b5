/**
 * Quantities as text: from a cell to the canonical decimal string, without ever passing through a JavaScript number.
 *
 * Canonical: `-?` integer digits without leading zeros, and, where needed, `.` and fraction digits without trailing zeros; no exponent,
 * no `-0`. At most 20 integer and 18 fraction digits.
 *
 * Read exactly: `5`, `-5`, `+5`, `007` (7), `.5` (0.5), `5.` (5), `1.50`, `1.81E-8`. Spaces around are ignored. With a declared style: a
 * decimal comma, marks between groups of exactly three digits (or Indian groups: three, then twos), and percentages (`12.5%` is 0.125).
 * Everything else is refused: `1,234` without a declared style, `0x10`, `NaN`, `Infinity`, digits of other scripts, `1 234`, `$5`, `5%`,
 * `(5)`. What would mend a refused cell: see decimal-hints.ts.
 */

export const INTEGER_DIGITS_MAX = 20;
export const FRACTION_DIGITS_MAX = 18;
/** Longer cells are no numbers: no pattern is tried on them, since one that looks for blanks at the end may take the square of their length. */
const CELL_LENGTH_MAX = 1000;

export const GROUP_MARKS = [',', '.', ' ', "'"] as const;
/** ` ` stands for any blank that spreadsheets write (no-break ones included), `'` for the typographic apostrophe as well. */
export type GroupMark = (typeof GROUP_MARKS)[number];

export interface DecimalStyle {
  decimal?: '.' | ',' | undefined;
  thousands?: GroupMark | undefined;
  /** `indian`: 12,34,567. Without a mark it means nothing. */
  grouping?: 'thousand' | 'indian' | undefined;
  /** Every cell ends in `%` and is a hundredth of what it shows. */
  percent?: boolean | undefined;
}

export type DecimalFaultCode = 'missing_quantity' | 'invalid_number' | 'number_too_large' | 'too_many_fraction_digits';
export interface DecimalFault {
  code: DecimalFaultCode;
  message: string;
}

/** The canonical decimal, or a fault. Faults are shared objects: compare by `code`. */
export type DecimalReader = (cell: string) => string | DecimalFault;

const MISSING: DecimalFault = { code: 'missing_quantity', message: 'the quantity is empty' };
const INVALID: DecimalFault = {
  code: 'invalid_number',
  message: 'not a plain number; declare `decimal` and `thousands` if it is written in that style',
};
const NO_PERCENT: DecimalFault = {
  code: 'invalid_number',
  message: '`percent` is declared, but the cell has no %; write 12.5%, or do not declare it',
};
const TOO_LARGE: DecimalFault = { code: 'number_too_large', message: `more than ${INTEGER_DIGITS_MAX} digits before the decimal point` };
const TOO_FINE: DecimalFault = {
  code: 'too_many_fraction_digits',
  message: `more than ${FRACTION_DIGITS_MAX} digits after the decimal point`,
};

/** What is canonical as it stands, apart from trailing zeros of the fraction: nearly every cell. */
const PLAIN = /^-?(?:0|[1-9]\d{0,19})(?:\.\d{1,18})?$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const MARK_PATTERNS: Readonly<Record<GroupMark, string>> = { ',': ',', '.': '\\.', ' ': '[ \u00a0\u2009\u202f]', "'": "['\u2019]" };
const SPACES_AROUND = /^[ \t\u00a0\u202f]+|[ \t\u00a0\u202f]+$/g;
const PERCENT_SIGN = /[ \u00a0\u2009\u202f]?%$/;

/** Reads a cell in the plain style. */
export function readDecimal(cell: string): string | DecimalFault {
  if (PLAIN.test(cell)) {
    // A trailing zero matters only in a fraction; `-0` and `-0.0` end in one as well.
    return cell.charCodeAt(cell.length - 1) === 0x30 ? trimZeros(cell) : cell;
  }
  return cell.length > CELL_LENGTH_MAX ? INVALID : readUncommon(cell.replace(SPACES_AROUND, ''));
}

/** A reader for the declared style. Throws a TypeError where one character would mean two things. */
export function createDecimalReader(style: DecimalStyle = {}): DecimalReader {
  const { decimal = '.', thousands, percent = false } = style;
  if (decimal === '.' && thousands === undefined && !percent) return readDecimal;
  if (decimal === thousands) throw new TypeError('decimal and thousands are the same character');
  const ungroup = thousands === undefined ? undefined : createUngrouper(thousands, style.grouping ?? 'thousand');
  return (cell) => {
    if (cell.length > CELL_LENGTH_MAX) return INVALID;
    let text = cell.replace(SPACES_AROUND, '');
    if (percent) {
      const sign = PERCENT_SIGN.exec(text);
      if (sign === null) return text === '' ? MISSING : NO_PERCENT;
      text = text.slice(0, sign.index);
      if (text === '') return INVALID;
    }
    if (ungroup !== undefined) text = ungroup(text);
    if (decimal === ',') {
      if (text.includes('.')) return INVALID;
      text = text.replace(',', '.');
    }
    if (percent) return readUncommon(text, -2);
    return PLAIN.test(text) && !text.endsWith('0') ? text : readUncommon(text);
  };
}

/**
 * Takes the marks out of a number whose groups are sound; any other text stays as it is, and its marks make it no number. The first group
 * has no leading zero: `0,123` is a fraction, whatever was declared.
 */
function createUngrouper(mark: GroupMark, grouping: 'thousand' | 'indian'): (text: string) => string {
  const one = MARK_PATTERNS[mark];
  const groups = grouping === 'thousand' ? `[1-9]\\d{0,2}(?:${one}\\d{3})+` : `[1-9]\\d?(?:${one}\\d{2})*${one}\\d{3}`;
  const grouped = new RegExp(`^[+-]?${groups}(?!\\d|${one})`);
  const marks = new RegExp(one, 'g');
  return (text) => {
    const group = grouped.exec(text)?.[0];
    return group === undefined ? text : group.replace(marks, '') + text.slice(group.length);
  };
}

/** At most `CELL_LENGTH_MAX` characters. `shift`: places that the point moves to the right. */
function readUncommon(text: string, shift = 0): string | DecimalFault {
  if (text === '') return MISSING;
  const match = NUMBER.exec(text);
  if (match === null) return INVALID;
  const [, sign, integer = '', fraction = '', exponent] = match;
  const digits = integer + fraction;
  if (digits === '') return INVALID;
  const significant = digits.replace(/^0+/, '');
  if (significant === '') return '0';
  // Zeros at the end only move the point; without them a number of n digits can be judged before it is written out.
  const core = significant.replace(/0+$/, '');
  const point = integer.length - (digits.length - significant.length) + clampExponent(exponent) + shift;
  if (point > INTEGER_DIGITS_MAX) return TOO_LARGE;
  if (core.length - point > FRACTION_DIGITS_MAX) return TOO_FINE;
  const minus = sign === '-' ? '-' : '';
  if (point <= 0) return `${minus}0.${'0'.repeat(-point)}${core}`;
  if (core.length <= point) return minus + core + '0'.repeat(point - core.length);
  return `${minus}${core.slice(0, point)}.${core.slice(point)}`;
}

/** Exponents beyond any number that could be kept need no exactness, they only need to stay beyond. */
function clampExponent(exponent: string | undefined): number {
  if (exponent === undefined) return 0;
  const value = Number(exponent);
  return Math.max(-100_000, Math.min(100_000, value));
}

function trimZeros(plain: string): string {
  const point = plain.indexOf('.');
  if (point === -1) return plain === '-0' ? '0' : plain;
  let end = plain.length;
  while (plain.charCodeAt(end - 1) === 0x30) end -= 1;
  const trimmed = plain.slice(0, end === point + 1 ? point : end);
  return trimmed === '-0' ? '0' : trimmed;
}
