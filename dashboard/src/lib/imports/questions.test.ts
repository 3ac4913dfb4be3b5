import { describe, expect, it } from 'vitest';
import { answersIn, askedControls, leadsFor, leadTo } from './questions.ts';

const controls = (code: string, message = '') => leadsFor({ code, message }).map(({ control }) => control);

describe('a question leads to the control that answers it', () => {
  it.each([
    ['undetected_encoding', ['dialect/encoding']],
    ['undetected_delimiter', ['dialect/delimiter', 'dialect/skipLines', 'dialect/comment']],
    ['undetected_quote', ['dialect/quote']],
    ['undetected_escape', ['dialect/escape']],
    ['undetected_newline', ['dialect/newline']],
    ['undetected_header', ['dialect/header', 'dialect/skipLines']],
    ['too_few_cells', ['dialect/shortRows', 'dialect/comment']],
    ['too_many_cells', ['dialect/trailingDelimiter', 'dialect/delimiter']],
    ['missing_time_zone', ['timeZone']],
    ['id_not_unique', ['identity']],
    ['time_in_future', []],
  ])('%s', (code, expected) => {
    expect(controls(code)).toEqual(expected);
  });

  it.each([
    ['customer: no column is known to be the customer', ['customer']],
    ['id/0: no column is named "x"', ['identity']],
    ['time/1: no column is named "clock"', ['time/1']],
    ['time/0: no column is named "day"', ['time']],
    ['timeFormat: "yy" is not read: two digits', ['timeFormat']],
    ['measures: say measures: [{"meter":{"const":"…"}}]', ['measures/0/meter']],
    ['measures/2/percent: the numbers have a style', ['measures/2/percent']],
    ['measures/1/thousands: decimal and thousands are the same', ['measures/1/numbers']],
    ['thousands: decimal and thousands are the same. only/1/column: no column is named "s"', ['numbers', 'only/1']],
    ['properties/0: no column is named "x"', ['properties']],
    ['no path at all', []],
  ])('mapping_incomplete, %s', (message, expected) => {
    expect(controls('mapping_incomplete', message)).toEqual(expected);
  });

  it('knows a missing percent sign from another style', () => {
    expect(controls('invalid_number', 'n: "5": `percent` is declared, but the cell has no %')).toEqual(['measures/0/percent']);
    expect(controls('invalid_number', 'n: "x": not a plain number')).toEqual(['numbers']);
  });

  it('with a button of its own words', () => {
    expect([leadTo('dialect/shortRows').label, leadTo('measures/0/meter').label]).toEqual([
      'Set what short rows become',
      'Set the measure',
    ]);
  });

  it('or is answered at once, by what the message offers', () => {
    expect(answersIn('say encoding=windows-1252 if it should read "é", or convert the file')).toEqual([
      { label: 'encoding windows-1252', reading: { encoding: 'windows-1252' } },
    ]);
    expect(answersIn(`say quote=none if they are characters like any other, quote=" if those rows are broken; say header=false.`)).toEqual([
      { label: 'quote none', reading: { quote: 'none' } },
      { label: 'quote "', reading: { quote: '"' } },
      { label: 'header false', reading: { header: false } },
    ]);
    expect(answersIn('no comma separates the first line')).toEqual([]);
  });
});

describe('what a file waits for', () => {
  it('is what is missing, and the questions of the file as a whole', () => {
    const asked = askedControls({
      error: { code: 'undetected_quote', message: '' },
      missing: [{ control: 'customer', sentence: '' }],
      problems: [
        { code: 'too_few_cells', message: '', line: 4 },
        { code: 'missing_time_zone', message: '', line: 2 },
        { code: 'mapping_incomplete', message: 'decimal: the numbers have a style', line: null },
      ],
    });
    expect([...asked].sort()).toEqual(['customer', 'dialect/quote', 'numbers', 'timeZone']);
  });
});
