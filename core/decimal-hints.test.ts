import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecimalReader } from './decimal-text.ts';
import { describeStyle, explainNumber, stylesFor } from './decimal-hints.ts';

describe('styles that numbers may be written in', () => {
  it.each([
    [['1.234,56', '7'], ['decimal "," and thousands "." → 1234.56']],
    [['1,234.56'], ['thousands "," → 1234.56']],
    [['1,5', '1,234'], ['decimal "," → 1.5']],
    [['12,34,567', '1,234'], ['thousands "," and grouping "indian" → 1234567']],
    [["1'234.5"], ['thousands "\'" → 1234.5']],
    [['1 234,5', '12'], ['decimal "," and thousands " " → 1234.5']],
    [['12,5 %'], ['decimal "," and percent true → 0.125']],
    [['12.5%', '3%'], ['percent true → 0.125']],
    [
      ['1,234', '5,678'],
      ['decimal "," → 1.234', 'thousands "," → 1234'],
    ],
    [['1.234,56', 'n/a', '$5'], ['decimal "," and thousands "." → 1234.56']],
    [['5', '1.5', ''], []],
    [['1,5', '1.5'], []],
    [['12.5%', '3'], []],
    [['abc'], []],
  ])('%j: %j', (cells, expected) => {
    expect(stylesFor(cells).map(({ style, value }) => `${describeStyle(style)} → ${value}`)).toEqual(expected);
  });
});

describe('a cell that is no number', () => {
  it.each([
    ['1,234.56', 'it would be 1234.56 with thousands ","; declare it'],
    ['1,234', 'it would be 1.234 with decimal ",", or 1234 with thousands ","; the cell does not say which'],
    ['12.5%', 'it would be 0.125 with percent true'],
    ['$5', 'a currency'],
    ['5,00 €', 'a currency'],
    ['USD 5', 'a currency'],
    ['(5)', 'write -5'],
    ['5-', 'write -5'],
    ['0x10', 'hexadecimal'],
    ['NaN', '`nullTokens`'],
    ['#N/A', '`nullTokens`'],
    ['\u22125', 'write it as -'],
    ['\uff11\uff12', 'only the digits 0 to 9'],
    ['\u0663', 'only the digits 0 to 9'],
    ['5 GB', 'a unit'],
    ['5\u2030', 'only %'],
    ['9'.repeat(500), 'such as 1234.5'],
  ])('%j: %s', (cell, expected) => {
    expect(explainNumber(cell, {})).toContain(expected);
  });

  it('is explained in the style that was declared', () => {
    expect(explainNumber('1.5', { decimal: ',' })).toBe('not a number with decimal ",", such as 1234,5');
    expect(explainNumber('1,234.5', { decimal: ',', thousands: '.' })).toContain('it would be 1234.5 with thousands ","');
  });

  it('is explained whatever it is, and what is promised comes true', () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123456789.,' -+%eE$()\u00a0\u202f\u2019€x"), maxLength: 20 });
    fc.assert(
      fc.property(text, (cell) => {
        expect(explainNumber(cell, {})).not.toMatch(/undefined|NaN /);
        for (const { style, cell: shown, value } of stylesFor([cell])) expect(createDecimalReader(style)(shown)).toBe(value);
      }),
      { numRuns: 3000 },
    );
  });
});
