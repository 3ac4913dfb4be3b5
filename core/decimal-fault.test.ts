import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalFault } from './decimal-fault.ts';

describe('decimalFault', () => {
  it.each(['0', '0.10', '007', '99999999999999999999.999999999999999999', `0.${'0'.repeat(17)}1`])('takes %s', (text) =>
    expect(decimalFault(text)).toBeUndefined(),
  );

  it.each([
    ['', 'invalid_decimal', 'empty; write a number such as 0.10'],
    ['  ', 'invalid_decimal', 'empty; write a number such as 0.10'],
    ['NaN', 'invalid_decimal', '"NaN" is not a decimal number: write digits, and a point before the fraction, such as 0.10'],
    ['Infinity', 'invalid_decimal', '"Infinity" is not a decimal number: write digits, and a point before the fraction, such as 0.10'],
    ['1e5', 'invalid_decimal', '"1e5" is not a decimal number: write it out, without an exponent'],
    ['0,10', 'invalid_decimal', '"0,10" is not a decimal number: write a point before the fraction, not a comma'],
    ['-1', 'negative', '"-1" is below 0, and only 0 and more are taken here'],
    [`0.${'1'.repeat(19)}`, 'too_many_fraction_digits', '19 digits after the decimal point, at most 18 are kept: round it to 18'],
    ['1'.repeat(21), 'number_too_large', '21 digits before the decimal point, at most 20 are kept: write a smaller number'],
  ])('says what is wrong with "%s", and how to mend it', (text, code, message) => expect(decimalFault(text)).toEqual({ code, message }));

  it('knows the limits of the field', () => {
    expect(decimalFault('1000', { integerDigits: 3, fractionDigits: 6 })).toMatchObject({ code: 'number_too_large' });
    expect(decimalFault('1.00001', { integerDigits: 20, fractionDigits: 4 })).toMatchObject({
      message: '5 digits after the decimal point, at most 4 are kept: round it to 4',
    });
  });

  it('shows the beginning of a long text only', () => {
    fc.assert(fc.property(fc.string({ minLength: 200 }), (text) => (decimalFault(`x${text}`)?.message.length ?? 999) < 200));
  });
});
