import { describe, expect, it } from 'vitest';
import { sum } from '../decimal.ts';
import { csvOf, fileNamePart } from './csv.ts';
import type { UsageFigures } from './load.ts';
import { readUsageView } from './view.ts';

const all = { quantity: '3.5', events: 5, previous: '0', previousEvents: 0 };
const top: UsageFigures['top'] = {
  items: [],
  others: { count: 4, ...all, share: null },
  total: { count: 5, ...all, spark: ['3', '0.5'], sparkEvents: [4, 1], previousSpark: [] },
  aggregation: 'sum',
  additive: true,
  windows: [],
  previous: { from: '', to: '', comparedTo: '' },
  timeZone: 'UTC',
  asOf: '',
};
const figures: UsageFigures = {
  view: readUsageView(new URLSearchParams('range=24h'), null, 0),
  meters: {
    ...top,
    items: [{ id: 'tokens', ...all, share: null, aggregation: 'sum', additive: true, spark: ['3', '0.5'], sparkEvents: [4, 1] }],
  },
  meter: 'tokens',
  isEmpty: false,
  top,
  series: [
    { customer: '=cmd, "x"', colour: '', quantities: ['1', '0.25'], events: [1, 1] },
    { customer: null, colour: '', quantities: ['2', '0.25'], events: [3, 0] },
  ],
  bars: [
    { from: 0, to: 3_600_000 },
    { from: 3_600_000, to: 7_200_000 },
  ],
  strip: { grain: 'hour', bars: [], heights: [] },
};

describe('the CSV of the chart', () => {
  it('has its bars and its columns, and nothing that a spreadsheet would run', () => {
    const lines = csvOf(figures, (customer) => customer).split('\r\n');
    expect(lines[0]).toBe(`start,end,"'=cmd, ""x"" tokens",others tokens,total tokens,events`);
    expect(lines.slice(1)).toEqual([
      '1970-01-01T00:00:00.000Z,1970-01-01T01:00:00.000Z,1,2,3,4',
      '1970-01-01T01:00:00.000Z,1970-01-01T02:00:00.000Z,0.25,0.25,0.5,1',
      '',
    ]);
    const totals = lines.slice(1, -1).map((line) => line.split(',').at(-2) ?? '');
    expect(sum(totals)).toBe(top.total.quantity);
  });

  it('has one column for one customer, who is the total', () => {
    const [own] = figures.series;
    const view = { ...figures.view, customer: 'acme' };
    const one = csvOf({ ...figures, view, series: own === undefined ? [] : [{ ...own, customer: 'acme' }] }, () => 'Acme');
    expect(one.split('\r\n')[0]).toBe('start,end,Acme tokens,events');
    expect(fileNamePart('Ac/me: "Łódź" & Co.')).toBe('Ac_me_Łódź_Co.');
  });

  it('has a column for each meter where the chart is by meter', () => {
    const byMeter = csvOf({ ...figures, view: { ...figures.view, by: 'meter' } }, (customer) => customer);
    expect(byMeter.split('\r\n')[0]).toBe('start,end,tokens,events');
  });
});
