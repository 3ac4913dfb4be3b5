import { describe, expect, it } from 'vitest';
import type { Dialect, Inspection } from '../types.ts';
import { dialectSelects, readingOf, whyOf } from './dialect.ts';

const DIALECT: Dialect = {
  encoding: 'utf-16le',
  bom: true,
  delimiter: '^',
  quote: '',
  escape: '',
  newline: 'mixed',
  header: false,
  skipLines: 2,
  comment: '',
  trailingDelimiter: false,
  shortRows: 'reject',
};

describe('the dialect of a file on the page', () => {
  it('shows what was found, an unusual delimiter included', () => {
    const selects = dialectSelects({ dialect: DIALECT }, {});
    expect(selects.map(({ property, value }) => [property, value])).toEqual([
      ['encoding', 'utf-16le'],
      ['delimiter', '^'],
      ['quote', 'none'],
      ['escape', 'doubled'],
      ['newline', 'mixed'],
      ['header', 'false'],
    ]);
    for (const { options, value } of selects) expect(options.map((option) => option.value)).toContain(value);
  });

  it('offers every choice while the server asks, with what was chosen so far', () => {
    const selects = dialectSelects(undefined, { delimiter: ';' });
    expect(selects.map(({ value }) => value)).toEqual(['', ';', '', '', '', '']);
    expect(selects.every(({ options }) => options.length > 1)).toBe(true);
  });

  it('makes a choice part of the request', () => {
    expect([readingOf('header', 'false'), readingOf('quote', 'none')]).toEqual([{ header: false }, { quote: 'none' }]);
  });

  it('tells why, and what is only likely', () => {
    const detected: Inspection['detected'] = [
      { property: 'delimiter', confidence: 'certain', reason: '5 of 5 rows of the head have 3 cells' },
      { property: 'header', confidence: 'likely', reason: 'nothing in it looks like data' },
    ];
    expect(whyOf({ detected }, 'delimiter')).toEqual({ likely: false, reason: 'certain: 5 of 5 rows of the head have 3 cells' });
    expect(whyOf({ detected }, 'header').likely).toBe(true);
    expect(whyOf(undefined, 'header')).toEqual({ likely: false, reason: '' });
  });
});
