/** The figures above the chart, of which one is chosen. */
import type { Top, TopItem } from '../types.ts';

/** More columns than this, and one for events, would cut exact figures; the others are in the list behind them. */
const COLUMNS = 3;
/** How a figure was put together, where it is not a sum. */
const KINDS: Record<string, string> = { max: 'highest', count: 'counted', latest: 'latest', unique: 'different values' };

export interface Stat {
  /** The meter, or null for the number of events. */
  id: string | null;
  label: string;
  kind: string;
  quantity: string | null;
  previous: string | null;
}

/** Those with most events; the chosen one is always among them. */
export function shownMeters({ items }: Pick<Top, 'items'>, chosen: string | null): TopItem[] {
  const first = items.slice(0, COLUMNS);
  const other = items.find(({ id }) => id === chosen);
  return other === undefined || first.includes(other) ? first : [...first.slice(0, COLUMNS - 1), other];
}

export function statsOf({ total }: Pick<Top, 'total'>, shown: readonly TopItem[]): Stat[] {
  const meters = shown.map(({ id, quantity, previous, aggregation }): Stat => ({
    id,
    label: id,
    kind: KINDS[aggregation] ?? '',
    quantity,
    previous,
  }));
  return [...meters, { id: null, label: 'Events', kind: '', quantity: String(total.events), previous: String(total.previousEvents) }];
}
