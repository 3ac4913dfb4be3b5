/** Where the trace of an invoice stands: line or adjustment → day → hour → event → line of a file. All of it is in the URL. */
import { page } from '$app/state';
import { reader } from '../access/reader.ts';
import { call } from '../api.ts';
import { latest, type Latest } from '../latest.svelte.ts';
import { outcome } from '../outcome.ts';
import type { Invoice, Source, UsageRecord } from '../types.ts';
import { changeParameters } from '../url.ts';
import { isoOf, nextStart } from '../zone.ts';
import { loadHourEvents, tracedPath, type HourEvent, type HourEvents, type HourQuery } from './events.ts';
import { subjectsOf, type TraceSubject } from './subject.ts';
import { allHoursOf, daysOf, isUsed, type TraceHour } from './trace.ts';

export interface Place {
  line?: string | null;
  adjustment?: string | null;
  /** `2026-10-14`. */
  day?: string | null;
  /** Start of the hour, epoch ms. */
  hour?: string | null;
  record?: string | null;
}

export interface OpenedSource {
  record: UsageRecord;
  source: Source;
}

async function open(key: string): Promise<OpenedSource> {
  const path = `/v1/records/${encodeURIComponent(key)}`;
  const [record, source] = await Promise.all([call<UsageRecord>(path), call<Source>(`${path}/source`, { query: { context: 3 } })]);
  return { record, source };
}

/** To be made while a component is set up; reads the invoice and its subject anew whenever they change. */
export class Trace {
  readonly #given: () => { invoice: Invoice; subject: TraceSubject };
  readonly #events: Latest<HourEvents>;
  readonly #source: Latest<OpenedSource>;

  invoice = $derived.by(() => this.#given().invoice);
  subject = $derived.by(() => this.#given().subject);
  zone = $derived(this.subject.period.timeZone);
  days = $derived(daysOf(this.subject.hours, this.subject.period));
  day = $derived(this.days.find(({ key }) => key === page.url.searchParams.get('day')));
  hours = $derived(this.day === undefined ? [] : allHoursOf(this.day, nextStart(this.day.start, 'day', this.zone), this.zone));
  hour = $derived(this.hours.find(({ start }) => String(start) === page.url.searchParams.get('hour')));
  record = $derived(reader.opensLines ? page.url.searchParams.get('record') : null);
  // As text, which is equal when its values are, so that a step from event to event does not fetch the hour again.
  #hourQuery = $derived(this.hour === undefined || !isUsed(this.hour) ? null : JSON.stringify(this.#queryOf(this.hour)));

  constructor(given: () => { invoice: Invoice; subject: TraceSubject }) {
    this.#given = given;
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

  /** The chosen event, where its hour is loaded. */
  get event(): HourEvent | undefined {
    return this.#events.value?.events.find(({ key }) => key === this.record);
  }

  go(place: Place): void {
    void changeParameters({ ...place }, { replace: true });
  }

  close(): void {
    this.go({ line: null, adjustment: null, day: null, hour: null, record: null });
  }

  /** The events beside the chosen one, to be named on their buttons. */
  neighbours(): { previous: HourEvent | undefined; next: HourEvent | undefined } {
    const events = this.#events.value?.events ?? [];
    const at = events.findIndex(({ key }) => key === this.record);
    return at < 0 ? { previous: undefined, next: undefined } : { previous: events[at - 1], next: events[at + 1] };
  }

  /** To the neighbour at the deepest level that is open; parts without usage are passed over. */
  step(by: -1 | 1): void {
    const { record, hour, day } = this;
    if (record !== null) return this.#move('record', this.#events.value?.events.map(({ key }) => key) ?? [], record, by);
    if (hour !== undefined) {
      const starts = this.hours.filter((one) => isUsed(one) || one === hour).map(({ start }) => String(start));
      return this.#move('hour', starts, String(hour.start), by);
    }
    if (day !== undefined) {
      const keys = this.days.filter((one) => isUsed(one) || one === day).map(({ key }) => key);
      return this.#move('day', keys, day.key, by);
    }
    const { kind, n } = this.subject;
    const subjects = subjectsOf(this.invoice);
    const next = subjects[subjects.findIndex((one) => one.kind === kind && one.n === n) + by];
    if (next !== undefined) this.go({ line: null, adjustment: null, [next.kind]: String(next.n) });
  }

  #move(level: keyof Place, keys: readonly string[], from: string, by: -1 | 1): void {
    const next = keys[keys.indexOf(from) + by];
    if (next !== undefined) this.go({ [level]: next });
  }

  #queryOf({ start, end }: TraceHour): HourQuery {
    const { invoice, subject } = this;
    if (invoice.id !== null) return { traced: tracedPath(invoice.id, subject.kind, subject.n, isoOf(start)) };
    return { customer: invoice.customer, meter: subject.meter, from: isoOf(start), to: isoOf(end) };
  }
}
