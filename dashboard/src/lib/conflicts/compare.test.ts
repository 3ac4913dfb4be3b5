import { describe, expect, it } from 'vitest';
import { choiceOf, compareVersions, lineAddress, type Version } from './compare.ts';

const version: Version = {
  key: 'k1',
  meter: 'tokens',
  time: '2026-10-01T05:00:00Z',
  quantity: '1200.5',
  properties: { region: 'eu', tier: 'a' },
  importId: '3',
  line: 17,
};

describe('two versions', () => {
  it('differ where they do, and nowhere else', () => {
    const other = { ...version, quantity: '1300', properties: { region: 'eu', host: 'b1' } };
    expect(compareVersions({ first: version, this: other })).toEqual([
      { label: 'Meter', first: 'tokens', this: 'tokens', differs: false },
      { label: 'Time, UTC', first: '2026-10-01 05:00:00', this: '2026-10-01 05:00:00', differs: false },
      { label: 'Quantity', first: '1,200.5', this: '1,300', differs: true },
      { label: 'host', first: null, this: 'b1', differs: true },
      { label: 'region', first: 'eu', this: 'eu', differs: false },
      { label: 'tier', first: 'a', this: null, differs: true },
    ]);
  });

  it('of the same quantity do not differ in how it is written', () => {
    const rows = compareVersions({ first: version, this: { ...version, quantity: '1200.500000' } });
    expect(rows.every(({ differs }) => !differs)).toBe(true);
  });

  it('do not differ where only one is left', () => {
    const rows = compareVersions({ first: null, this: version });
    expect(rows.map(({ first, differs }) => [first, differs])).toEqual(Array.from({ length: 5 }, () => [null, false]));
  });
});

describe('a line of a version', () => {
  it('opens the record, among accepted ones or those in conflict', () => {
    expect(lineAddress('a&b', version, 'accepted')).toBe('/records?customer=a%26b&import=3&record=k1');
    expect(lineAddress('acme', version, 'conflict')).toBe('/records?customer=acme&import=3&status=conflict&record=k1');
    expect(lineAddress('acme', { ...version, key: null }, 'conflict')).toBe('/imports/3');
  });
});

describe('the choice', () => {
  it('is between two while both are there', () => {
    expect(choiceOf({ status: 'open', first: version, keep: null })).toEqual({ kind: 'open', canKeepFirst: true });
    expect(choiceOf({ status: 'open', first: null, keep: null })).toEqual({ kind: 'open', canKeepFirst: false });
  });

  it('is over once decided; a decision for the first can be mended', () => {
    expect(choiceOf({ status: 'resolving', first: version, keep: 'this' })).toEqual({ kind: 'resolving' });
    expect(choiceOf({ status: 'resolved', first: version, keep: 'first' })).toEqual({ kind: 'resolved', canKeepThis: true });
    expect(choiceOf({ status: 'resolved', first: version, keep: 'this' })).toEqual({ kind: 'resolved', canKeepThis: false });
  });
});
