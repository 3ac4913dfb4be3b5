/** Currencies and the one place where an exact amount becomes a payable one. */
import { formatFixed, fractionDigits, powerOfTen, toScaled } from './decimal.ts';

/**
 * Active currencies of ISO 4217 by the digits of their minor unit. ISO and not Intl, whose digits follow daily use: it has 0 for
 * HUF, IDR, IQD and a dozen others, and an invoice rounded by it would differ from the bank's. Funds and metals without a minor
 * unit (XAU, XDR, XXX …) cannot be billed in.
 */
const CURRENCIES_BY_DIGITS: Record<0 | 2 | 3 | 4, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP ' +
    'CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD ' +
    'KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR ' +
    'PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU ' +
    'UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const DIGITS = new Map(
  Object.entries(CURRENCIES_BY_DIGITS).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)] as const)),
);

/** All codes that `isCurrency` accepts, in alphabetical order. */
export const CURRENCIES: readonly string[] = [...DIGITS.keys()].sort();

export function isCurrency(code: string): boolean {
  return DIGITS.has(code);
}

/** Fraction digits of the currency's minor unit. Throws a RangeError for a code that `isCurrency` refuses. */
export function minorDigits(currency: string): number {
  const digits = DIGITS.get(currency);
  if (digits === undefined) throw new RangeError(`not an ISO 4217 currency: ${currency}`);
  return digits;
}

export const ROUNDINGS = ['half-away', 'half-even'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** The one rounding of amounts: `numerator / divisor` to the nearest integer, ties by `rounding`. The divisor is positive. */
export function roundQuotient(numerator: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = numerator / divisor;
  const remainder = numerator % divisor;
  if (remainder === 0n) return quotient;
  const twice = remainder < 0n ? -2n * remainder : 2n * remainder;
  const staysTowardZero = twice < divisor || (twice === divisor && rounding === 'half-even' && quotient % 2n === 0n);
  if (staysTowardZero) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
}

/** A function from exact amounts at `scale` to minor units (cents) of the currency. `scale` is at least the currency's digits. */
export function rounderOf(options: { currency: string; scale: number; rounding: Rounding }): (exact: bigint) => bigint {
  const divisor = powerOfTen(options.scale - minorDigits(options.currency));
  return (exact) => roundQuotient(exact, divisor, options.rounding);
}

/** A percentage is a hundredth: two more fraction digits. */
const PERCENT_DIGITS = 2;

/** So many percent of an amount in minor units, rounded once. `percent` is a decimal string. */
export function percentOf(minor: bigint, percent: string, rounding: Rounding): bigint {
  const scale = fractionDigits(percent);
  return roundQuotient(minor * toScaled(percent, scale), powerOfTen(scale + PERCENT_DIGITS), rounding);
}

/** `7.2239896` in USD → 722n: rounded once. */
export function toMinor(exact: string, currency: string, rounding: Rounding): bigint {
  const scale = Math.max(fractionDigits(exact), minorDigits(currency));
  return rounderOf({ currency, scale, rounding })(toScaled(exact, scale));
}

/** `7.2239896` in USD → `7.22`: rounded once, with exactly the currency's digits. */
export function roundAmount(exact: string, currency: string, rounding: Rounding = 'half-away'): string {
  return formatMinor(toMinor(exact, currency, rounding), currency);
}

/** Minor units as a decimal string with exactly the currency's digits: 722n in USD → `7.22`. */
export function formatMinor(minor: bigint, currency: string): string {
  return formatFixed(minor, minorDigits(currency));
}
