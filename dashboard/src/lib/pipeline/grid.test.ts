import { describe, expect, it } from 'vitest';
import type { ReconciliationGrid } from '../types.ts';
import { balanceOf, storesBalanceOf } from './balance.ts';
import { columnsOf, gridRows, moveBy, openCell, spanText } from './grid.ts';

const NOW = Date.parse('2026-11-19T12:43:41Z');
const HOUR = 3_600_000;
const rows = { read: 0, published: 9, accepted: 6, duplicate: 2, conflict: 1, dead: 0, rejected: 0 };
const grid: ReconciliationGrid = {
  cells: ['2026-11-18T22:00:00Z', '2026-11-18T23:00:00Z', '2026-11-19T00:00:00Z', '2026-11-19T12:00:00Z'],
  to: '2026-11-19T13:00:00Z',
  step: 1,
  rows: [
    { customer: 'z', cells: ['agrees', 'none', 'differs', 'agrees'] },
    { customer: 'b', cells: ['agrees', 'open', 'agrees', 'differs'] },
  ],
  others: { customers: 30, cells: ['agrees', 'agrees', 'agrees', 'none'] },
  events: { postgres: 10, clickhouse: 10 },
  checkedAt: null,
};

describe('the grid', () => {
  const shown = gridRows(grid, (id) => (id === 'z' ? 'Acme' : 'Brightwater'), NOW);
  const columns = columnsOf(grid, 'UTC');

  it('is ordered by name, the others last; an hour that is not over says so, unless it differs already', () => {
    expect(shown).toEqual([
      { customer: 'z', name: 'Acme', cells: ['agrees', 'none', 'differs', 'running'] },
      { customer: 'b', name: 'Brightwater', cells: ['agrees', 'open', 'agrees', 'differs'] },
      { customer: null, name: '30 others', cells: ['agrees', 'agrees', 'agrees', 'running'] },
    ]);
  });

  it('names every third hour, and each day where it begins, in the zone', () => {
    expect(columns.map(({ label, isDay }) => [label, isDay])).toEqual([
      ['', false],
      ['', false],
      ['19 Nov', true],
      ['12', false],
    ]);
    expect(columnsOf(grid, 'Asia/Kathmandu').map(({ label }) => label)).toEqual(['03:45', '', '', '']);
    const quarters = { ...grid, step: 6, cells: ['2026-11-18T18:00:00Z', '2026-11-19T00:00:00Z', '2026-11-19T06:00:00Z'] };
    expect(columnsOf(quarters, 'UTC').map(({ label }) => label)).toEqual(['', '19 Nov', '']);
    const days = {
      ...grid,
      step: 24,
      cells: ['2026-11-16T00:00:00Z', '2026-11-17T00:00:00Z', '2026-11-18T00:00:00Z', '2026-11-19T00:00:00Z'],
    };
    expect(columnsOf(days, 'UTC').map(({ label }) => label)).toEqual(['16 Nov', '', '', '19 Nov']);
  });

  it('says the time of a cell', () => {
    const from = Date.parse('2026-11-19T09:00:00Z');
    expect(spanText({ from, to: from + HOUR }, 'UTC', NOW)).toBe('19 Nov 09:00\u201310:00');
    expect(spanText({ from, to: from + 6 * HOUR }, 'UTC', NOW)).toBe('19 Nov 09:00 \u2013 19 Nov 15:00');
  });

  it('finds the cell that is open', () => {
    const at = (customer: string | null, time: string) => openCell(shown, columns, { customer, from: Date.parse(time) });
    expect(at('b', '2026-11-19T12:00:00Z')).toEqual({ row: 1, column: 3 });
    expect(at(null, '2026-11-18T23:00:00Z')).toEqual({ row: 2, column: 1 });
    expect(at('nobody', '2026-11-18T23:00:00Z')).toBeNull();
    expect(at('b', '2026-11-20T00:00:00Z')).toBeNull();
    expect(openCell(shown, columns, null)).toBeNull();
  });

  it('is walked through with the arrow keys, not beyond its edges', () => {
    const size = { rows: 3, columns: 4 };
    const at = { row: 1, column: 3 };
    expect(moveBy('ArrowUp', at, size)).toEqual({ row: 0, column: 3 });
    expect(moveBy('ArrowRight', at, size)).toEqual(at);
    expect(moveBy('ArrowDown', { row: 2, column: 0 }, size)).toEqual({ row: 2, column: 0 });
    expect(moveBy('ArrowLeft', at, size)).toEqual({ row: 1, column: 2 });
    expect(moveBy('Home', at, size)).toEqual({ row: 1, column: 0 });
    expect(moveBy('End', at, size, true)).toEqual({ row: 2, column: 3 });
    expect(moveBy('Enter', at, size)).toBeNull();
  });
});

describe('the two sums', () => {
  it('are checked, and say what is missing', () => {
    expect(balanceOf({ rows })).toMatchObject({
      left: { label: 'published', count: 9 },
      right: [{ count: 6 }, { count: 2 }, { label: 'in conflict', count: 1 }],
      holds: true,
    });
    expect(balanceOf({ rows: { ...rows, published: 11 } })).toMatchObject({ holds: false, otherwise: '2 without an outcome' });
    expect(balanceOf({ rows: { ...rows, published: 8, dead: 1 } })).toMatchObject({ holds: false, otherwise: '2 too many' });
  });

  it('of the stores agree only where events and quantities do', () => {
    const agreeing = { ...grid, rows: [{ customer: 'z', cells: ['agrees' as const] }] };
    expect(storesBalanceOf(agreeing)).toMatchObject({ holds: true });
    expect(storesBalanceOf({ ...agreeing, events: { postgres: 2_199_873, clickhouse: 2_199_870 } })).toMatchObject({
      left: { tone: '' },
      right: [{ count: 2_199_870, tone: 'bad' }],
      holds: false,
      otherwise: '3 missing',
    });
    expect(storesBalanceOf({ ...agreeing, events: { postgres: 1, clickhouse: 2 } })).toMatchObject({
      left: { tone: 'bad' },
      otherwise: '1 missing',
    });
    expect(storesBalanceOf(grid)).toMatchObject({ holds: false, otherwise: 'quantities differ in 2 places' });
  });
});
