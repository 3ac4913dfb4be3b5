/** All events of one hour of a line, oldest first. */
import { call } from '../api.ts';
import type { List, UsageRecord } from '../types.ts';

const PAGE_ROWS = 1000;
/** Fetching more for one look would take seconds; beyond it the page says so and leaves the sum unverified. */
const EVENTS_MAX = 20_000;

export interface HourEvents {
  events: UsageRecord[];
  /** Whether these are all of them. */
  whole: boolean;
}

export interface HourQuery {
  customer: string;
  meter: string;
  from: string;
  to: string;
}

export async function loadHourEvents(query: HourQuery): Promise<HourEvents> {
  const events: UsageRecord[] = [];
  let cursor: string | null = null;
  do {
    const page: List<UsageRecord> = await call<List<UsageRecord>>('/v1/records', { query: { ...query, limit: PAGE_ROWS, cursor } });
    events.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && events.length < EVENTS_MAX);
  return { events: events.reverse(), whole: cursor === null };
}
