import { describe, expect, it } from 'vitest';
import { asksForZone, inWords, partOf, rowInWords } from './problems.ts';

const incomplete = (message: string) => ({ code: 'mapping_incomplete', message });

describe('problems of a file', () => {
  it.each([
    [
      { code: 'missing_time_zone', message: 'TIMESTAMP: "2023-11-16 18:17": the time carries no offset; declare `timeZone`' },
      'TIMESTAMP: "2023-11-16 18:17": the time carries no zone; choose the zone of the times',
    ],
    [
      {
        code: 'invalid_number',
        message: 'n: "a\\": b": not a plain number; declare `decimal` and `thousands` if it is written in that style',
      },
      'n: "a\\": b": not a plain number; if it is written in another style, choose how numbers are written',
    ],
    [{ code: 'too_few_cells', message: 'the row has 1 cell, the header has 4' }, 'the row has 1 cell, the header has 4'],
    [incomplete('timeZone: the times carry no offset; say their timeZone'), 'The times carry no zone. Choose the zone of the times.'],
    [incomplete('measures/1/meter: two measures of a row have the same meter'), 'Measure: two measures of a row have the same meter'],
  ])('are worded by their code: %j', (problem, words) => {
    expect(inWords(problem)).toBe(words);
  });

  it('of a row begin with their code, which is left out', () => {
    expect(rowInWords('missing_customer: the customer is empty')).toBe('the customer is empty');
  });

  it('know the part of the mapping that is open', () => {
    expect(partOf(incomplete('measures: say measures: [{"meter":…'))).toBe('measures');
    expect(partOf({ code: 'invalid_time', message: 'time: "x": not a time' })).toBeUndefined();
    expect(asksForZone(incomplete('timeZone: the times carry no offset'))).toBe(true);
    expect(asksForZone(incomplete('time: no column is known to be the time'))).toBe(false);
  });
});
