import { describe, expect, it } from 'vitest';
import type { Reconciliation, ReconciliationCell } from '../types.ts';
import { footOf } from './foot.ts';
import { faultOf, hourOf, verdictOf } from './words.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const cell: ReconciliationCell = {
  customer: 'helio',
  meter: 'tokens',
  hour: '2026-11-19T09:00:00Z',
  state: 'differs',
  postgres: '86559',
  clickhouse: '80225',
  events: { postgres: 41, clickhouse: 38 },
};
const green: Reconciliation = {
  state: 'green',
  checkedAt: '2026-11-19T12:43:38Z',
  upTo: '2026-11-19T12:43:38Z',
  rows: { read: 10, published: 9, accepted: 6, duplicate: 2, conflict: 1, dead: 0, rejected: 1 },
  imports: [],
  cells: [],
  differing: 0,
};
const red: Reconciliation = { ...green, state: 'red', cells: [cell], differing: 1 };
const lost: Reconciliation = {
  ...green,
  state: 'red',
  imports: [{ id: '3', name: 'a.csv', rows: { read: 10, accounted: 9 }, events: { published: 9, accounted: 9 } }],
};
const nameOf = (id: string) => (id === 'helio' ? 'Helio Labs' : id);
const foot = (value: Reconciliation | undefined, isReached: boolean | undefined = true, unchangedMs = 0) =>
  footOf({ value, isReached, unchangedMs }, nameOf, NOW);

describe('the foot of the navigation', () => {
  it.each([
    ['green', green, { tone: 'good', title: 'Everything adds up', detail: 'Checked 12:43:38 UTC' }],
    ['red', red, { tone: 'bad', title: 'One hour differs', detail: 'Helio Labs, 19 Nov 09:00' }],
    ['redder', { ...red, differing: 12 }, { tone: 'bad', title: '12 hours differ', detail: 'First: Helio Labs, 19 Nov 09:00' }],
    ['red for an import', lost, { tone: 'bad', title: 'One import does not add up', detail: 'a.csv' }],
    ['checking', { ...green, state: 'checking' as const }, { tone: 'waiting', title: 'Checking', detail: 'Last compared 12:43:38 UTC' }],
    [
      'checking at first',
      { ...green, state: 'checking' as const, checkedAt: null },
      { tone: 'waiting', title: 'Checking', detail: 'Nothing is compared yet' },
    ],
  ])('says what is: %s', (_, value, expected) => {
    expect(foot(value)).toMatchObject(expected);
  });

  it('speaks of the past while the server does not answer', () => {
    expect(foot(green, false)).toMatchObject({ tone: 'stale', title: 'Everything added up', detail: 'As of 12:43:38 UTC, trying again' });
    expect(foot(red, false)).toMatchObject({ tone: 'stale', title: 'One hour differed' });
    expect(foot(undefined, false)).toMatchObject({ tone: 'stale', title: 'Not known' });
    expect(foot(undefined, undefined)).toMatchObject({ tone: 'waiting', title: 'Checking' });
  });

  it('does not call an old comparison one of today', () => {
    expect(foot(green, true, 300_001)).toMatchObject({
      tone: 'stale',
      title: 'Everything added up',
      detail: 'Not compared again since 12:43:38 UTC',
    });
    expect(foot(red, true, 300_001)).toMatchObject({ tone: 'bad', title: 'One hour differs' });
  });
});

describe('in words', () => {
  it('says how many, and when', () => {
    expect(verdictOf({ ...lost, imports: [...lost.imports, ...lost.imports] })).toBe('Two imports do not add up');
    expect(hourOf(cell, NOW)).toBe('19 Nov 09:00\u201310:00');
    expect(hourOf(cell, NOW, 'Asia/Kathmandu')).toBe('19 Nov 14:45\u201315:45');
  });

  it('says of an hour which store lacks what', () => {
    expect(faultOf(cell)).toBe('ClickHouse lacks 3 events that Postgres has.');
    expect(faultOf({ ...cell, events: { postgres: 1, clickhouse: 2 } })).toBe('Postgres lacks 1 event that ClickHouse has.');
    expect(faultOf({ ...cell, events: { postgres: 2, clickhouse: 2 } })).toBe('Both hold 2 events, with different quantities.');
  });
});
