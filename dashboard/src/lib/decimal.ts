/**
 * Exact sums over decimal strings ("12.500000"), through BigInt. Quantities and amounts never become JavaScript numbers; the one
 * exception is `approximate`, for the height of a bar.
 */
interface Scaled {
  units: bigint;
  /** How many of the digits of `units` stand after the point. */
  scale: number;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

function scaled(text: string): Scaled {
  const match = DECIMAL.exec(text);
  if (match === null) throw new TypeError(`"${text}" is no decimal number`);
  const [, sign = '', integer = '0', fraction = ''] = match;
  return { units: BigInt(`${sign}${integer}${fraction}`), scale: fraction.length };
}

function rescale(value: Scaled, scale: number): bigint {
  return value.units * 10n ** BigInt(scale - value.scale);
}

/** Plain digits, without exponent; trailing zeros of the fraction are cut. */
function toText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const integer = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${integer}${fraction === '' ? '' : `.${fraction}`}`;
}

export function sum(values: Iterable<string>): string {
  let units = 0n;
  let scale = 0;
  for (const text of values) {
    const value = scaled(text);
    if (value.scale > scale) {
      units *= 10n ** BigInt(value.scale - scale);
      scale = value.scale;
    }
    units += rescale(value, scale);
  }
  return toText(units, scale);
}

export function negate(text: string): string {
  const { units, scale } = scaled(text);
  return toText(-units, scale);
}

export function subtract(left: string, right: string): string {
  return sum([left, negate(right)]);
}

/** −1, 0 or 1, as a sort wants it. */
export function compare(left: string, right: string): -1 | 0 | 1 {
  const a = scaled(left);
  const b = scaled(right);
  const scale = Math.max(a.scale, b.scale);
  const difference = rescale(a, scale) - rescale(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function equal(left: string, right: string): boolean {
  return compare(left, right) === 0;
}

export function isZero(text: string): boolean {
  return scaled(text).units === 0n;
}

/** `part` of `whole` in percent with one digit, rounded half away from zero; null when there is no whole. */
export function percent(part: string, whole: string): string | null {
  const a = scaled(part);
  const b = scaled(whole);
  const scale = Math.max(a.scale, b.scale);
  const divisor = rescale(b, scale);
  if (divisor === 0n) return null;
  const twice = (rescale(a, scale) * 2000n) / divisor;
  const rounded = (twice + (twice < 0n ? -1n : 1n)) / 2n;
  const digits = toText(rounded, 1);
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** For drawing only: what is shown as text is always the string itself. */
export function approximate(text: string): number {
  return Number(text);
}
