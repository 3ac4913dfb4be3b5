/**
 * Exact decimals as text outside and scaled BigInt inside: 12.5 is 125 at scale 1.
 *
 * BigInt rather than a decimal library, because one arithmetic then serves both the borders and the hour loop of an invoice run (a
 * tenth of the time there), it has no precision to exceed, and it never prints an exponent.
 */

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Powers of ten up to twice the 36 digits that a quantity times a price can have; larger ones are computed. */
const POWERS = Array.from({ length: 73 }, (_, exponent) => 10n ** BigInt(exponent));

export function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}

export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** `12.5` at scale 18 → 12500000000000000000n. Throws a RangeError for text that is no decimal or needs more digits than `scale`. */
export function toScaled(text: string, scale: number): bigint {
  if (!isDecimal(text)) throw new RangeError(`not a decimal number: ${text.slice(0, 80)}`);
  const point = text.indexOf('.');
  if (point === -1) return BigInt(text) * powerOfTen(scale);
  const missing = scale - (text.length - point - 1);
  if (missing < 0) throw new RangeError(`more than ${scale} fraction digits: ${text.slice(0, 80)}`);
  return BigInt(text.slice(0, point) + text.slice(point + 1)) * powerOfTen(missing);
}

/** Exactly `scale` fraction digits: 1250n at scale 3 → `1.250`, 2n at scale 0 → `2`. */
export function formatFixed(scaled: bigint, scale: number): string {
  if (scale === 0) return scaled.toString();
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Without padding zeros: 1250n at scale 3 → `1.25`, 2000n → `2`. */
export function formatDecimal(scaled: bigint, scale: number): string {
  const text = formatFixed(scaled, scale);
  if (scale === 0) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end--;
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end);
}

export function addDecimals(a: string, b: string): string {
  const scale = Math.max(fractionDigits(a), fractionDigits(b));
  return formatDecimal(toScaled(a, scale) + toScaled(b, scale), scale);
}

export function subtractDecimals(a: string, b: string): string {
  const scale = Math.max(fractionDigits(a), fractionDigits(b));
  return formatDecimal(toScaled(a, scale) - toScaled(b, scale), scale);
}

export function multiplyDecimals(a: string, b: string): string {
  const [scaleA, scaleB] = [fractionDigits(a), fractionDigits(b)];
  return formatDecimal(toScaled(a, scaleA) * toScaled(b, scaleB), scaleA + scaleB);
}

/** Negative when a < b, 0 when they are the same number (`1.0` and `1`), positive when a > b. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  const scale = Math.max(fractionDigits(a), fractionDigits(b));
  const [scaledA, scaledB] = [toScaled(a, scale), toScaled(b, scale)];
  return scaledA < scaledB ? -1 : scaledA > scaledB ? 1 : 0;
}

const ZERO = 48;
const POINT = 46;

export function fractionDigits(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
}
