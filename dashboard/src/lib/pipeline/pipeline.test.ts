import { describe, expect, it } from 'vitest';
import { ApiError } from '../api.ts';
import type { Outcome } from '../outcome.ts';
import type { DeadLetter, Reconciliation, ReconciliationCell, ReconciliationRun } from '../types.ts';
import { compareAgain, type Comparison } from './compare.ts';
import { differenceOf, recordsHref, splitCells } from './hour.ts';
import { missingText } from './missing.ts';
import { replayAll, replayedText } from './replay.ts';
import { currentRate, largestRate, sparkPath } from './spark.ts';
import { keepSince, storesOfHealth } from './stores.ts';
import { readPipelineView } from './view.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const cell: ReconciliationCell = {
  customer: 'helio',
  meter: 'tokens',
  hour: '2026-11-19T09:00:00Z',
  state: 'differs',
  postgres: '86559.5',
  clickhouse: '80225.25',
  events: { postgres: 41, clickhouse: 38 },
};
const rows = { read: 0, published: 9, accepted: 6, duplicate: 2, conflict: 1, dead: 0, rejected: 0 };
const found = { state: 'red', checkedAt: null, upTo: null, rows, imports: [], cells: [cell], differing: 1 } satisfies Reconciliation;

describe('the view', () => {
  const view = (query: string, known: Partial<Parameters<typeof readPipelineView>[1]> = {}) => {
    const { from, to, ...rest } = readPipelineView(new URLSearchParams(query), { extent: null, found: undefined, ...known }, NOW);
    return { from: new Date(from).toISOString().slice(0, 16), to: new Date(to).toISOString().slice(0, 16), ...rest };
  };

  it('is the last day with the hour that is not over, by the hour', () => {
    expect(view('')).toEqual({
      from: '2026-11-18T12:00',
      to: '2026-11-19T13:00',
      range: '24h',
      step: 1,
      zone: 'UTC',
      open: null,
      isLong: false,
    });
  });

  it('has cells of six hours for a week, beginning with a day of the zone, and of a day for longer', () => {
    expect(view('range=7d&zone=Asia/Tokyo')).toMatchObject({ range: '7d', step: 6, from: '2026-11-11T15:00', to: '2026-11-19T13:00' });
    expect(view('from=2026-10-20T00:00:00Z&to=2026-11-10T00:00:00Z')).toMatchObject({
      range: 'custom',
      step: 24,
      from: '2026-10-20T00:00',
    });
    // Not more than 31 days, the last ones.
    expect(view('from=2026-01-01T00:00:00Z&to=2026-11-10T00:00:00Z')).toMatchObject({ from: '2026-10-10T00:00', to: '2026-11-10T00:00' });
    expect(view('from=2026-11-01T10:15:00Z&to=2026-11-01T12:30:00Z')).toMatchObject({ from: '2026-11-01T10:00', to: '2026-11-01T13:00' });
  });

  it('begins with what differs, else with the last day of the data', () => {
    expect(view('', { found })).toMatchObject({ range: '24h', open: { customer: 'helio', from: Date.parse(cell.hour) } });
    const old = { ...found, cells: [{ ...cell, hour: '2023-11-16T18:00:00Z' }] };
    expect(view('', { found: old })).toMatchObject({ range: 'custom', from: '2023-11-16T06:00', to: '2023-11-17T06:00' });
    const extent = { from: '2023-11-01T00:00:00Z', to: '2023-11-16T19:15:00Z' };
    expect(view('', { extent })).toMatchObject({ range: 'custom', from: '2023-11-15T20:00', to: '2023-11-16T20:00' });
    expect(view('', { extent: { ...extent, to: '2026-11-19T12:00:00Z' } })).toMatchObject({ range: '24h' });
  });

  it('has the cell open that the address names, and none when it was closed', () => {
    expect(view('hour=2026-11-19T03:00:00Z&customer=acme', { found }).open).toEqual({
      customer: 'acme',
      from: Date.parse('2026-11-19T03:00:00Z'),
    });
    expect(view('hour=2026-11-19T03:00:00Z').open).toMatchObject({ customer: null });
    expect(view('hour=none', { found }).open).toBeNull();
    expect(view('range=7d', { found }).open).toEqual({ customer: 'helio', from: Date.parse('2026-11-19T06:00:00Z') });
    expect(view('rows=all').isLong).toBe(true);
  });
});

describe('an open cell', () => {
  it('says what which store lacks, exactly', () => {
    expect(differenceOf(cell)).toMatchObject({ lacking: 'ClickHouse', events: 3, quantity: '6334.25', tag: 'differs by 3 events' });
    expect(differenceOf({ ...cell, events: { postgres: 37, clickhouse: 38 } })).toMatchObject({
      lacking: 'Postgres',
      events: 1,
      quantity: '-6334.25',
    });
    expect(differenceOf({ ...cell, events: { postgres: 38, clickhouse: 38 } })).toMatchObject({ lacking: null, tag: 'quantities differ' });
    expect(differenceOf({ ...cell, state: 'open' }).tag).toBe('not decided yet');
  });

  it('adds up what agrees, by meter', () => {
    const agrees = (meter: string, postgres: string) => ({ ...cell, meter, postgres, clickhouse: postgres, state: 'agrees' as const });
    expect(splitCells([cell, agrees('calls', '0.1'), agrees('calls', '0.2')])).toMatchObject({
      differences: [{ cell }],
      agreements: [{ meter: 'calls', events: 82, quantity: '0.3', hours: 2 }],
    });
  });

  it('leads to its records', () => {
    expect(recordsHref(cell, 'UTC')).toBe(
      '/records?customer=helio&meter=tokens&from=2026-11-19T09%3A00%3A00Z&to=2026-11-19T10%3A00%3A00.000Z',
    );
    expect(recordsHref(cell, 'Asia/Tokyo')).toContain('&zone=Asia%2FTokyo');
  });

  it('names the places in the log', () => {
    const range = (store: 'postgres' | 'clickhouse', firstOffset: number, lastOffset: number) => ({
      store,
      epoch: 1,
      partition: 3,
      firstOffset,
      lastOffset,
      events: 1,
    });
    expect(missingText({ ranges: [range('clickhouse', 88_201_114, 88_201_116)], isWhole: true })).toBe(
      'partition 3, offsets 88,201,114\u201388,201,116',
    );
    expect(missingText({ ranges: [range('clickhouse', 7, 7), range('postgres', 9, 9)], isWhole: false })).toBe(
      'ClickHouse lacks partition 3, offset 7; Postgres lacks partition 3, offset 9; and more',
    );
    expect(missingText({ ranges: Array.from({ length: 6 }, (_, n) => range('postgres', n, n)), isWhole: true })).toMatch(
      /offset 4; and more$/,
    );
    expect(missingText({ ranges: [], isWhole: true })).toBe('');
  });
});

