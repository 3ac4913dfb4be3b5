/** The usage of many customers by local hour, one customer after another: in memory a page of buckets and one customer's hours. */
import { hoursOfSlots, type UsageHour } from '../../core/aggregation.ts';
import { hoursOf, type Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { grainOf, readBulkUsage, type GrainMs, type UsageBucket } from '../queries/bulk-usage.ts';
import type { HourUsage } from './hour-usage.ts';

export interface BilledCustomer {
  customer: string;
  period: Window;
  timeZone: string;
}

export interface CustomerUsage {
  customer: string;
  usage: HourUsage[];
  /** True: there is more than an invoice can list, and `usage` is not all of it. */
  isTooLong: boolean;
}

interface Calendar {
  grain: GrainMs;
  windows: readonly Window[];
  /** Each bucket is one local hour: nothing has to be put together. */
  isExact: boolean;
}

/** Only customers with usage, each once; their order is that of their ids within each group of zones alike. `customers` in byte order. */
export async function* readUsageByCustomer(
  clickhouse: ClickHouse,
  scope: EveryCustomer,
  customers: readonly BilledCustomer[],
  { hoursMax, onRows }: { hoursMax: number; onRows: (rows: number) => void },
): AsyncGenerator<CustomerUsage> {
  const calendars = new Map<string, Calendar>();
  const calendarOf = ({ period, timeZone }: BilledCustomer): Calendar => {
    const name = `${timeZone} ${period.from} ${period.to}`;
    let calendar = calendars.get(name);
    if (calendar === undefined) {
      const windows = hoursOf(period, timeZone);
      const grain = grainOf(windows);
      calendars.set(name, (calendar = { windows, grain, isExact: windows.every(({ from, to }) => to - from === grain) }));
    }
    return calendar;
  };
  for (const [grain, some] of Map.groupBy(customers, (customer) => calendarOf(customer).grain)) {
    const byId = new Map(some.map((one) => [one.customer, one]));
    const period = {
      from: Math.min(...some.map(({ period: { from } }) => from)),
      to: Math.max(...some.map(({ period: { to } }) => to)),
    };
    let current: Collector | undefined;
    for await (const page of readBulkUsage(clickhouse, scope, { customers: [...byId.keys()], period, grain })) {
      onRows(page.length);
      for (const bucket of page) {
        if (current?.customer.customer !== bucket.customer) {
          if (current !== undefined) yield current.finish();
          const customer = byId.get(bucket.customer);
          if (customer === undefined) throw new Error(`customer ${bucket.customer} was not asked for`);
          current = new Collector(customer, calendarOf(customer), hoursMax);
        }
        current.add(bucket);
      }
    }
    if (current !== undefined) yield current.finish();
  }
}

/** One customer's buckets, cut to the customer's own period, put together to local hours. */
class Collector {
  readonly customer: BilledCustomer;
  readonly #calendar: Calendar;
  readonly #hoursMax: number;
  readonly #slotsByMeter = new Map<string, UsageHour[]>();
  #count = 0;

  constructor(customer: BilledCustomer, calendar: Calendar, hoursMax: number) {
    this.customer = customer;
    this.#calendar = calendar;
    this.#hoursMax = hoursMax;
  }

  add({ meter, start, quantity, events, max }: UsageBucket): void {
    const { period } = this.customer;
    if (start < period.from || start >= period.to || ++this.#count > this.#hoursMax) return;
    const slot: UsageHour = { start, end: start + this.#calendar.grain, quantity, events, max };
    const slots = this.#slotsByMeter.get(meter);
    if (slots === undefined) this.#slotsByMeter.set(meter, [slot]);
    else slots.push(slot);
  }

  finish(): CustomerUsage {
    const { windows, isExact } = this.#calendar;
    const isTooLong = this.#count > this.#hoursMax;
    const usage = isTooLong
      ? []
      : [...this.#slotsByMeter].map(([meter, slots]) => ({ meter, hours: isExact ? slots : hoursOfSlots(slots, windows) }));
    return { customer: this.customer.customer, usage, isTooLong };
  }
}
