/**
 * Figures for people, from decimal strings, as the reader's language writes them. Nothing that can end on an invoice is rounded or
 * abbreviated here: `Intl.NumberFormat` takes strings of digits as they are (ECMA-402, Intl mathematical values).
 */
const MINUS = '\u2212';

/** The language of the reader's browser. */
const READER = navigator.language;
/** As many digits after the point as the standard has room for; a decimal of ours has 18. */
const FRACTION_MAX = 100;

const formatters = new Map<string, Intl.NumberFormat>();

/** Digits are 0–9 in every language: they are compared with those of files, and aligned in columns. */
function formatterOf(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${options.currency ?? ''} ${options.minimumFractionDigits ?? 0}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    const digits = { maximumFractionDigits: FRACTION_MAX, numberingSystem: 'latn', signDisplay: 'negative' } as const;
    formatter = new Intl.NumberFormat(locale, { ...options, ...digits });
    formatters.set(key, formatter);
  }
  return formatter;
}

function partsOf(formatter: Intl.NumberFormat, text: string): Intl.NumberFormatPart[] {
  const parts = formatter.formatToParts(text as Intl.StringNumericLiteral);
  return parts.map((part) => (part.type === 'minusSign' ? { ...part, value: MINUS } : part));
}

export interface FigureParts {
  sign: '' | typeof MINUS;
  integer: string;
  /** What stands between integer and fraction, "." or ",", also where there is no fraction. */
  point: string;
  /** Digits after the point, without it. */
  fraction: string;
}

const points = new Map<string, string>();

function pointOf(locale: string): string {
  let point = points.get(locale);
  if (point === undefined) {
    point = partsOf(formatterOf(locale, {}), '0.5').find(({ type }) => type === 'decimal')?.value ?? '.';
    points.set(locale, point);
  }
  return point;
}

/** Splits a decimal string for display: grouped integer, fraction without trailing zeros but with at least `fractionMin` digits. */
export function figureParts(text: string, fractionMin = 0, locale = READER): FigureParts {
  const figure: FigureParts = { sign: '', integer: '', point: pointOf(locale), fraction: '' };
  for (const { type, value } of partsOf(formatterOf(locale, { minimumFractionDigits: fractionMin }), text)) {
    if (type === 'minusSign') figure.sign = MINUS;
    else if (type === 'integer' || type === 'group') figure.integer += value;
    else if (type === 'fraction') figure.fraction = value;
  }
  return figure;
}

export function formatDecimal(text: string, fractionMin = 0, locale = READER): string {
  const { sign, integer, point, fraction } = figureParts(text, fractionMin, locale);
  return `${sign}${integer}${fraction === '' ? '' : `${point}${fraction}`}`;
}

/** A whole number of rows, events or lines. */
export function formatCount(count: number, locale = READER): string {
  return formatDecimal(String(count), 0, locale);
}

export function plural(count: number, one: string, many = `${one}s`, locale = READER): string {
  return `${formatCount(count, locale)} ${count === 1 ? one : many}`;
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

/** An amount or a price, without its currency: as many digits as it has, at least those of the minor unit. */
export function formatAmount(text: string, currency: string, locale = READER): string {
  return formatDecimal(text, minorDigits(currency), locale);
}

/** The same with the currency's sign where the reader's language has it: "$0.0000004", "−¥1,250", "7,20 $". */
export function formatMoney(text: string, currency: string, locale = READER): string {
  if (!/^[A-Z]{3}$/.test(currency)) return formatDecimal(text, minorDigits(currency), locale);
  const options = { style: 'currency', currency, currencyDisplay: 'narrowSymbol', minimumFractionDigits: minorDigits(currency) } as const;
  return partsOf(formatterOf(locale, options), text)
    .map(({ value }) => value)
    .join('');
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Sizes of files; one digit, because nobody is billed for them. */
export function formatBytes(bytes: number, locale = READER): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? formatDecimal(String(value), 0, locale) : formatDecimal(value.toFixed(1), 1, locale)} ${BYTE_UNITS[unit] ?? ''}`;
}

export function formatSeconds(seconds: number, locale = READER): string {
  if (seconds < 10) return `${Number.isInteger(seconds) ? seconds : formatDecimal(seconds.toFixed(1), 1, locale)} s`;
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
export function formatAxis(value: number, locale = READER): string {
  const written = (scaled: number) => formatDecimal(String(Number(scaled.toPrecision(4))), 0, locale);
  for (const [step, suffix] of AXIS_STEPS) {
    if (Math.abs(value) >= step) return `${written(value / step)}${suffix}`;
  }
  return written(value);
}
