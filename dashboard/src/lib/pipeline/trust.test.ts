import { describe, expect, it } from 'vitest';
import type { Pipeline, Reconciliation, ReconciliationCell } from '../types.ts';
import { trustOf, type TrustFacts } from './trust.ts';

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
  upTo: '2026-11-19T12:43:37Z',
  rows: { read: 10, published: 9, accepted: 6, duplicate: 2, conflict: 1, dead: 0, rejected: 1 },
  imports: [],
  cells: [],
  differing: 0,
};
const lost = { id: '3', name: 'a.csv', rows: { read: 10, accounted: 9 }, events: { published: 9, accounted: 9 } };
const pipeline: Pipeline = {
  partitions: [
    { partition: 0, endOffset: 100, records: 100, rollups: 100, lag: { records: 0, rollups: 0 }, watermark: '2026-11-19T12:43:40Z' },
    { partition: 1, endOffset: 50, records: 50, rollups: 50, lag: { records: 0, rollups: 0 }, watermark: '2026-11-19T12:43:40Z' },
  ],
  movedAt: { records: '2026-11-19T12:43:30Z', rollups: '2026-11-19T12:43:30Z' },
  rates: { everySeconds: 10, until: null, published: [], records: [], rollups: [] },
  imports: 0,
  deadLetters: 0,
  conflicts: 0,
  rebuild: null,
  asOf: '2026-11-19T12:43:40Z',
};
const rebuild = {
  id: '1',
  state: 'copying' as const,
  requestedAt: '2026-11-19T12:40:00Z',
  startedAt: '2026-11-19T12:40:00Z',
  finishedAt: null,
  rowsCopied: 20,
  failure: null,
};
const store = (name: string, ok: boolean) => ({ name, ok, since: '2026-11-19T12:41:02Z', message: ok ? null : 'refused', freeBytes: null });

const trust = (value: Reconciliation | undefined, facts: Partial<TrustFacts> = {}) =>
  trustOf({
    value,
    isReached: value === undefined ? undefined : true,
    unchangedMs: 0,
    pipeline,
    stores: [store('postgres', true), store('clickhouse', true)],
    isLive: true,
    nameOf: (id) => (id === 'helio' ? 'Helio Labs' : id),
    zone: 'UTC',
    now: NOW,
    ...facts,
  });
const red = (differing: number, cells = [cell]): Reconciliation => ({ ...green, state: 'red', differing, cells });