describe('a comparison that was asked for', () => {
  const run = (state: ReconciliationRun['state']): Outcome<ReconciliationRun> => ({
    ok: true,
    value: { id: '7', state, requestedAt: '2026-11-19T12:00:00Z', finishedAt: state === 'done' ? '2026-11-19T12:00:01.530Z' : null },
  });
  async function follow(answers: Outcome<ReconciliationRun>[]): Promise<Comparison[]> {
    const shown: Comparison[] = [];
    const next = () => Promise.resolve(answers.shift() ?? run('done'));
    await compareAgain({ ask: next, look: next, show: (comparison) => shown.push(comparison), wait: () => Promise.resolve() });
    return shown;
  }

  it('is followed until it is through', async () => {
    expect((await follow([run('requested'), run('running'), run('done')])).map(({ state, text }) => `${state}: ${text}`)).toEqual([
      'waiting: Asking for a comparison of everything.',
      'waiting: The comparison waits for its turn, 0 s so far.',
      'comparing: Both stores are being compared, hour by hour, 0 s so far.',
      'done: Everything was compared again, in 1.5 s.',
    ]);
  });

  it('says why it could not be', async () => {
    const error = new ApiError({ status: 503, code: 'store_unavailable', detail: 'ClickHouse does not answer.' });
    expect((await follow([run('running'), { ok: false, error }])).at(-1)).toEqual({
      state: 'failed',
      text: 'ClickHouse does not answer.',
      code: 'store_unavailable',
    });
  });
});

describe('several dead letters', () => {
  const refusal = (status: number): Outcome<DeadLetter> => ({ ok: false, error: new ApiError({ status, detail: 'no' }) });
  const sent = { ok: true, value: {} } as Outcome<DeadLetter>;

  it('are replayed one after the other, those refused by themselves', async () => {
    const result = await replayAll(['1', '2', '3'], (id) => Promise.resolve(id === '2' ? refusal(422) : sent));
    expect([result.sent, [...result.refused.keys()], result.left]).toEqual([2, ['2'], 0]);
    expect(replayedText(result)).toBe('2 messages were put back into the log; 1 was refused, with the reason below.');
  });

  it('are left where the server does not answer any more', async () => {
    const asked: string[] = [];
    const result = await replayAll(['1', '2', '3'], (id) => {
      asked.push(id);
      return Promise.resolve(id === '1' ? sent : refusal(503));
    });
    expect([asked, result.left]).toEqual([['1', '2'], 1]);
    expect(replayedText(result)).toBe('1 message was put back into the log; 1 was refused, with the reason below; 1 was not tried.');
  });
});

describe('a rate', () => {
  it('is drawn from the right, with gaps where nothing is known', () => {
    expect(sparkPath([0, 10, null, 5], 10)).toBe('M139.1 18.5L140.8 1.5M144.0 10.0');
    expect(sparkPath([], 0)).toBe('');
    expect(
      sparkPath(
        Array.from({ length: 100 }, () => 0),
        0,
      ),
    ).toMatch(/^M0\.0 18\.5L/);
  });

  it('is the mean of the last minute', () => {
    expect(currentRate([1_000, 10, 20, 30, 40, 50, null])).toBe(30);
    expect(currentRate([null])).toBeNull();
    expect(largestRate([1, null], [7], [])).toBe(7);
  });
});

describe('the stores', () => {
  const health = (ok: boolean) =>
    JSON.stringify({ status: 'down', checks: [{ name: 'postgres', ok, message: 'postgres does not answer' }] });

  it('are told of by the health of the process while nobody can be signed in', () => {
    expect(storesOfHealth(health(false), '2026-11-19T12:00:00Z')).toEqual([
      { name: 'postgres', ok: false, since: '2026-11-19T12:00:00Z', message: 'postgres does not answer', freeBytes: null },
    ]);
    expect(storesOfHealth(health(true), '')).toBeUndefined();
    expect(storesOfHealth('<html>', '')).toBeUndefined();
  });

  it('keep since when it is so, until it changes', () => {
    const store = (ok: boolean, since: string) => ({ name: 'postgres', ok, since, message: null, freeBytes: null });
    expect(keepSince([store(false, '12:00')], [store(false, '12:05')])).toEqual([store(false, '12:00')]);
    expect(keepSince([store(true, '12:00')], [store(false, '12:05')])).toEqual([store(false, '12:05')]);
  });
});
