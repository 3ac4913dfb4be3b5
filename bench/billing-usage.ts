/** Usage of which every hour of a month has something: by customer, meter and hour at least one event. */
import { Readable } from 'node:stream';

export const BILLED_MONTH = '2026-01';
export const BILLED_METERS = ['api_calls', 'gigabyte_hours', 'messages'] as const;
const MONTH_START_MS = Date.UTC(2026, 0, 1);
export const HOURS = 31 * 24;
const HOUR_MS = 3_600_000;
const CHUNK_ROWS = 2_000;

export interface UsageSize {
  customers: number;
  /** At least one for each hour line. */
  events: number;
}

export function hourLinesOf({ customers }: Pick<UsageSize, 'customers'>): number {
  return customers * BILLED_METERS.length * HOURS;
}

export function customerName(n: number): string {
  return `customer-${String(n).padStart(5, '0')}`;
}

/** CSV in order of time, as a stream; the columns of generate.ts. */
export function billedUsageCsv(size: UsageSize): Readable {
  return Readable.from(chunks(size), { objectMode: false });
}

function* chunks({ customers, events }: UsageSize): Generator<string> {
  yield 'id,customer_id,timestamp,event_name,quantity\n';
  const cells = customers * BILLED_METERS.length;
  let text = '';
  for (let hour = 0, n = 0; hour < HOURS; hour++) {
    const [first, end] = [n, Math.floor(((hour + 1) * events) / HOURS)];
    for (; n < end; n++) {
      const cell = (n - first) % cells;
      const time = new Date(MONTH_START_MS + hour * HOUR_MS + Math.floor(((n - first) * HOUR_MS) / (end - first))).toISOString();
      const mixed = Math.imul(n, 2_654_435_761) >>> 0;
      const meter = BILLED_METERS[cell % BILLED_METERS.length] ?? '';
      text += `b${String(n).padStart(12, '0')},${customerName(Math.floor(cell / BILLED_METERS.length))},${time},${meter},${mixed % 10_000}.${String(n % 1000).padStart(3, '0')}\n`;
      if ((n + 1) % CHUNK_ROWS === 0) {
        yield text;
        text = '';
      }
    }
  }
  yield text;
}
