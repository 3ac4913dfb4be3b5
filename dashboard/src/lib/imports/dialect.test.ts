import { describe, expect, it } from 'vitest';
import type { Dialect, Inspection } from '../types.ts';
import { dialectChoices, isOrdinary, readingOf, whyOf, type Reading } from './dialect.ts';

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
    const choices = dialectChoices({ dialect: DIALECT }, {});
    expect(choices.map(({ property, value }) => [property, value])).toEqual([
      ['encoding', 'utf-16le'],
      ['delimiter', '^'],
      ['quote', 'none'],
      ['escape', 'doubled'],
      ['newline', 'mixed'],
      ['header', 'false'],
      ['skipLines', '2'],
      ['comment', 'none'],
      ['trailingDelimiter', 'false'],
      ['shortRows', 'reject'],
    ]);
    for (const { property, options, value } of choices) {
      if (property !== 'skipLines') expect(options.map((option) => option.value)).toContain(value);
    }
  });

  it('offers every choice while the server asks, with what was chosen so far', () => {
    const choices = dialectChoices(undefined, { delimiter: ';' });
    expect(choices.filter(({ value }) => value !== '').map(({ property, value }) => [property, value])).toEqual([['delimiter', ';']]);
    expect(choices.filter(({ isDeclared }) => isDeclared).map(({ property }) => property)).toEqual(['delimiter']);
    expect(choices.filter(({ options }) => options.length < 2).map(({ property }) => property)).toEqual(['skipLines']);
  });

  it('makes a choice part of the request', () => {
    expect([readingOf('header', 'false'), readingOf('quote', 'none'), readingOf('skipLines', '3')]).toEqual([
      { header: false },
      { quote: 'none' },
      { skipLines: 3 },
    ]);
    expect(readingOf('skipLines', '-1')).toEqual({});
    expect(readingOf('delimiter', '')).toEqual({ delimiter: undefined });
  });

  it('keeps what is as usual in the background, until somebody has chosen it', () => {
    const shown = (reading: Reading, dialect: Partial<Dialect> = {}) =>
      dialectChoices({ dialect: { ...DIALECT, newline: 'LF', skipLines: 0, quote: '"', escape: '"', ...dialect } }, reading)
        .filter((choice) => !isOrdinary(choice))
        .map(({ property }) => property);
    expect(shown({})).toEqual(['encoding', 'delimiter', 'quote', 'header']);
    expect(shown({ shortRows: 'reject' })).toEqual(['encoding', 'delimiter', 'quote', 'header', 'shortRows']);
    expect(shown({}, { newline: 'CR', escape: '\\', skipLines: 1, comment: '%', trailingDelimiter: true })).toHaveLength(9);
  });

  it('tells an escape of its own from none', () => {
    const escapeOf = (dialect: Partial<Dialect>) =>
      dialectChoices({ dialect: { ...DIALECT, quote: '"', ...dialect } }, {}).find(({ property }) => property === 'escape')?.value;
    expect([escapeOf({ escape: '\\' }), escapeOf({ escape: '"' }), escapeOf({ escape: '^' }), escapeOf({ escape: '' })]).toEqual([
      'backslash',
      'doubled',
      '^',
      'none',
    ]);
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
