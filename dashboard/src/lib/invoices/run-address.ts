/** `?run=` of the Invoices page: a number is a run, `2026-10` the month that one is set up for, `new` the month that comes to mind first. */
import { isMonth, addMonths } from '../month.ts';

export type RunPlace = { kind: 'none' } | { kind: 'setup'; month: string | null } | { kind: 'run'; id: string };

export function readRunPlace(text: string | null): RunPlace {
  if (text === null || text === '') return { kind: 'none' };
  if (/^\d{1,18}$/.test(text)) return { kind: 'run', id: text };
  return { kind: 'setup', month: isMonth(text) ? text : null };
}

/** The customers of a run that is set up: a JSON array, as an id may hold any character. Null stands for all, none for nobody chosen yet. */
export function readOnly(text: string | null): string[] | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((id) => typeof id === 'string') ? value : null;
  } catch {
    return null;
  }
}

/** The last month that is over and has usage; the month of the last usage where that is earlier. `extent` and `present` are months. */
export function likelyMonth(present: string, extent: { from: string; to: string } | null): string {
  const last = addMonths(present, -1);
  return extent !== null && extent.to < last ? extent.to : last;
}

/** Months up to the last one that may have usage, newest first, at most `max`. */
export function recentMonths(extent: { from: string; to: string } | null, max: number): string[] {
  const months: string[] = [];
  if (extent === null) return months;
  for (let month = extent.to; month >= extent.from && months.length < max; month = addMonths(month, -1)) months.push(month);
  return months;
}
