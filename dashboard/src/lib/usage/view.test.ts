import { describe, expect, it } from 'vitest';
import { grainsFor, readUsageView } from './view.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const read = (query: string, extent: { from: string; to: string } | null = null) => readUsageView(new URLSearchParams(query), extent, NOW);
const iso = (ms: number) => new Date(ms).toISOString();

describe('the view in the URL', () => {
  it('shows seven days by the hour when nothing is said', () => {
    const view = read('');
    expect(view).toMatchObject({ range: '7d', grain: 'hour', zone: 'UTC', meter: null, asTable: false });
    expect([iso(view.from), iso(view.to)]).toEqual(['2026-11-12T12:00:00.000Z', '2026-11-19T13:00:00.000Z']);
  });

  it('begins with all data when the data is old', () => {
    const view = read('', { from: '2023-11-16T18:17:03Z', to: '2024-09-30T22:00:00Z' });
    expect(view).toMatchObject({ range: 'all', grain: 'month' });
    expect([iso(view.from), iso(view.to)]).toEqual(['2023-11-16T00:00:00.000Z', '2024-10-01T00:00:00.000Z']);
  });

  it('takes months in the zone', () => {
    const view = read('range=last-month&zone=Asia/Kathmandu');
    expect([iso(view.from), iso(view.to)]).toEqual(['2026-09-30T18:15:00.000Z', '2026-10-31T18:15:00.000Z']);
    expect(view.grain).toBe('day');
  });

  it('prefers a range of its own, and forgets one that is empty', () => {
    expect(read('from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z')).toMatchObject({ range: 'custom', grain: 'hour' });
    expect(read('from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z').range).toBe('7d');
  });

  it('ignores a zone that does not exist and a grain with too many bars', () => {
    expect(read('zone=Mars/Olympus').zone).toBe('UTC');
    expect(read('from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&grain=hour').grain).toBe('month');
  });

  it('offers only grains that can be told apart', () => {
    expect(grainsFor({ from: NOW, to: NOW + 86_400_000 }, 'UTC')).toEqual(['hour', 'day']);
  });
});
