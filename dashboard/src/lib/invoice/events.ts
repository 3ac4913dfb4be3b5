/** All events of one hour of an invoice, oldest first, with what each adds to the hour. */
import { call } from '../api.ts';
import type { List, TracedRecord, TracedRecords, UsageRecord } from '../types.ts';

const PAGE_ROWS = 1000;
/** Fetching more for one look would take seconds; beyond it the page says so and leaves the sum unverified. */
const EVENTS_MAX = 20_000;

export type HourEvent = Pick<TracedRecord, 'key' | 'id' | 'time' | 'quantity' | 'contribution' | 'line' | 'since'>;

export interface HourEvents {
  events: HourEvent[];
  /** Whether these are all of them. */
  whole: boolean;
}

/** Where the events of an hour are found: of a stored invoice as it was rated, of a preview among the records of now. */
export type HourQuery = { traced: string } | { customer: string; meter: string; from: string; to: string };

export async function loadHourEvents(query: HourQuery): Promise<HourEvents> {
  return 'traced' in query ? loadTraced(query.traced) : loadRecords(query);
}

async function loadTraced(path: string): Promise<HourEvents> {
  return readPages<HourEvent>((cursor) => call<TracedRecords>(path, { query: { limit: PAGE_ROWS, cursor } }));
}

async function loadRecords(query: Record<string, string>): Promise<HourEvents> {
  const { events, whole } = await readPages((cursor) =>
    call<List<UsageRecord>>('/v1/records', { query: { ...query, limit: PAGE_ROWS, cursor } }),
  );
  // Newest first, as the records page shows them.
  return { events: events.reverse().map((event) => ({ ...event, contribution: event.quantity, since: null })), whole };
}

async function readPages<Event>(read: (cursor: string | null) => Promise<List<Event>>): Promise<{ events: Event[]; whole: boolean }> {
  const events: Event[] = [];
  let cursor: string | null = null;
  do {
    const page: List<Event> = await read(cursor);
    events.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && events.length < EVENTS_MAX);
  return { events, whole: cursor === null };
}

/** `/v1/invoices/5/lines/2/hours/2026-10-14T11%3A00%3A00.000Z/records`. */
export function tracedPath(invoice: string, kind: 'line' | 'adjustment', n: number, start: string): string {
  return `/v1/invoices/${invoice}/${kind}s/${n}/hours/${encodeURIComponent(start)}/records`;
}
