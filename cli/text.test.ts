import { describe, expect, it } from 'vitest';
import { counted, grouped, instant, printable, table } from './text.ts';

describe('counts', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('%i is %s', (count, text) => expect(grouped(count)).toBe(text));

  it('are followed by one or many', () => {
    expect([counted(1, 'row'), counted(0, 'row'), counted(2_000, 'row'), counted(2, 'entry', 'entries')]).toEqual([
      '1 row',
      '0 rows',
      '2,000 rows',
      '2 entries',
    ]);
  });
});

describe('a table', () => {
  it('has columns of equal width, and shows what would move the cursor', () => {
    expect(
      table(
        ['id', 'name'],
        [
          ['1', 'a\nb'],
          ['200', '\u001b[31mred'],
        ],
      ),
    ).toBe('id   name\n1    a\\u{a}b\n200  \\u{1b}[31mred');
    expect(printable('\u202eabc')).toBe('\\u{202e}abc');
  });
});

describe('an instant', () => {
  it.each([
    ['2026-10-01T05:00:00Z', '2026-10-01 05:00:00Z'],
    ['2026-10-01T05:00:00.123456Z', '2026-10-01 05:00:00Z'],
  ])('%s is %s', (rfc3339, text) => expect(instant(rfc3339)).toBe(text));
});
