/** Usage-like CSV of any size, as a stream: 1,000 customers, 30 days in order of time, an id column, about 90 bytes a row. */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const CUSTOMERS = 1_000;
const DAYS = 30;
const CHUNK_ROWS = 2_000;
const START_MS = Date.UTC(2026, 0, 1);
/** Of what repeats: one row of a hundred, long after the first one where the file is long enough. */
const REPEAT_EVERY = 100;
const REPEAT_BEHIND = [4_999, 99] as const;

export const BENCH_HEADER = 'id,customer_id,timestamp,event_name,quantity,region';

export interface UsageFile {
  rows: number;
  /** Makes the ids of several files differ. */
  series?: string;
  /** One row of a hundred is an earlier one again, byte for byte. */
  repeats?: boolean;
}

/** What is in the file, counted without reading it. `total` is a decimal string. */
export interface UsageSum {
  rows: number;
  total: string;
}

/** The same rows for the same arguments. */
export function usageCsv(rows: number, series = 'a'): Readable {
  return usageFile({ rows, series });
}

export function usageFile(file: UsageFile): Readable {
  return Readable.from(chunks(file), { objectMode: false });
}

/** Answers the size in bytes. */
export async function writeUsageFile(path: string, file: UsageFile): Promise<number> {
  await pipeline(usageFile(file), createWriteStream(path));
  return (await stat(path)).size;
}

/** Rows that differ, and the sum of their quantities. */
export function usageSum({ rows, repeats = false }: UsageFile): UsageSum {
  let thousandths = 0n;
  let count = 0;
  for (let n = 0; n < rows; n++) {
    if (repeats && originalOf(n) !== n) continue;
    count += 1;
    thousandths += BigInt((mix(n) % 10_000) * 1_000 + (n % 1_000));
  }
  const digits = String(thousandths).padStart(4, '0');
  return { rows: count, total: `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/\.?0+$/, '') };
}

function* chunks({ rows, series = 'a', repeats = false }: UsageFile): Generator<string> {
  yield `${BENCH_HEADER}\n`;
  const stepMs = (DAYS * 86_400_000) / rows;
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    let text = '';
    for (let k = from; k < Math.min(from + CHUNK_ROWS, rows); k++) text += usageLine(repeats ? originalOf(k) : k, series, stepMs);
    yield text;
  }
}

/** Row `n` of a file, its ending included; `stepMs` is the time between two rows. */
export function usageLine(n: number, series: string, stepMs: number): string {
  const time = new Date(START_MS + Math.floor(n * stepMs)).toISOString();
  const mixed = mix(n);
  return `${series}${String(n).padStart(12, '0')},customer-${String(mixed % CUSTOMERS).padStart(4, '0')},${time},api_calls,${mixed % 10_000}.${String(n % 1000).padStart(3, '0')},eu-central-1\n`;
}

/** The row that row `n` of a file with repeats is: never one that repeats another. */
function originalOf(n: number): number {
  if (n % REPEAT_EVERY !== REPEAT_EVERY - 1) return n;
  return n - (n >= REPEAT_BEHIND[0] ? REPEAT_BEHIND[0] : REPEAT_BEHIND[1]);
}

function mix(n: number): number {
  return Math.imul(n, 2_654_435_761) >>> 0;
}
