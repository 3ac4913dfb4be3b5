/** Where the trace of an invoice stands: line → day → hour → event → line of a file. All of it is in the URL. */
import { page } from '$app/state';
import { call } from '../api.ts';
import { latest } from '../latest.svelte.ts';
import { outcome } from '../outcome.ts';
import type { Invoice, InvoiceLine, Source, UsageRecord } from '../types.ts';
import { changeParameters } from '../url.ts';
import { nextStart } from '../zone.ts';
import { loadHourEvents } from './events.ts';
import { allHoursOf, daysOf } from './trace.ts';

export interface Place {
  line?: string | null;
  /** `2026-10-14`. */
  day?: string | null;
  /** Start of the hour, epoch ms. */
  hour?: string | null;
  record?: string | null;
}

async function open(key: string): Promise<{ record: UsageRecord; source: Source }> {
  const path = `/v1/records/${encodeURIComponent(key)}`;
  const [record, source] = await Promise.all([call<UsageRecord>(path), call<Source>(`${path}/source`, { query: { context: 3 } })]);
  return { record, source };
}

/** To be called while a component is set up; reads the invoice and the line anew whenever they change. */
export function createTrace(subject: () => { invoice: Invoice; line: InvoiceLine }) {
  const invoice = $derived(subject().invoice);
  const line = $derived(subject().line);
  const zone = $derived(invoice.period.timeZone);
  const days = $derived(daysOf(line, invoice.period));
  const day = $derived(days.find(({ key }) => key === page.url.searchParams.get('day')));
  const hours = $derived(day === undefined ? [] : allHoursOf(day, nextStart(day.start, 'day', zone), zone));
  const hour = $derived(hours.find(({ start }) => String(start) === page.url.searchParams.get('hour')));
  const record = $derived(page.url.searchParams.get('record'));
  // Compared as text, so that a step from event to event does not fetch its hour again.
  const hourQuery = $derived(
    hour === undefined
      ? null
      : JSON.stringify({
          customer: invoice.customer,
          meter: line.meter,
          from: new Date(hour.start).toISOString(),
          to: new Date(hour.end).toISOString(),
        }),
  );
  const events = latest(() =>
    hourQuery === null ? null : outcome(loadHourEvents(JSON.parse(hourQuery) as Parameters<typeof loadHourEvents>[0])),
  );
  const source = latest(() => (record === null ? null : outcome(open(record))));

  const go = (place: Place) => void changeParameters({ ...place }, { replace: true });
  return {
    get invoice() {
      return invoice;
    },
    get line() {
      return line;
    },
    get days() {
      return days;
    },
    get day() {
      return day;
    },
    get hours() {
      return hours;
    },
    get hour() {
      return hour;
    },
    get record() {
      return record;
    },
    get events() {
      return events.pending ? undefined : events.outcome;
    },
    get source() {
      return source.outcome;
    },
    go,
    close: () => go({ line: null, day: null, hour: null, record: null }),
    /** To the neighbour at the deepest level that is open; parts without usage are passed over. */
    step(by: -1 | 1): void {
      const inHour = events.value?.events ?? [];
      if (record !== null)
        return move(
          inHour.map(({ key }) => key),
          record,
          by,
          (next) => go({ record: next }),
        );
      const used = <T extends { events: number }>(parts: T[]) => parts.filter((part) => part.events > 0);
      if (hour !== undefined)
        return move(
          used(hours).map(({ start }) => String(start)),
          String(hour.start),
          by,
          (next) => go({ hour: next }),
        );
      if (day !== undefined)
        return move(
          used(days).map(({ key }) => key),
          day.key,
          by,
          (next) => go({ day: next }),
        );
      move(
        invoice.lines.map(({ n }) => String(n)),
        String(line.n),
        by,
        (next) => go({ line: next }),
      );
    },
  };
}

export type Trace = ReturnType<typeof createTrace>;

function move(keys: readonly string[], from: string, by: -1 | 1, go: (key: string) => void): void {
  const next = keys[keys.indexOf(from) + by];
  if (next !== undefined) go(next);
}
