import { describe, expect, it } from 'vitest';
import type { Mapping, Profile } from '../../schemas/http/imports.ts';
import { suggest, type SuggestOptions } from './suggest.ts';

const BASE: Mapping = { customer: 'customer', time: 'time', timeZone: 'UTC', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
const HEADER = ['customer', 'time', 'n'];

function profile(name: string, mapping: Partial<Mapping> = {}): Profile {
  return { name, builtIn: false, description: null, mapping: { ...BASE, ...mapping }, updatedAt: null };
}

function suggested(rows: string[][], options: Partial<SuggestOptions> = {}) {
  return suggest({
    header: HEADER,
    rows,
    profiles: [],
    mapping: BASE,
    matched: { time: [], quantity: undefined },
    given: false,
    nowMs: Date.UTC(2026, 10, 23),
    ...options,
  });
}

const PLAIN = [['acme', '2026-10-01 05:00', '5']];
const changes = (rows: string[][], options: Partial<SuggestOptions> = {}) => suggested(rows, options).map(({ change }) => change);

describe('a suggestion', () => {
  it('is not made for a file that reads as it is', () => {
    expect(suggested(PLAIN)).toEqual([]);
  });

  it('names the profile that fits, how many columns match and how many rows it reads', () => {
    const profiles = [profile('other', { time: 'when' }), profile('mine'), profile('dates', { timeFormat: 'dd/MM/yyyy' })];
    const found = suggested([...PLAIN, ['acme', '2026-10-01', 'x']], { profiles, mapping: null });
    expect(found.map((one) => one.profile)).toEqual(['mine', 'dates']);
    expect(found[0]).toEqual({
      kind: 'profile',
      profile: 'mine',
      change: {},
      columnsMatched: 3,
      columnsUsed: 3,
      reason: 'all 3 of its columns are in the header, and it reads 1 of the first 2 rows',
    });
    expect(suggested(PLAIN, { profiles, given: true })).toEqual([]);
  });

  it('names what a profile lacks, where none fits', () => {
    const profiles = [profile('near', { properties: ['region'] }), profile('far', { customer: 'a', time: 'b' })];
    expect(suggested(PLAIN, { profiles })).toMatchObject([
      {
        profile: 'near',
        columnsMatched: 3,
        columnsUsed: 4,
        reason: '3 of its 4 columns are in the header; there is no "region"',
      },
    ]);
  });

  it('says the style that reads the numbers, with what becomes of a cell', () => {
    const found = suggested([...PLAIN, ['acme', '2026-10-01 05:00', '1.234,56']]);
    expect(found).toEqual([
      {
        kind: 'mapping',
        profile: null,
        change: { decimal: ',', thousands: '.' },
        columnsMatched: null,
        columnsUsed: null,
        reason: 'in "n", "1.234,56" is 1234.56 with decimal "," and thousands "."',
      },
    ]);
    expect(changes([['acme', '2026-10-01 05:00', '12.5%']])).toEqual([{ 'measures/0/percent': true }]);
    expect(changes([['acme', '2026-10-01 05:00', '1,234']])).toEqual([{ decimal: ',' }, { thousands: ',' }]);
    expect(suggested([['acme', '2026-10-01 05:00', '1,234']])[0]?.reason).toContain('the cells do not say which');
  });

  it('is silent about numbers whose style was declared', () => {
    expect(suggested([['acme', '2026-10-01 05:00', '1.234,56']], { mapping: { ...BASE, thousands: ',' } })).toEqual([]);
  });

  it('says the form that reads all times, or that there are several', () => {
    expect(
      changes([
        ['acme', '13/04/2026', '5'],
        ['acme', '01/04/2026', '5'],
      ]),
    ).toEqual([{ timeFormat: 'dd/MM/yyyy' }]);
    expect(changes([['acme', '03/04/2026', '5']])).toEqual([{ timeFormat: 'dd/MM/yyyy' }, { timeFormat: 'MM/dd/yyyy' }]);
    expect(
      changes([
        ['acme', '1/4/2026 12:00', '5'],
        ['acme', '12/10/2025 5:00', '5'],
      ]),
    ).toEqual([{ timeFormat: 'd/M/yyyy H:mm' }, { timeFormat: 'M/d/yyyy H:mm' }]);
    expect(changes([['acme', '1790000000', '5']])).toEqual([{ timeFormat: 'epoch_s' }]);
    expect(
      changes([
        ['acme', '13/04/2026', '5'],
        ['acme', '04/13/2026', '5'],
      ]),
    ).toEqual([]);
    expect(
      changes([
        ['acme', '20261001', '5'],
        ['acme', 'unknown', '5'],
      ]),
    ).toEqual([]);
  });

  it('says that a zone is needed as well', () => {
    const { timeZone: _zone, ...mapping } = BASE;
    expect(suggested([['acme', '13/04/2026', '5']], { mapping })[0]?.reason).toBe(
      'every time in "time" has this form: "13/04/2026" is 2026-04-13T00:00:00.000000Z (its time zone has to be said as well)',
    );
  });

  it('bears with a mapping whose zone or form is none', () => {
    const rows = [['acme', '13/04/2026', '5']];
    expect(changes(rows, { mapping: { ...BASE, timeZone: 'CEST' } })).toEqual([{ timeFormat: 'dd/MM/yyyy' }]);
    expect(changes(rows, { mapping: { ...BASE, timeFormat: 'DDMMYY' } })).toEqual([{ timeFormat: 'dd/MM/yyyy' }]);
  });

  it('needs no mapping, only the columns that were matched', () => {
    const matched = { time: ['time'], quantity: 'n' };
    expect(changes([['acme', '13/04/2026', '1,5']], { mapping: null, matched })).toEqual([{ timeFormat: 'dd/MM/yyyy' }, { decimal: ',' }]);
  });
});
