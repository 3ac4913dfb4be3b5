/** A cell that is open: per meter what each store has of it, and what the one lacks. */
import { address } from '../api.ts';
import { subtract, sum } from '../decimal.ts';
import { plural } from '../format.ts';
import type { ReconciliationCell } from '../types.ts';
import { HOUR_MS } from './view.ts';

export interface Difference {
  cell: ReconciliationCell;
  /** The store that has less; null when both have as many events, with other quantities. */
  lacking: 'Postgres' | 'ClickHouse' | null;
  /** Events that it lacks. */
  events: number;
  /** Of Postgres above ClickHouse, or the other way round: never below zero while events are lacking and quantities are positive. */
  quantity: string;
  /** "differs by 3 events". */
  tag: string;
}

export function differenceOf(cell: ReconciliationCell): Difference {
  const events = cell.events.postgres - cell.events.clickhouse;
  const [more, less] = events >= 0 ? [cell.postgres, cell.clickhouse] : [cell.clickhouse, cell.postgres];
  return {
    cell,
    lacking: events === 0 ? null : events > 0 ? 'ClickHouse' : 'Postgres',
    events: Math.abs(events),
    quantity: subtract(more, less),
    tag: cell.state === 'open' ? 'not decided yet' : events === 0 ? 'quantities differ' : `differs by ${plural(Math.abs(events), 'event')}`,
  };
}

export interface Agreement {
  meter: string;
  events: number;
  quantity: string;
  hours: number;
}

/** Differences by hour and meter; what agrees, added up by meter. */
export function splitCells(cells: readonly ReconciliationCell[]): { differences: Difference[]; agreements: Agreement[] } {
  const agreeing = Map.groupBy(
    cells.filter(({ state }) => state === 'agrees'),
    ({ meter }) => meter,
  );
  return {
    differences: cells.filter(({ state }) => state === 'differs' || state === 'open').map(differenceOf),
    agreements: [...agreeing].map(([meter, of]) => ({
      meter,
      events: of.reduce((total, { events }) => total + events.postgres, 0),
      quantity: sum(of.map(({ postgres }) => postgres)),
      hours: of.length,
    })),
  };
}

/** The records of an hour, as Postgres has them. */
export function recordsHref({ customer, meter, hour }: Pick<ReconciliationCell, 'customer' | 'meter' | 'hour'>, zone: string): string {
  const to = new Date(Date.parse(hour) + HOUR_MS).toISOString();
  return address('/records', { customer, meter, from: hour, to, zone: zone === 'UTC' ? null : zone });
}
