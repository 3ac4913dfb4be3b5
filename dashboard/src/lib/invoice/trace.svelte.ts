/** Where the trace of an invoice stands: line → day → hour → event → line of a file. All of it is in the URL. */
import { page } from '$app/state';
import { call } from '../api.ts';
import { latest, type Latest } from '../latest.svelte.ts';
import { outcome } from '../outcome.ts';
import type { Invoice, InvoiceLine, Source, UsageRecord } from '../types.ts';
import { changeParameters } from '../url.ts';
import { isoOf, nextStart } from '../zone.ts';
import { loadHourEvents, type HourEvents, type HourQuery } from './events.ts';
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

/** To be made while a component is set up; reads the invoice and the line anew whenever they change. */
export class Trace {
  readonly #subject: () => { invoice: Invoice; line: InvoiceLine };
  readonly #events: Latest<HourEvents>;
  readonly #source: Latest<{ record: UsageRecord; source: Source }>;

  invoice = $derived.by(() => this.#subject().invoice);
  line = $derived.by(() => this.#subject().line);
  zone = $derived(this.invoice.period.timeZone);
  days = $derived(daysOf(this.line, this.invoice.period));
  day = $derived(this.days.find(({ key }) => key === page.url.searchParams.get('day')));
  hours = $derived(this.day === undefined ? [] : allHoursOf(this.day, nextStart(this.day.start, 'day', this.zone), this.zone));
  hour = $derived(this.hours.find(({ start }) => String(start) === page.url.searchParams.get('hour')));
  record = $derived(page.url.searchParams.get('record'));
  // As text, which is equal when its values are, so that a step from event to event does not fetch the hour again.
  #hourQuery = $derived(
    this.hour === undefined
      ? null
      : JSON.stringify({ customer: this.invoice.customer, meter: this.line.meter, from: isoOf(this.hour.start), to: isoOf(this.hour.end) }),
  );

  constructor(subject: () => { invoice: Invoice; line: InvoiceLine }) {
    this.#subject = subject;
    this.#events = latest(() => {
      const query = this.#hourQuery;
      return query === null ? null : outcome(loadHourEvents(JSON.parse(query) as HourQuery));
    });
    this.#source = latest(() => (this.record === null ? null : outcome(open(this.record))));
  }

  get events() {
    return this.#events.pending ? undefined : this.#events.outcome;
  }

  get source() {
    return this.#source.outcome;
  }

  go(place: Place): void {
    void changeParameters({ ...place }, { replace: true });
  }

  close(): void {
    this.go({ line: null, day: null, hour: null, record: null });
  }

  /** To the neighbour at the deepest level that is open; parts without usage are passed over. */
  step(by: -1 | 1): void {
    const { record, hour, day } = this;
    if (record !== null) return this.#move('record', this.#events.value?.events.map(({ key }) => key) ?? [], record, by);
    if (hour !== undefined)
      return this.#move(
        'hour',
        this.hours.filter(isUsed).map(({ start }) => String(start)),
        String(hour.start),
        by,
      );
    if (day !== undefined)
      return this.#move(
        'day',
        this.days.filter(isUsed).map(({ key }) => key),
        day.key,
        by,
      );
    this.#move(
      'line',
      this.invoice.lines.map(({ n }) => String(n)),
      String(this.line.n),
      by,
    );
  }

  #move(level: keyof Place, keys: readonly string[], from: string, by: -1 | 1): void {
    const next = keys[keys.indexOf(from) + by];
    if (next !== undefined) this.go({ [level]: next });
  }
}

const isUsed = ({ events }: { events: number }) => events > 0;
