import { describe, expect, it } from 'vitest';
import { grainsFor, needsExtent, readUsageView, stepped, zoomText } from './view.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const read = (query: string, extent: { from: string; to: string } | null = null) => readUsageView(new URLSearchParams(query), extent, NOW);
const iso = (ms: number) => new Date(ms).toISOString();

describe('the view in the URL', () => {
  it('shows seven days by the hour when nothing is said', () => {
    const view = read('');
    expect(view).toMatchObject({ range: '7d', grain: 'hour', zone: 'UTC', meter: null, asTable: false });
    expect([iso(view.from), iso(view.to)]).toEqual(['2026-11-12T13:00:00.000Z', '2026-11-19T13:00:00.000Z']);
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

  it('is that of the customer who reads, whatever the URL asks for', () => {
    expect(readUsageView(new URLSearchParams('customer=helio'), null, NOW, 'acme').customer).toBe('acme');
    expect(readUsageView(new URLSearchParams('customer=helio'), null, NOW, null).customer).toBe('helio');
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

  it('zooms into a part of the range, and never beyond it', () => {
    const zoomed = read('range=24h&zoom=2026-11-19T01:00:00Z/2026-11-19T05:00:00Z');
    expect([iso(zoomed.from), iso(zoomed.to), zoomed.zoomed]).toEqual(['2026-11-19T01:00:00.000Z', '2026-11-19T05:00:00.000Z', true]);
    expect([iso(zoomed.base.from), iso(zoomed.base.to)]).toEqual(['2026-11-18T13:00:00.000Z', '2026-11-19T13:00:00.000Z']);
    expect(zoomText(zoomed)).toBe('2026-11-19T01:00:00.000Z/2026-11-19T05:00:00.000Z');
    const beyond = read('range=24h&zoom=2020-01-01T00:00:00Z/2026-11-19T05:00:00Z');
    expect(iso(beyond.from)).toBe('2026-11-18T13:00:00.000Z');
    for (const none of ['2020-01-01T00:00:00Z/2030-01-01T00:00:00Z', 'x/y', '2026-11-19T05:00:00Z/2026-11-19T01:00:00Z', ''])
      expect(read(`range=24h&zoom=${none}`).zoomed).toBe(false);
  });

  it('steps by months, by days, or by its length', () => {
    const step = (query: string, direction: -1 | 1) => {
      const { from, to } = stepped(read(query), direction);
      return [iso(from), iso(to)];
    };
    expect(step('range=last-month', -1)).toEqual(['2026-09-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z']);
    expect(step('range=24h', -1)).toEqual(['2026-11-17T13:00:00.000Z', '2026-11-18T13:00:00.000Z']);
    const berlin = 'zone=Europe/Berlin&from=2026-10-23T22:00:00Z&to=2026-10-24T22:00:00Z';
    expect(step(berlin, 1)).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z']);
  });

  it('waits for what data there is only where the range depends on it', () => {
    const needs = (query: string) => needsExtent(new URLSearchParams(query));
    expect([needs(''), needs('range=all'), needs('range=24h'), needs('from=a&to=b')]).toEqual([true, true, false, false]);
  });
});
