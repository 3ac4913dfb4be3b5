import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearMatches } from './near-matches.ts';

const METERS = ['api_calls', 'api_calls_eu', 'storage_gb', 'seats', 'egress', 'größe', 'x'];

describe('nearMatches', () => {
  it.each([
    ['api-calls', ['api_calls', 'api_calls_eu']],
    ['API Calls', ['api_calls', 'api_calls_eu']],
    ['api_cals', ['api_calls']],
    ['sea', []],
    ['saets', []],
    ['seat', ['seats']],
    ['storage', ['storage_gb']],
    ['Größe', ['größe']],
    ['tokens', []],
    ['', []],
    ['!!', []],
  ])('of "%s" are %j', (name, expected) => expect(nearMatches(name, METERS)).toEqual(expected));

  it('are the nearest three', () => {
    expect(nearMatches('requests', ['requests_total', 'request', 'Requests', 'reqests', 'rquests'])).toEqual([
      'Requests',
      'reqests',
      'request',
    ]);
  });

  it('find what differs by one letter, wherever it is', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcdef'), minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('left out', 'added', 'exchanged'), (name, at, how) => {
        const n = at % name.length;
        const other = name.slice(0, n) + (how === 'left out' ? '' : 'z') + name.slice(how === 'added' ? n : n + 1);
        expect(nearMatches(other, [name])).toEqual(other.length >= 3 ? [name] : []);
      }),
      { numRuns: 1000 },
    );
  });

  it('are as far as the distance of Levenshtein allows, and what holds the name or is held by it', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc'), minLength: 3, maxLength: 14 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const isPart = Math.min(a.length, b.length) >= 4 && (a.includes(b) || b.includes(a));
        const isNear = levenshtein(a, b) <= Math.min(3, Math.floor(a.length / 3));
        expect(nearMatches(a, [b])).toEqual(isPart || isNear ? [b] : []);
      }),
      { numRuns: 2000 },
    );
  });
});

/** By the definition, without a limit. */
function levenshtein(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] ?? [];
    const row = [i];
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min((above[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]), (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}
