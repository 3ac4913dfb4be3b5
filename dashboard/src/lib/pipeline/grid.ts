/** The grid of customers by hours: its columns' labels, what each cell says, and where the arrow keys lead. */
import { plural } from '../format.ts';
import { formatClock, formatDay, formatMoment } from '../time.ts';
import type { ReconciliationGrid } from '../types.ts';
import { wallOf } from '../zone.ts';
import { HOUR_MS, type PipelineView } from './view.ts';

export type CellState = ReconciliationGrid['rows'][number]['cells'][number] | 'running';

export interface GridRow {
  /** Null: all that have no row of their own. */
  customer: string | null;
  name: string;
  cells: CellState[];
}

export const STATE_WORDS: Readonly<Record<CellState, string>> = {
  agrees: 'agrees',
  differs: 'differs',
  open: 'not decided yet',
  none: 'no usage',
  running: 'hour not over',
};

/** By name. An hour that is not over says so, unless it differs already. */
export function gridRows(grid: ReconciliationGrid, nameOf: (customer: string) => string, now: number): GridRow[] {
  const ends = endsOf(grid);
  const shown = (cells: readonly CellState[]) =>
    cells.map((state, index) => ((ends[index] ?? 0) > now && state !== 'differs' ? 'running' : state));
  const rows: GridRow[] = grid.rows
    .map(({ customer, cells }) => ({ customer, name: nameOf(customer), cells: shown(cells) }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  if (grid.others === null) return rows;
  const name = plural(grid.others.customers, rows.length === 0 ? 'customer' : 'other', rows.length === 0 ? 'customers' : 'others');
  return [...rows, { customer: null, name, cells: shown(grid.others.cells) }];
}

export function endsOf({ cells, to }: Pick<ReconciliationGrid, 'cells' | 'to'>): number[] {
  return [...cells.slice(1), to].map((time) => Date.parse(time));
}

export interface Column {
  from: number;
  to: number;
  /** Above the column; empty where its neighbours' are enough. */
  label: string;
  isDay: boolean;
}

/** Every third hour is named, every day where it begins. */
export function columnsOf(grid: ReconciliationGrid, zone: string): Column[] {
  const ends = endsOf(grid);
  return grid.cells.map((time, index) => {
    const from = Date.parse(time);
    const { hour, minute } = wallOf(from, zone);
    const isDay = hour < grid.step;
    const isNamed = grid.step === 1 ? hour % 3 === 0 : isDay && (grid.step < 24 || index % 3 === 0);
    const clock = `${String(hour).padStart(2, '0')}${minute === 0 ? '' : `:${String(minute).padStart(2, '0')}`}`;
    const label = !isNamed ? '' : isDay ? shortDay(from, zone) : clock;
    return { from, to: ends[index] ?? from + grid.step * HOUR_MS, label, isDay: isNamed && isDay };
  });
}

function shortDay(ms: number, zone: string): string {
  return formatDay(ms, zone, ms);
}

/** "19 Nov 09:00–10:00", of several hours "18 Nov 00:00 – 18 Nov 06:00". */
export function spanText({ from, to }: Pick<Column, 'from' | 'to'>, zone: string, now: number): string {
  if (to - from <= HOUR_MS) return `${formatMoment(from, zone, now)}\u2013${formatClock(to, zone)}`;
  return `${formatMoment(from, zone, now)} \u2013 ${formatMoment(to, zone, now)}`;
}

/** The cell that stands open; null when it is not in the grid. */
export function openCell(
  rows: readonly GridRow[],
  columns: readonly Column[],
  open: PipelineView['open'],
): { row: number; column: number } | null {
  if (open === null) return null;
  const row = rows.findIndex(({ customer }) => customer === open.customer);
  const column = columns.findIndex(({ from, to }) => open.from >= from && open.from < to);
  return row < 0 || column < 0 ? null : { row, column };
}

/** Where a key leads from a cell; null for keys that mean nothing here. */
export function moveBy(
  key: string,
  at: { row: number; column: number },
  size: { rows: number; columns: number },
  isFar = false,
): { row: number; column: number } | null {
  const within = (value: number, length: number) => Math.min(Math.max(value, 0), length - 1);
  const [row, column] = [
    (by: number) => ({ ...at, row: within(at.row + by, size.rows) }),
    (by: number) => ({ ...at, column: within(at.column + by, size.columns) }),
  ];
  switch (key) {
    case 'ArrowUp':
      return row(-1);
    case 'ArrowDown':
      return row(1);
    case 'ArrowLeft':
      return column(-1);
    case 'ArrowRight':
      return column(1);
    case 'Home':
      return { row: isFar ? 0 : at.row, column: 0 };
    case 'End':
      return { row: isFar ? size.rows - 1 : at.row, column: size.columns - 1 };
    default:
      return null;
  }
}
