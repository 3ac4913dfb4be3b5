/** The result of an import as a sum: whether it adds up is worked out here, not taken on trust. */
import type { Import } from '../types.ts';

export interface Term {
  label: string;
  count: number;
  tone: '' | 'bad' | 'warn';
}

export interface Equation {
  terms: Term[];
  read: number;
  holds: boolean;
}

/** Null until all outcomes of the lines are known. */
export function equationOf({ rows }: Pick<Import, 'rows'>): Equation | null {
  if (rows.new === undefined || rows.known === undefined || rows.conflict === undefined) return null;
  const terms: Term[] = [
    { label: 'new', count: rows.new, tone: '' },
    { label: 'already known', count: rows.known, tone: '' },
    { label: 'in conflict', count: rows.conflict, tone: rows.conflict > 0 ? 'warn' : '' },
    { label: 'rejected', count: rows.rejected, tone: rows.rejected > 0 ? 'bad' : '' },
  ];
  const total = terms.reduce((sum, { count }) => sum + BigInt(count), 0n);
  return { terms, read: rows.read, holds: total === BigInt(rows.read) };
}

/** Lines new, known, conflict and rejected in one sentence, with the events of the import. */
export function eventsHold({ events }: Pick<Import, 'events'>): boolean {
  return BigInt(events.accepted) + BigInt(events.duplicate) + BigInt(events.conflict) + BigInt(events.dead) === BigInt(events.published);
}
