/** Figures for people, from decimal strings. Nothing that can end on an invoice is rounded or abbreviated here. */
const MINUS = '\u2212';

interface Separators {
  group: string;
  decimal: string;
}

function separatorsOf(locale: string | undefined): Separators {
  const parts = new Intl.NumberFormat(locale, { useGrouping: true }).formatToParts(1234567.5);
  const find = (type: string, fallback: string) => parts.find((part) => part.type === type)?.value ?? fallback;
  return { group: find('group', ','), decimal: find('decimal', '.') };
}

/** The pages are in English, and so are their figures: a point in one place and a comma in another would be misread. */
export const ENGLISH = separatorsOf('en');

export interface FigureParts {
  sign: '' | typeof MINUS;
  integer: string;
  /** Digits after the point, without it. */
  fraction: string;
}

/** Splits a decimal string for display: grouped integer, fraction without trailing zeros but with at least `fractionMin` digits. */
export function figureParts(text: string, fractionMin = 0, separators: Separators = ENGLISH): FigureParts {
  const negative = text.startsWith('-');
  const [integer = '0', fraction = ''] = text.replace('-', '').split('.');
  const digits = integer.replace(/^0+(?=\d)/, '');
  const significant = fraction.replace(/0+$/, '');
  const zero = /^0*$/.test(digits) && significant === '';
  return {
    sign: negative && !zero ? MINUS : '',
    integer: digits.replace(/\B(?=(\d{3})+$)/g, separators.group),
    fraction: significant.padEnd(fractionMin, '0'),
  };
}

export function formatDecimal(text: string, fractionMin = 0, separators: Separators = ENGLISH): string {
  const { sign, integer, fraction } = figureParts(text, fractionMin, separators);
  return `${sign}${integer}${fraction === '' ? '' : `${separators.decimal}${fraction}`}`;
}

/** A whole number of rows, events or lines. */
export function formatCount(count: number): string {
  return formatDecimal(String(count));
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const currencyDigits = new Map<string, number>();

/** Digits of the currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  let digits = currencyDigits.get(currency);
  if (digits === undefined) {
    digits = /^[A-Z]{3}$/.test(currency)
      ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2)
      : 2;
    currencyDigits.set(currency, digits);
  }
  return digits;
}

function currencySymbol(currency: string): string {
  if (!/^[A-Z]{3}$/.test(currency)) return '';
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0);
  const symbol = parts.find((part) => part.type === 'currency')?.value ?? currency;
  return symbol.length > 1 && /^[A-Z]+$/.test(symbol) ? `${symbol}\u00a0` : symbol;
}

/** An amount or a price, without its currency: as many digits as it has, at least those of the minor unit. */
export function formatAmount(text: string, currency: string): string {
  return formatDecimal(text, minorDigits(currency));
}

/** The same with the currency's sign before it: "$0.0000004", "−¥1,250". */
export function formatMoney(text: string, currency: string): string {
  const { sign, integer, fraction } = figureParts(text, minorDigits(currency));
  return `${sign}${currencySymbol(currency)}${integer}${fraction === '' ? '' : `${ENGLISH.decimal}${fraction}`}`;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Sizes of files; one digit, because nobody is billed for them. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

const AXIS_STEPS: readonly (readonly [number, string])[] = [
  [1e12, ' T'],
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
];

/** Only for the axis of a chart: "8 M". */
export function formatAxis(value: number): string {
  for (const [step, suffix] of AXIS_STEPS) {
    if (Math.abs(value) >= step) return `${String(Number((value / step).toPrecision(4))).replace('-', MINUS)}${suffix}`;
  }
  return String(Number(value.toPrecision(4))).replace('-', MINUS);
}
