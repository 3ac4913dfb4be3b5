import { describe, expect, it } from 'vitest';
import type { Top, TopItem } from '../types.ts';
import { readFigures, seriesOf, seriesOfOne, type UsageCall } from './load.ts';
import { readUsageView } from './view.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const FIGURES = { events: 3, previous: '1', previousEvents: 1, aggregation: 'sum', additive: true } as const;
const item = (id: string, spark: string[], quantity = '1'): TopItem => ({
  ...FIGURES,
  id,
  quantity,
  share: null,
  spark,
  sparkEvents: spark.map(() => 1),
});
const top = (items: TopItem[], spark: string[], others = 0): Top => ({
  items,
  others: { count: others, quantity: '0', events: 0, previous: '0', previousEvents: 0, share: null },
  total: { ...FIGURES, count: items.length + others, quantity: '0', spark, sparkEvents: spark.map(() => 9), previousSpark: [] },
  aggregation: 'sum',
  additive: true,
  windows: spark.map((_, hour) => ({ start: `2026-11-19T0${hour}:00:00Z`, end: `2026-11-19T0${hour + 1}:00:00Z` })),
  previous: { from: '2026-11-18T00:00:00Z', to: '2026-11-19T00:00:00Z', comparedTo: '2026-11-19T00:00:00Z' },
  timeZone: 'UTC',
  asOf: '2026-11-19T12:43:41Z',
});

describe('the series of the chart', () => {
  it('leave to the others what the largest do not have, exactly', () => {
    const series = seriesOf(top([item('load-a', ['9.25', '0', '0.1'])], ['10', '0', '0.30000000000000000001'], 6), 3);
    expect(series.map(({ customer, quantities, events }) => [customer, quantities, events])).toEqual([
      ['load-a', ['9.25', '0', '0.1'], [1, 1, 1]],
      [null, ['0.75', '0', '0.20000000000000000001'], [8, 8, 8]],
    ]);
  });

  it('have no others when everybody is shown, and one series for all where nothing adds up', () => {
    expect(seriesOf(top([item('load-a', ['1'])], ['1']), 1).map(({ customer }) => customer)).toEqual(['load-a']);
    const highest = seriesOf({ ...top([item('load-a', ['7'])], ['9'], 3), additive: false }, 1);
    expect(highest).toEqual([{ customer: null, colour: '--chart-1', quantities: ['9'], events: [9] }]);
  });
});

describe('the series of one customer', () => {
  it('is all there is, also of a meter that does not add up, and has a colour where nothing was used', () => {
    const { customer, quantities, events, colour } = seriesOfOne({ ...top([], ['7', '0'], 0) }, 'acme');
    expect([customer, quantities, events]).toEqual(['acme', ['7', '0'], [9, 9]]);
    expect(colour).toMatch(/^--chart-[1-5]$/);
  });
});

describe('the calls', () => {
  async function callsOf(query: string): Promise<string[]> {
    const calls: string[] = [];
    const get: UsageCall = <T>(path: string, asked: Record<string, string>) => {
      calls.push(
        [path, asked['by'], asked['customer'], asked['meter'], asked['grain'], asked['limit']]
          .filter((part) => part !== undefined)
          .join(' '),
      );
      const answer = path === '/v1/usage' ? { buckets: [] } : top([item('tokens', ['1', '2'])], ['1', '2']);
      return Promise.resolve(answer as T);
    };
    await readFigures(readUsageView(new URLSearchParams(query), null, NOW), get);
    return calls;
  }

  it('are two, and a third for the strip while zoomed', async () => {
    expect(await callsOf('range=24h')).toEqual(['/v1/top meter month 50', '/v1/top customer tokens hour 5']);
    expect(await callsOf('range=24h&meter=tokens&rows=all')).toEqual(['/v1/top meter month 50', '/v1/top customer tokens hour 50']);
    expect(await callsOf('range=24h&meter=tokens&zoom=2026-11-19T01:00:00Z/2026-11-19T05:00:00Z')).toEqual([
      '/v1/top meter month 50',
      '/v1/top customer tokens hour 5',
      '/v1/usage tokens hour',
    ]);
  });

  it('are all about the one customer that the address names', async () => {
    expect(await callsOf('range=24h&customer=acme&zoom=2026-11-19T01:00:00Z/2026-11-19T05:00:00Z')).toEqual([
      '/v1/top meter acme month 50',
      '/v1/top customer acme tokens hour 5',
      '/v1/usage acme tokens hour',
    ]);
  });

  it('ask for events without a meter, and again where the meter of the address was not used', async () => {
    expect(await callsOf('range=24h&count=events')).toEqual(['/v1/top meter month 50', '/v1/top customer hour 5']);
    expect(await callsOf('range=24h&meter=gone')).toEqual([
      '/v1/top meter month 50',
      '/v1/top customer gone hour 5',
      '/v1/top customer tokens hour 5',
    ]);
  });
});
