/** A file of any size through `inspect` and a dry run of the running program, and through its reading alone: rows/s and memory. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { DryRun } from '../schemas/http/dry-runs.ts';
import type { Inspection } from '../schemas/http/imports.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { figure, type BenchCase, type BenchResult } from './figure.ts';
import { usageCsv } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { profileFlags, startProgram } from './program.ts';
import { forgetPeak, peakMegabytes, residentMegabytes } from './process-usage.ts';
import type { Pass, ReadingPath } from './reading-path.ts';
import type { Sizes } from './sizes.ts';

/** Of a row of generate.ts, its line ending included. */
const ROW_BYTES = 85;
/** Peaks are compared with those of a file of this part of the size. */
const SMALL_SHARE = 10;
/** A whole upload and a dry run of 10 GB. */
const UPLOAD_BYTES_MAX = 20_000_000_000;

interface Reading extends Pass {
  rows: number;
  bytes: number;
}

export const reading: BenchCase = { name: 'reading', title: 'Reading', run: benchReading };

async function benchReading({ megabytes }: Sizes): Promise<BenchResult> {
  const rows = Math.ceil((megabytes * 1e6) / ROW_BYTES);
  const small = Math.ceil(rows / SMALL_SHARE);
  const alone = [...(await readAlone(small)), ...(await readAlone(rows))];
  const byProgram = await readByProgram([small, rows]);
  const figures = [...alone.map((read) => ['alone', read] as const), ...byProgram.map((read) => ['program', read] as const)];
  return {
    figures: figures.flatMap(([where, read]) => figuresOf(where, read)),
    lines: [...describeAlone(alone), '', ...describeProgram(byProgram)],
  };
}

async function readAlone(rows: number): Promise<Reading[]> {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { scripts: { start: string } };
  const flags = scripts.start.split(' ').filter((word) => word.startsWith('--'));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    ...profileFlags(),
    join(import.meta.dirname, 'reading-path.ts'),
    String(rows),
  ]);
  const { bytes, passes } = JSON.parse(stdout) as ReadingPath;
  return passes.map((pass) => show({ ...pass, rows, bytes }));
}

async function readByProgram(sizes: readonly number[]): Promise<Reading[]> {
  const directory = await makeDataDirectory('tallyline-bench-');
  const env = { TALLYLINE_UPLOAD_BYTES_MAX: String(UPLOAD_BYTES_MAX) };
  const tallyline = await startProgram(directory.path, env);
  try {
    const figures: Reading[] = [];
    for (const rows of sizes) {
      const bytes = rows * ROW_BYTES;
      figures.push(show({ ...(await measure(tallyline, 'inspect', () => inspect(tallyline, rows))), rows, bytes }));
      figures.push(show({ ...(await measure(tallyline, 'dry run', () => dryRun(tallyline, rows))), rows, bytes }));
    }
    return figures;
  } finally {
    await tallyline.stop();
    await directory.remove();
  }
}

async function measure(tallyline: Tallyline, name: string, call: () => Promise<void>): Promise<Pass> {
  await forgetPeak(tallyline.pid);
  const before = await residentMegabytes(tallyline.pid);
  const beganAt = performance.now();
  await call();
  return { name, seconds: (performance.now() - beganAt) / 1000, megabytes: { before, peak: await peakMegabytes(tallyline.pid) } };
}

async function inspect(tallyline: Tallyline, rows: number): Promise<void> {
  const body = Readable.toWeb(usageCsv(rows)) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'text/csv' } } as const;
  const { ready } = await tallyline.json<Inspection>(`/v1/imports/inspect?${mapped({})}`, init);
  if (!ready) throw new Error('the file cannot be read');
}

/** By `node:http`, as `fetch` waits for an answer for five minutes only. */
async function dryRun(tallyline: Tallyline, rows: number): Promise<void> {
  const sending = request(`${tallyline.url}/v1/imports?${mapped({ dryRun: 'true' })}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tallyline.key}`, 'content-type': 'text/csv' },
  });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  const [[answer]] = await Promise.all([answered, pipeline(usageCsv(rows), sending)]);
  const report = (await json(answer)) as DryRun;
  if (report.rows?.read !== rows || report.rows.rejected !== 0) throw new Error(JSON.stringify(report));
}

function mapped(query: Record<string, string>): URLSearchParams {
  return new URLSearchParams({ ...query, mapping: JSON.stringify(BENCH_MAPPING) });
}

function show(figure: Reading): Reading {
  const { name, rows, seconds, megabytes } = figure;
  const rate = name === 'inspect' ? '' : ` = ${Math.round(rows / seconds)} rows/s`;
  console.log(`${name}: file of ${rows} rows, ${seconds.toFixed(1)} s${rate}, ${megabytes.before} MB before, peak ${megabytes.peak} MB`);
  return figure;
}

function figuresOf(where: string, { name, rows, bytes, seconds, megabytes }: Reading): BenchResult['figures'] {
  const of = `reading/${where}: ${name}, ${Math.round(bytes / 1e6)} MB`;
  return [
    figure(of, 'seconds', seconds, 's'),
    ...(name === 'inspect' ? [] : [figure(of, 'rows_per_second', rows / seconds, 'rows/s')]),
    figure(of, 'peak_megabytes', megabytes.peak, 'MB'),
  ];
}

function describeAlone(figures: readonly Reading[]): string[] {
  return [
    'Reading by itself, in a process of its own that generates the file while it reads it: what is above generating alone is the cost of reading.',
    '',
    ...table(figures),
  ];
}

function describeProgram(figures: readonly Reading[]): string[] {
  return [
    `The same files sent to the running program, which reads the beginning of them (\`inspect\`) or receives and judges all of their rows (dry run). Wanted`,
    'is memory that does not grow with the file.',
    '',
    ...table(figures),
  ];
}

function table(figures: readonly Reading[]): string[] {
  const smallPeak = (name: string) => figures.find((figure) => figure.name === name)?.megabytes.peak ?? NaN;
  return [
    '| pass | MB | rows | seconds | rows/s | resident MB before | peak MB | peak to before | peak to that of a tenth of the file |',
    '|---|---|---|---|---|---|---|---|---|',
    ...figures.map(({ name, rows, bytes, seconds, megabytes: { before, peak } }) => {
      const rate = name === 'inspect' ? '–' : Math.round(rows / seconds);
      const ratios = `${(peak / before).toFixed(2)} | ${(peak / smallPeak(name)).toFixed(2)}`;
      return `| ${name} | ${Math.round(bytes / 1e6)} | ${rows} | ${seconds.toFixed(1)} | ${rate} | ${before} | ${peak} | ${ratios} |`;
    }),
  ];
}