describe('whether the numbers can be trusted', () => {
  it('is yes, up to when, where both stores agree', () => {
    expect(trust(green)).toEqual({
      tone: 'good',
      icon: 'check',
      sentence: 'The numbers can be trusted: all usage received up to 12:43:37 adds up in both stores.',
      details: ['Last compared at 12:43:38.'],
    });
    expect(trust(green, { zone: 'Asia/Kathmandu' }).sentence).toContain('up to 18:28:37 ');
    expect(trust(green, { now: NOW + 86_400_000 }).sentence).toContain('up to 19 Nov 12:43 ');
  });

  it('is not for an hour that differs, named with what it lacks and what follows', () => {
    expect(trust(red(1))).toMatchObject({
      tone: 'bad',
      icon: 'cross',
      sentence: 'All usage received up to 12:43:37 can be trusted, except one hour: Helio Labs, 19 Nov 09:00\u201310:00.',
      details: [
        'ClickHouse lacks 3 events that Postgres has.',
        'An invoice of Helio Labs with this hour cannot be finalized until both stores agree.',
        'Last compared at 12:43:38.',
      ],
    });
    expect(trust(red(1), { zone: 'Asia/Kathmandu' }).sentence).toContain('19 Nov 14:45\u201315:45.');
    const several = trust(red(3));
    expect(several.sentence).toBe('All usage received up to 12:43:37 can be trusted, except three hours, in which the two stores differ.');
    expect(several.details[0]).toBe('The first is Helio Labs, 19 Nov 09:00\u201310:00.');
    expect(trust({ ...red(2), imports: [lost] }).details).toContain('1 import does not add up either.');
  });

  it('is not for imports that do not add up', () => {
    const one = { ...red(0, []), imports: [lost] };
    expect(trust(one)).toMatchObject({ tone: 'bad', sentence: 'The numbers of one import cannot be trusted: a.csv does not add up.' });
    expect(trust({ ...one, imports: [lost, { ...lost, name: 'b.csv' }] }).sentence).toBe(
      'The numbers of two imports cannot be trusted: a.csv, b.csv do not add up.',
    );
  });

  it('ends where the consumers are, when they are behind', () => {
    const [first, second] = pipeline.partitions;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const slow = { ...second, endOffset: 12_530, lag: { records: 12_400, rollups: 12_480 }, watermark: '2026-11-19T12:41:02Z' };
    const behind = { ...pipeline, partitions: [first, slow], asOf: '2026-11-19T12:41:02Z' };
    expect(trust(green, { pipeline: behind })).toMatchObject({
      tone: 'waiting',
      sentence: 'The numbers can be trusted up to 12:41:02; 12,480 events received since then are still on the way.',
    });
    const one = { ...slow, lag: { records: 1, rollups: 1 } };
    expect(trust(green, { pipeline: { ...behind, partitions: [first, one] } }).sentence).toContain('1 event received since then is still');
    // A moment is no delay: rows arrive all the time.
    const moment = { ...behind, partitions: [first, { ...slow, watermark: '2026-11-19T12:43:38Z' }], asOf: '2026-11-19T12:43:38Z' };
    expect(trust(green, { pipeline: moment }).tone).toBe('good');
  });

  it.each([
    [
      'clickhouse',
      'Only what was checked up to 12:43:37 can be trusted: ClickHouse has not answered since 12:41:02.',
      'Files are still taken in',
    ],
    ['postgres', 'Only what was checked up to 12:43:37 can be trusted: Postgres has not answered since 12:41:02.', 'Nothing can be shown'],
    [
      'event log',
      'Only what was checked up to 12:43:37 can be trusted: the event log has not answered since 12:41:02.',
      'What is uploaded has to wait',
    ],
  ])('ends at the last check while a store is away: %s', (name, sentence, detail) => {
    const found = trust(green, { stores: [store(name, false)], isReached: false });
    expect(found).toMatchObject({ tone: 'warn', icon: 'warning', sentence });
    expect(found.details[0]).toContain(detail);
    expect(trust(undefined, { stores: [store(name, false)] }).sentence).toMatch(/^No number can be trusted until it is back: /);
  });

  it('does not depend on the file store, which is said beside it', () => {
    const found = trust(green, { stores: [store('file store', false)] });
    expect(found.tone).toBe('good');
    expect(found.details[0]).toMatch(/^The file store does not answer\. The numbers are not touched by that/);
  });

  it('holds while ClickHouse is built anew, which is said', () => {
    const busy = trust(green, { pipeline: { ...pipeline, rebuild } });
    expect(busy).toMatchObject({
      tone: 'waiting',
      sentence: 'All usage received up to 12:43:37 can be trusted; ClickHouse is being built anew from Postgres.',
    });
    expect(trust(green, { pipeline: { ...pipeline, rebuild: { ...rebuild, state: 'done' } } }).tone).toBe('good');
  });

  it('is not known before the first comparison, and while another is under way the last one counts', () => {
    const checking = { ...green, state: 'checking' as const };
    expect(trust(undefined)).toMatchObject({ tone: 'waiting', sentence: 'Asking whether the numbers can be trusted.' });
    expect(trust({ ...checking, checkedAt: null, upTo: null })).toMatchObject({
      tone: 'waiting',
      sentence: 'Whether the numbers can be trusted is not known yet: both stores are being compared for the first time.',
      details: ['Nothing is compared yet.'],
    });
    expect(trust(checking).sentence).toBe('All usage received up to 12:43:37 added up, and is being compared again.');
    expect(trust({ ...checking, cells: [{ ...cell, state: 'open' }] }).sentence).toBe(
      'All usage received up to 12:43:37 can be trusted, except 1 hour that is not decided yet.',
    );
  });

  it('is not claimed of the present while the check is old, or the server does not answer', () => {
    expect(trust(green, { unchangedMs: 300_001 })).toMatchObject({
      tone: 'warn',
      sentence: 'Nothing has been compared since 12:43:38. Everything added up then; what came later is not checked.',
    });
    expect(trust(red(1), { unchangedMs: 300_001 }).tone).toBe('bad');
    expect(trust(green, { isReached: false })).toEqual({
      tone: 'warn',
      icon: 'warning',
      sentence: 'The server does not answer. Everything added up at 12:43:38; what is true now is not known.',
      details: [],
    });
    expect(trust(red(1), { isReached: false }).sentence).toContain('One hour differed at 12:43:38;');
    expect(trust({ ...green, checkedAt: null }, { isReached: false }).sentence).toContain('nothing was compared before');
    expect(trust(undefined, { isReached: false }).sentence).toBe(
      'Whether the numbers can be trusted is not known: the server does not answer.',
    );
  });

  it('has beside it what is not in the numbers', () => {
    const left = { ...pipeline, imports: 1, conflicts: 7, deadLetters: 1 };
    expect(trust(green, { pipeline: left, isLive: false })).toMatchObject({
      tone: 'good',
      details: [
        '1 import is under way; its events count as they arrive.',
        '7 conflicts wait for a decision; what came second does not count until then.',
        '1 message of the log could not be read; it is listed below.',
        'Last compared at 12:43:38.',
        'The live link is lost and is being tried again; the figures below are asked for every few seconds.',
      ],
    });
    expect(trust(green, { pipeline: { ...left, imports: 2, conflicts: 1, deadLetters: 2 } }).details.slice(0, 3)).toEqual([
      '2 imports are under way; their events count as they arrive.',
      '1 conflict waits for a decision; what came second does not count until then.',
      '2 messages of the log could not be read; they are listed below.',
    ]);
  });
});
