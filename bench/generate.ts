/** Usage-like CSV of any size, as a stream: 1,000 customers, 30 days in order of time, an id column, about 90 bytes a row. */
import { Readable } from 'node:stream';

const CUSTOMERS = 1_000;
const DAYS = 30;
const CHUNK_ROWS = 2_000;
const START_MS = Date.UTC(2026, 0, 1);

export const BENCH_HEADER = 'id,customer_id,timestamp,event_name,quantity,region';

/** The same rows for the same arguments. `series` makes the ids of several files differ. */
export function usageCsv(rows: number, series = 'a'): Readable {
  return Readable.from(chunks(rows, series), { objectMode: false });
}

function* chunks(rows: number, series: string): Generator<string> {
  yield `${BENCH_HEADER}\n`;
  const stepMs = (DAYS * 86_400_000) / rows;
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    let text = '';
    for (let n = from; n < Math.min(from + CHUNK_ROWS, rows); n++) {
      const time = new Date(START_MS + Math.floor(n * stepMs)).toISOString();
      const mixed = Math.imul(n, 2_654_435_761) >>> 0;
      text += `${series}${String(n).padStart(12, '0')},customer-${String(mixed % CUSTOMERS).padStart(4, '0')},${time},api_calls,${mixed % 10_000}.${String(n % 1000).padStart(3, '0')},eu-central-1\n`;
    }
    yield text;
  }
}
