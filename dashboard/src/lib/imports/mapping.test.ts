import { describe, expect, it } from 'vitest';
import type { Mapping } from '../types.ts';
import { draftOf, missingOf, toMapping } from './mapping.ts';

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
