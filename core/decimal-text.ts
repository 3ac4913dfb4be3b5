/**
 * Quantities as text: from a cell to the canonical decimal string, without ever passing through a JavaScript number.
 *
 * Canonical: `-?` integer digits without leading zeros, and, where needed, `.` and fraction digits without trailing zeros; no exponent,
 * no `-0`. At most 20 integer and 18 fraction digits.
 *
 * Read exactly: `5`, `-5`, `+5`, `007` (7), `.5` (0.5), `5.` (5), `1.50`, `1.81E-8`. Spaces around are ignored. With a declared style: a
 * decimal comma, and thousands in groups of exactly three digits. Everything else is refused: `1,234` without a declared style, `0x10`,
 * `NaN`, `Infinity`, digits of other scripts, `1 234`, `$5`, `5%`, `(5)`.
 */

export const INTEGER_DIGITS_MAX = 20;
export const FRACTION_DIGITS_MAX = 18;
/** Longer cells are no numbers; also keeps an absurd exponent from being written out. */
const CELL_LENGTH_MAX = 1000;

export interface DecimalStyle {
  decimal?: '.' | ',';
  thousands?: ',' | '.' | ' ';
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
const TOO_LARGE: DecimalFault = { code: 'number_too_large', message: `more than ${INTEGER_DIGITS_MAX} digits before the decimal point` };
const TOO_FINE: DecimalFault = {
  code: 'too_many_fraction_digits',
  message: `more than ${FRACTION_DIGITS_MAX} digits after the decimal point`,
};

/** What is canonical as it stands, apart from trailing zeros of the fraction: nearly every cell. */
const PLAIN = /^-?(?:0|[1-9]\d{0,19})(?:\.\d{1,18})?$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Spreadsheets write no-break spaces where people see spaces. */
const GROUPED_BY_SPACE = /^[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d \u00a0\u202f])/;
const GROUPED_BY = { ',': /^[+-]?\d{1,3}(?:,\d{3})+(?![\d,])/, '.': /^[+-]?\d{1,3}(?:\.\d{3})+(?![\d.])/, ' ': GROUPED_BY_SPACE } as const;
const GROUP_MARKS = { ',': /,/g, '.': /\./g, ' ': /[ \u00a0\u202f]/g } as const;
const SPACES_AROUND = /^[ \t]+|[ \t]+$/g;

/** Reads a cell in the plain style. */
export function readDecimal(cell: string): string | DecimalFault {
  if (PLAIN.test(cell)) {
    // A trailing zero matters only in a fraction; `-0` and `-0.0` end in one as well.
    return cell.charCodeAt(cell.length - 1) === 0x30 ? trimZeros(cell) : cell;
  }
  return readUncommon(cell.replace(SPACES_AROUND, ''));
}

/** A reader for the declared style. */
export function createDecimalReader(style: DecimalStyle = {}): DecimalReader {
  const { decimal = '.', thousands } = style;
  if (decimal === '.' && thousands === undefined) return readDecimal;
  if (decimal === thousands) throw new TypeError('decimal and thousands are the same character');
  return (cell) => {
    let text = cell.replace(SPACES_AROUND, '');
    if (thousands !== undefined) {
      const group = GROUPED_BY[thousands].exec(text)?.[0];
      if (group !== undefined) text = group.replace(GROUP_MARKS[thousands], '') + text.slice(group.length);
    }
    if (decimal === ',') {
      if (text.includes('.')) return INVALID;
      text = text.replace(',', '.');
    }
    return PLAIN.test(text) && !text.endsWith('0') ? text : readUncommon(text);
  };
}

function readUncommon(text: string): string | DecimalFault {
  if (text === '') return MISSING;
  const match = text.length > CELL_LENGTH_MAX ? null : NUMBER.exec(text);
  if (match === null) return INVALID;
  const [, sign, integer = '', fraction = '', exponent] = match;
  const digits = integer + fraction;
  if (digits === '') return INVALID;
  const significant = digits.replace(/^0+/, '');
  if (significant === '') return '0';
  // Zeros at the end only move the point; without them a number of n digits can be judged before it is written out.
  const core = significant.replace(/0+$/, '');
  const point = integer.length - (digits.length - significant.length) + clampExponent(exponent);
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
