import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, contentHash } from './canonical.ts';

const json = fc.jsonValue({ noUnicodeString: false }).map((value) => dropFractions(value));

/** Fractions are what a canonical text cannot hold. */
function dropFractions(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : 0;
  if (Array.isArray(value)) return value.map(dropFractions);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, dropFractions(member)]));
  return value;
}

/** The members of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe('the canonical text', () => {
  it('sorts members, keeps the order of lists, and leaves out what is undefined', () => {
    expect(canonicalText({ b: [2, 1, null], a: { d: 'ä"', c: undefined, B: true } })).toBe('{"a":{"B":true,"d":"ä\\""},"b":[2,1,null]}');
  });

  it('is JSON of the same content, whatever the order of members', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalText(reversed(value))).toBe(canonicalText(value));
      }),
    );
  });

  it.each([0.5, NaN, Infinity, 2 ** 53])('refuses %s', (number) => {
    expect(() => canonicalText([number])).toThrow(RangeError);
  });

  it('has another hash for another content', () => {
    expect(contentHash({ a: '1' })).toMatch(/^[0-9a-f]{64}$/);
    expect(contentHash({ a: '1' })).not.toBe(contentHash({ a: 1 }));
  });
});
