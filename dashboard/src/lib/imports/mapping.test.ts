import { describe, expect, it } from 'vitest';
import type { Mapping } from '../types.ts';
import { addMeasure, draftOf, EMPTY_MEASURE, keepAsProperty, missingOf, toMapping } from './mapping.ts';
import { PLAIN_STYLE } from './numbers.ts';

const open = (path: string) => ({ code: 'mapping_incomplete', line: null, count: 1, message: `${path}: say which` });
const column = (name: string, mapsTo: string | null) => ({ name, mapsTo, reason: '', samples: [] });

describe('a mapping in the making', () => {
  const whole: Mapping = {
    id: ['line', 'interval'],
    customer: { const: 'acme-ai' },
    time: 'TIMESTAMP',
    timeZone: 'UTC',
    measures: [
      { meter: { const: 'context_tokens' }, quantity: 'ContextTokens' },
      { meter: { column: 'kind' }, quantity: { const: '1' }, ifEmpty: 'skip' },
    ],
    properties: 'rest',
    nullTokens: ['', 'NULL'],
    decimal: ',',
    thousands: '.',
  };

  it('comes back from the form as it went in', () => {
    expect(toMapping(draftOf({ mapping: whole, columns: [], problems: [] }))).toEqual(whole);
  });

  it('keeps forms of times and numbers, and which lines count', () => {
    const special: Mapping = {
      identity: 'row',
      customer: 'account',
      time: ['date', 'clock'],
      timeZone: 'UTC',
      timeFormat: 'dd/MM/yyyy HH:mm',
      measures: [{ meter: { const: 'share' }, quantity: 'load', percent: true, decimal: ',' }],
      only: [{ column: 'state', in: ['answered'] }],
      nullTokens: [''],
      thousands: ',',
      grouping: 'indian',
    };
    expect(toMapping(draftOf({ mapping: special, columns: [], problems: [] }))).toEqual(special);
  });

  it('keeps what was matched when the rest could not be', () => {
    const draft = draftOf({
      mapping: null,
      columns: [column('account', 'customer'), column('when', null), column('n', 'quantity')],
      problems: [open('time'), open('measures')],
    });
    expect(draft).toMatchObject({ customer: { kind: 'column', value: 'account' }, time: '', identity: 'row' });
    expect(missingOf(draft)).toEqual([
      { control: 'time', sentence: 'Choose the column that holds the time.' },
      { control: 'measures/0/meter', sentence: 'Name the meter.' },
    ]);
    expect(toMapping(draft)).toBeNull();
  });

  it('leaves the zone open where the server did, and counts lines where nothing else is known', () => {
    const draft = draftOf({ mapping: null, columns: [column('account', 'customer'), column('when', 'time')], problems: [] });
    expect(toMapping(draft)).toEqual({
      customer: 'account',
      time: 'when',
      identity: 'row',
      measures: [{ meter: { const: 'events' }, quantity: { const: '1' } }],
      nullTokens: [''],
    });
  });

  it('takes the matched quantity where only the style of its numbers is open', () => {
    const columns = [column('account', 'customer'), column('when', 'time'), column('kind', 'meter'), column('n', 'quantity')];
    const draft = draftOf({ mapping: null, columns, problems: [open('decimal')] });
    expect(toMapping(draft)?.measures).toEqual([{ meter: { column: 'kind' }, quantity: 'n' }]);
  });

  it('makes meters and properties of columns that were left out', () => {
    const draft = draftOf({ mapping: null, columns: [column('account', 'customer'), column('when', 'time')], problems: [] });
    addMeasure(draft, 'ContextTokens');
    addMeasure(draft, 'GeneratedTokens');
    keepAsProperty(draft, 'region');
    expect(toMapping(draft)).toMatchObject({
      measures: [
        { meter: { const: 'ContextTokens' }, quantity: 'ContextTokens' },
        { meter: { const: 'GeneratedTokens' }, quantity: 'GeneratedTokens' },
      ],
      properties: ['region'],
    });
  });

  it('says of which measure something is missing', () => {
    const draft = draftOf({ mapping: whole, columns: [], problems: [] });
    draft.measures[1] = { ...EMPTY_MEASURE, meter: { kind: 'const', value: 'gpu' } };
    expect(missingOf(draft)).toEqual([{ control: 'measures/1/quantity', sentence: 'Choose the quantity of measure 2.' }]);
  });

  it('asks which values count, of which column', () => {
    const draft = draftOf({ mapping: whole, columns: [], problems: [] });
    draft.only = [
      { column: '', in: [] },
      { column: 'state', in: [] },
      { column: 'kind', in: ['call'] },
    ];
    expect(missingOf(draft)).toEqual([
      { control: 'only/0', sentence: 'Choose the column that says which lines count.' },
      { control: 'only/1', sentence: 'Say which values of state count.' },
    ]);
    expect(toMapping(draft)).toBeNull();
  });

  it('says the style of a measure that is plain beside others that are not', () => {
    const draft = draftOf({ mapping: whole, columns: [], problems: [] });
    draft.measures[0] = { ...EMPTY_MEASURE, ...draft.measures[0], numbers: PLAIN_STYLE };
    expect(toMapping(draft)?.measures[0]).toEqual({ ...whole.measures[0], decimal: '.' });
  });

  it('names identity only when there is no id column', () => {
    const draft = { ...draftOf({ mapping: whole, columns: [], problems: [] }), identity: 'file' as const };
    expect(toMapping(draft)).toMatchObject({ identity: 'file' });
    expect(toMapping(draft)).not.toHaveProperty('id');
  });
});
