/** Which entries of the audit log a page shows; all of it stands in the address. */
import { dayKey, midnightOf } from '../zone.ts';

export interface AuditFilter {
  who: string | null;
  what: string | null;
  subject: string | null;
  /** RFC 3339; half-open. */
  from: string | null;
  to: string | null;
}

export const FILTERS = ['who', 'what', 'subject', 'from', 'to'] as const;

export function readAuditFilter(parameters: URLSearchParams): AuditFilter {
  const text = (name: string) => parameters.get(name) || null;
  const instant = (name: string) => {
    const value = text(name);
    return value === null || Number.isNaN(Date.parse(value)) ? null : value;
  };
  return { who: text('who'), what: text('what'), subject: text('subject'), from: instant('from'), to: instant('to') };
}

/** Of a day in the form of a date field, in UTC: its beginning, or the end of it; null where none was chosen. */
export function dayEdge(day: string, edge: 'first' | 'last'): string | null {
  return day === '' ? null : midnightOf(day, 'UTC', edge === 'first' ? 0 : 1);
}

/** The day that stands in the date field. */
export function dayOf(instant: string | null, edge: 'first' | 'last'): string {
  return instant === null ? '' : dayKey(Date.parse(instant) - (edge === 'first' ? 0 : 1), 'UTC');
}
