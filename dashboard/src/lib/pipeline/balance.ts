/** The two sums of the page: what was published and what became of it, and what each store has of it. Each is checked here. */
import { formatCount, plural } from '../format.ts';
import type { Reconciliation, ReconciliationGrid } from '../types.ts';

export interface Term {
  label: string;
  count: number;
  tone: '' | 'bad' | 'warn';
}

export interface Balance {
  left: Term;
  /** Added up. */
  right: Term[];
  holds: boolean;
  /** What is wrong when it does not hold. */
  otherwise: string;
}

/** Events of all complete imports by outcome. */
export function balanceOf({ rows }: Pick<Reconciliation, 'rows'>): Balance {
  const right: Term[] = [
    { label: 'accepted', count: rows.accepted, tone: '' },
    { label: 'already known', count: rows.duplicate, tone: '' },
    { label: 'in conflict', count: rows.conflict, tone: 'warn' },
    { label: 'set aside', count: rows.dead, tone: 'bad' },
  ];
  const total = right.reduce((sum, { count }) => sum + BigInt(count), 0n);
  const missing = BigInt(rows.published) - total;
  return {
    left: { label: 'published', count: rows.published, tone: '' },
    right: right.filter(({ count, tone }) => tone === '' || count > 0),
    holds: missing === 0n,
    otherwise: missing > 0n ? `${formatCount(Number(missing))} without an outcome` : `${formatCount(Number(-missing))} too many`,
  };
}

/** Events of the time that is shown, in either store. Equal numbers are not enough: the quantities have to agree as well. */
export function storesBalanceOf({ events, rows, others }: Pick<ReconciliationGrid, 'events' | 'rows' | 'others'>): Balance {
  const difference = events.postgres - events.clickhouse;
  const cells = [...rows.flatMap((row) => row.cells), ...(others?.cells ?? [])];
  const differing = cells.filter((state) => state === 'differs').length;
  const holds = difference === 0 && differing === 0;
  return {
    left: { label: 'in Postgres', count: events.postgres, tone: difference < 0 ? 'bad' : '' },
    right: [{ label: 'in ClickHouse', count: events.clickhouse, tone: difference > 0 ? 'bad' : '' }],
    holds,
    otherwise: difference === 0 ? `quantities differ in ${plural(differing, 'place')}` : `${formatCount(Math.abs(difference))} missing`,
  };
}
