import { describe, expect, it } from 'vitest';
import { exampleOf, membersOf, PLAIN_STYLE, styleKey, styleOf, styleOptions } from './numbers.ts';

describe('a style of numbers', () => {
  it('is offered by an example, each once', () => {
    const options = styleOptions(undefined);
    expect(options.map(({ example }) => example)).toEqual([
      '1234.5',
      '1,234.5',
      '1234,5',
      '1.234,5',
      '1 234,5',
      '1 234.5',
      "1'234.5",
      "1'234,5",
      '12,34,567.5',
    ]);
    expect(new Set(options.map(({ key }) => key)).size).toBe(options.length);
  });

  it('that nobody offers stands among them', () => {
    const own = styleOf({ decimal: ',', thousands: '.', grouping: 'indian' });
    expect(styleOptions(own).at(-1)).toEqual({ key: styleKey(own), style: own, example: '12.34.567,5' });
    expect(styleOptions(styleOf({ thousands: ',', grouping: 'thousand' }))).toHaveLength(9);
  });

  it('is said by no more members than it needs', () => {
    expect(membersOf(PLAIN_STYLE)).toEqual({});
    for (const members of [{ decimal: ',' }, { thousands: ',', grouping: 'indian' }] as const) {
      expect(membersOf(styleOf(members))).toEqual(members);
    }
    expect(exampleOf(styleOf({ decimal: ',' }))).toBe('1234,5');
  });
});
