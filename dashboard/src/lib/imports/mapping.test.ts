import { describe, expect, it } from 'vitest';
import type { Mapping } from '../types.ts';
import { addMeasure, draftOf, keepAsProperty, missingOf, toMapping } from './mapping.ts';

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
    expect(toMapping(draftOf({ mapping: whole, columns: [] }))).toEqual(whole);
  });

  it('keeps what was matched when the rest could not be', () => {
    const draft = draftOf({ mapping: null, columns: [column('account', 'customer'), column('when', null), column('n', 'quantity')] });
    expect(draft).toMatchObject({ customer: { kind: 'column', value: 'account' }, time: '', identity: 'row' });
    expect(missingOf(draft)).toEqual(['Choose the column that holds the time.', 'Name the meter.']);
    expect(toMapping(draft)).toBeNull();
  });

  it('leaves the zone open where the server did, and counts lines where nothing else is known', () => {
    const draft = draftOf({ mapping: null, columns: [column('account', 'customer'), column('when', 'time')] });
    expect(toMapping(draft)).toEqual({
      customer: 'account',
      time: 'when',
      identity: 'row',
      measures: [{ meter: { const: 'events' }, quantity: { const: '1' } }],
      nullTokens: [''],
    });
  });

  it('proposes the only column that looks like dates', () => {
    const dated = { ...column('TIMESTAMP', null), samples: ['2023-11-16 18:17:03.9799600'] };
    expect(draftOf({ mapping: null, columns: [dated, column('n', null)] }).time).toBe('TIMESTAMP');
    expect(draftOf({ mapping: null, columns: [dated, { ...dated, name: 'until' }] }).time).toBe('');
  });

  it('makes meters and properties of columns that were left out', () => {
    const draft = draftOf({ mapping: null, columns: [column('account', 'customer'), column('when', 'time')] });
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
    const draft = draftOf({ mapping: whole, columns: [] });
    draft.measures[1] = { meter: { kind: 'const', value: 'gpu' }, quantity: { kind: 'column', value: '' }, ifEmpty: 'reject' };
    expect(missingOf(draft)).toEqual(['Choose the quantity of measure 2.']);
  });

  it('names identity only when there is no id column', () => {
    const draft = { ...draftOf({ mapping: whole, columns: [] }), identity: 'file' as const };
    expect(toMapping(draft)).toMatchObject({ identity: 'file' });
    expect(toMapping(draft)).not.toHaveProperty('id');
  });
});
