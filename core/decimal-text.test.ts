import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecimalReader, readDecimal } from './decimal-text.ts';

function outcome(result: ReturnType<typeof readDecimal>): string {
  return typeof result === 'string' ? result : result.code;
}

describe('a quantity', () => {
  it.each([
    ['5', '5'],
    ['-5', '-5'],
    ['+5', '5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['007', '7'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['0.0', '0'],
    ['1.50', '1.5'],
    ['100', '100'],
    ['100.00', '100'],
    [' 5\t', '5'],
    ['1.81E-8', '0.0000000181'],
    ['1e3', '1000'],
    ['-12.5e+2', '-1250'],
    ['1e19', '10000000000000000000'],
    ['0e99999999999', '0'],
    ['99999999999999999999.999999999999999999', '99999999999999999999.999999999999999999'],
    ['0.1234567890123456780000', '0.123456789012345678'],
    ['000000000000000000000000001', '1'],
  ])('%j is read exactly as %s', (cell, canonical) => {
    expect(outcome(readDecimal(cell))).toBe(canonical);
  });

  it.each([
    ['', 'missing_quantity'],
    ['  ', 'missing_quantity'],
    ['1,234.56', 'invalid_number'],
    ['1,5', 'invalid_number'],
    ['1 234', 'invalid_number'],
    ['0x10', 'invalid_number'],
    ['NaN', 'invalid_number'],
    ['Infinity', 'invalid_number'],
    ['１２', 'invalid_number'],
    ['٣', 'invalid_number'],
    ['−5', 'invalid_number'],
    ['--5', 'invalid_number'],
    ['5%', 'invalid_number'],
    ['$5', 'invalid_number'],
    ['.', 'invalid_number'],
    ['e5', 'invalid_number'],
    ['1e', 'invalid_number'],
    ['1_000', 'invalid_number'],
    ['5\n', 'invalid_number'],
    ['100000000000000000000', 'number_too_large'],
    ['1e20', 'number_too_large'],
    ['1e999999999999', 'number_too_large'],
    ['0.0000000000000000001', 'too_many_fraction_digits'],
    ['1e-19', 'too_many_fraction_digits'],
    ['1e-999999999', 'too_many_fraction_digits'],
    ['1'.repeat(2000), 'invalid_number'],
  ])('%j is refused: %s', (cell, code) => {
    expect(outcome(readDecimal(cell))).toBe(code);
  });

  it.each([
    [{ decimal: ',' } as const, '1,5', '1.5'],
    [{ decimal: ',' } as const, '1,50', '1.5'],
    [{ decimal: ',' } as const, '1.5', 'invalid_number'],
    [{ decimal: ',' } as const, '1,5,0', 'invalid_number'],
    [{ decimal: ',', thousands: '.' } as const, '1.234.567,89', '1234567.89'],
    [{ decimal: ',', thousands: '.' } as const, '1.23', 'invalid_number'],
    [{ thousands: ',' } as const, '1,234.56', '1234.56'],
    [{ thousands: ',' } as const, '-1,234', '-1234'],
    [{ thousands: ',' } as const, '1234', '1234'],
    [{ thousands: ',' } as const, '12,34', 'invalid_number'],
    [{ thousands: ',' } as const, '1,2345', 'invalid_number'],
    [{ thousands: ',' } as const, '1234,567', 'invalid_number'],
    [{ thousands: ' ' } as const, '1 234', '1234'],
    [{ thousands: ' ' } as const, '1\u202f234\u00a0567', '1234567'],
    [{ thousands: ' ' } as const, '1 23', 'invalid_number'],
    [{ thousands: ' ' } as const, '1\u2009234', '1234'],
    [{ decimal: ',', thousands: ' ' } as const, '-1 234,50', '-1234.5'],
    [{ thousands: "'" } as const, "1'234'567.5", '1234567.5'],
    [{ thousands: "'" } as const, '1\u2019234.50', '1234.5'],
    [{ thousands: "'" } as const, "1'23", 'invalid_number'],
    [{ thousands: ',' } as const, '0,123', 'invalid_number'],
    [{ thousands: ',' } as const, '1,234,56', 'invalid_number'],
    [{ thousands: ',' } as const, '1,234,567.8,9', 'invalid_number'],
    [{ thousands: ',' } as const, '12,34,567', 'invalid_number'],
    [{ thousands: ',' } as const, '1,234e-2', '12.34'],
    [{ thousands: ',', grouping: 'indian' } as const, '12,34,567.25', '1234567.25'],
    [{ thousands: ',', grouping: 'indian' } as const, '1,00,00,000', '10000000'],
    [{ thousands: ',', grouping: 'indian' } as const, '1,234', '1234'],
    [{ thousands: ',', grouping: 'indian' } as const, '1,234,567', 'invalid_number'],
    [{ thousands: ',', grouping: 'indian' } as const, '123,456', 'invalid_number'],
    [{ percent: true } as const, '12.5%', '0.125'],
    [{ percent: true } as const, '100 %', '1'],
    [{ percent: true } as const, '-0.5\u00a0%', '-0.005'],
    [{ percent: true } as const, '0%', '0'],
    [{ percent: true } as const, '0.00000000000000001%', 'too_many_fraction_digits'],
    [{ percent: true } as const, '9999999999999999999999%', '99999999999999999999.99'],
    [{ percent: true } as const, '12.5', 'invalid_number'],
    [{ percent: true } as const, '%', 'invalid_number'],
    [{ percent: true } as const, '', 'missing_quantity'],
    [{ percent: true } as const, '12.5%%', 'invalid_number'],
    [{ decimal: ',', percent: true } as const, '12,5 %', '0.125'],
  ])('in the style %j, %j becomes %s', (style, cell, expected) => {
    expect(outcome(createDecimalReader(style)(cell))).toBe(expected);
  });

  it('has in every style the value that a fraction of whole numbers gives', () => {
    const marks = { none: '', comma: ',', point: '.', blank: ' ', apostrophe: "'" } as const;
    const group = (digits: string, mark: string, indian: boolean) => {
      const head = digits.slice(0, -3);
      const heads = indian ? head.replace(/\B(?=(\d{2})+$)/g, mark) : head.replace(/\B(?=(\d{3})+$)/g, mark);
      return digits.length > 3 && mark !== '' ? `${heads}${mark}${digits.slice(-3)}` : digits;
    };
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
        fc.stringMatching(/^\d{0,16}$/),
        fc.constantFrom<keyof typeof marks>('none', 'comma', 'point', 'blank', 'apostrophe'),
        fc.constantFrom('.', ','),
        fc.record({ indian: fc.boolean(), percent: fc.boolean(), negative: fc.boolean() }),
        (whole, fraction, mark, decimal, { indian, percent, negative }) => {
          const thousands = marks[mark];
          fc.pre(thousands !== decimal);
          const text = `${negative ? '-' : ''}${group(String(whole), thousands, indian)}${fraction === '' ? '' : decimal + fraction}${percent ? '%' : ''}`;
          const read = createDecimalReader({
            decimal: decimal as '.',
            thousands: thousands === '' ? undefined : thousands,
            grouping: indian ? 'indian' : 'thousand',
            percent,
          })(text);
          if (typeof read !== 'string') throw new Error(`${text}: ${read.code}`);
          const [integer = '', rest = ''] = read.replace('-', '').split('.');
          // Both sides over 10^20: what was written, and what was read.
          const written = BigInt(String(whole) + fraction.padEnd(18, '0')) * (percent ? 1n : 100n);
          expect(BigInt(integer + rest.padEnd(20, '0'))).toBe(written);
          expect(read.startsWith('-')).toBe(negative && written !== 0n);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('never reads a fraction as thousands, whatever is declared', () => {
    const styles = [{ thousands: ',' }, { thousands: ',', grouping: 'indian' }] as const;
    fc.assert(
      fc.property(fc.constantFrom(...styles), fc.stringMatching(/^0,\d{3}$/), (style, cell) => {
        expect(outcome(createDecimalReader(style)(cell))).toBe('invalid_number');
      }),
    );
  });

  it('keeps its value in any spelling, and its canonical text is its own', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{0,${max}}$`));
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits(15),
        digits(12),
        fc.integer({ min: -5, max: 5 }),
        (sign, integer, fraction, exponent) => {
          fc.pre(integer + fraction !== '');
          const read = readDecimal(`${sign}${integer}.${fraction}e${exponent}`);
          if (typeof read !== 'string') {
            expect(read.code).toBe('too_many_fraction_digits');
            return;
          }
          expect(read).toMatch(/^(?:0|-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?))$/);
          expect(readDecimal(read)).toBe(read);
          const [whole = '', part = ''] = read.replace('-', '').split('.');
          const scaled = BigInt(whole + part.padEnd(20, '0'));
          const expected = BigInt(integer + fraction) * 10n ** BigInt(20 - fraction.length + exponent);
          expect(scaled).toBe(expected);
          expect(read.startsWith('-')).toBe(sign === '-' && expected !== 0n);
        },
      ),
    );
  });
});
