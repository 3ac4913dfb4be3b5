/**
 * What reading a file costs by itself: a process of its own, without a server, stores or a disk. Its argument is the number of rows; the
 * file is generated while it is read, as often as it is read. Prints one line of JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextDecoding } from '../ingest/csv/decode-text.ts';
import { detectDialect } from '../ingest/csv/dialect.ts';
import { HEAD_BYTES_MAX } from '../ingest/csv/encoding.ts';
import { findFileFault } from '../ingest/csv/file-fault.ts';
import { inspectHead } from '../ingest/csv/inspect.ts';
import { resolveMapping } from '../ingest/csv/mapping.ts';
import { processFile } from '../ingest/csv/process.ts';
import { usageCsv } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { forgetPeak, peakMegabytes, residentMegabytes } from './process-usage.ts';

export interface Pass {
  name: string;
  seconds: number;
  /** Resident set before, and the most it came to. */
  megabytes: { before: number; peak: number };
}

/** What a process of this file prints. */
export interface ReadingPath {
  bytes: number;
  passes: Pass[];
}

const passes: Pass[] = [];
const rows = Number(process.argv[2]);
const file = () => usageCsv(rows) as AsyncIterable<Uint8Array>;
const bytes = await measure('generating alone', async () => {
  let count = 0;
  for await (const chunk of file()) count += chunk.length;
  return count;
});
const { dialect, header } = await measure('inspect', inspect);
await measure('encoding', async () => {
  const text = new TextDecoding(undefined).read(file());
  while ((await text.next()).done !== true);
});
await measure('quotes of the whole file', async () => {
  const fault = await findFileFault(file(), { dialect, width: header.length });
  if (fault) throw new Error(fault.message);
});
await measure('rows to events', async () => {
  const resolved = resolveMapping(BENCH_MAPPING, header);
  if (!resolved.ok) throw new Error('the mapping does not fit');
  const scratchDirectory = await mkdtemp(join(tmpdir(), 'reading-'));
  const options = { dialect, mapping: resolved.resolved, importId: '1', sha256: '', nowMs: Date.now(), scratchDirectory };
  let events = 0;
  for await (const chunk of processFile({ open: async () => file(), ...options })) events += chunk.payloads.length;
  await rm(scratchDirectory, { recursive: true });
  if (events !== rows) throw new Error(`${events} events of ${rows} rows`);
});
console.log(JSON.stringify({ bytes, passes } satisfies ReadingPath));

/** The head is what a request of inspect reads at least. */
async function inspect() {
  const chunks: Uint8Array[] = [];
  for await (const chunk of usageCsv(Math.min(rows, 50_000))) chunks.push(chunk as Uint8Array);
  const head = Buffer.concat(chunks);
  const outcome = await inspectHead({ head, complete: false, declared: {}, mapping: BENCH_MAPPING, limit: 50, nowMs: Date.now() });
  if (!outcome.ok || !outcome.inspection.ready) throw new Error('the file cannot be read');
  const detected = detectDialect(head.subarray(0, HEAD_BYTES_MAX), {}, false);
  if (!detected.ok) throw new Error(detected.fault.message);
  return detected;
}

async function measure<T>(name: string, pass: () => Promise<T>): Promise<T> {
  await forgetPeak(process.pid);
  const before = await residentMegabytes(process.pid);
  const beganAt = performance.now();
  const result = await pass();
  passes.push({ name, seconds: (performance.now() - beganAt) / 1000, megabytes: { before, peak: await peakMegabytes(process.pid) } });
  return result;
}
