import { describe, expect, it } from 'vitest';
import type { Mapping, Profile } from '../types.ts';
import { columnsOf, fits } from './profiles.ts';

const profile = (name: string, mapping: Partial<Mapping> = {}): Profile => ({
  name,
  builtIn: false,
  description: null,
  mapping: { customer: { const: 'acme' }, time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }], ...mapping },
  updatedAt: '2026-10-01T00:00:00Z',
});

describe('a saved mapping', () => {
  it('reads the columns that any part of it names, each once', () => {
    const { mapping } = profile('all', {
      id: ['id', 'time'],
      measures: [{ meter: { column: 'kind' }, quantity: { const: '1' } }],
      properties: ['region'],
    });
    expect(columnsOf(mapping)).toEqual(['id', 'time', 'kind', 'region']);
  });

  it('fits a file that has them all, by name or by position', () => {
    expect(fits(profile('a'), ['time', 'n', 'more'])).toBe(true);
    expect(fits(profile('a'), ['time', 'N'])).toBe(false);
    expect(fits(profile('a', { time: '#2' }), ['n', 'when'])).toBe(true);
    expect(fits(profile('a', { time: '#3' }), ['n', 'when'])).toBe(false);
  });
});
