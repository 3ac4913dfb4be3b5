/** Why a text is no decimal number that a field takes, and how to write it so that it is. */
import { FRACTION_DIGITS_MAX, INTEGER_DIGITS_MAX } from './decimal-text.ts';
import { isDecimal } from './decimal.ts';

export interface DecimalLimits {
  integerDigits: number;
  fractionDigits: number;
}

export const QUANTITY_LIMITS: DecimalLimits = { integerDigits: INTEGER_DIGITS_MAX, fractionDigits: FRACTION_DIGITS_MAX };

/** Enough to recognise a text by. */
const SHOWN_MAX = 40;
const EXPONENT = /^[+-]?\d+(\.\d+)?[eE][+-]?\d+$/;
const DECIMAL_COMMA = /^-?\d+,\d+$/;

/** Undefined for a number of 0 or more within the limits. Never throws, whatever the text is. */
export function decimalFault(text: string, limits: DecimalLimits = QUANTITY_LIMITS): { code: string; message: string } | undefined {
  const shown = `"${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}"`;
  if (text.trim() === '') return { code: 'invalid_decimal', message: 'empty; write a number such as 0.10' };
  if (!isDecimal(text)) return { code: 'invalid_decimal', message: `${shown} is not a decimal number: ${howToWrite(text)}` };
  if (text.startsWith('-')) return { code: 'negative', message: `${shown} is below 0, and only 0 and more are taken here` };
  const [integer = '', fraction = ''] = text.split('.');
  if (integer.length > limits.integerDigits)
    return {
      code: 'number_too_large',
      message: `${integer.length} digits before the decimal point, at most ${limits.integerDigits} are kept: write a smaller number`,
    };
  if (fraction.length > limits.fractionDigits)
    return {
      code: 'too_many_fraction_digits',
      message: `${fraction.length} digits after the decimal point, at most ${limits.fractionDigits} are kept: round it to ${limits.fractionDigits}`,
    };
  return undefined;
}

function howToWrite(text: string): string {
  if (EXPONENT.test(text)) return 'write it out, without an exponent';
  if (DECIMAL_COMMA.test(text)) return 'write a point before the fraction, not a comma';
  return 'write digits, and a point before the fraction, such as 0.10';
}
