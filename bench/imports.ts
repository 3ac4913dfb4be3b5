/** First byte of an upload → both stores committed, beside a plain COPY of the same rows into a table without an index. */
import { rm, stat } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Import, Mapping } from '../schemas/http/imports.ts';
import { importPath } from '../test/support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../test/support/tallyline.ts';
import { BENCH_HEADER, usageCsv } from './generate.ts';
import { copyFloor } from './floor.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { cpuSeconds, peakMegabytes } from './process-usage.ts';

interface Figure {
  case: string;
  rows: number;
  seconds: number;
  rowsPerSecond: number;
  cpuMicrosecondsPerRow: number;
  peakMegabytes: number;
  ratioToFloor: number;
}

interface Upload {
  name: string;
  rows: number;
  /** Makes the ids of several files differ. */
  series: string;
  mapping: Mapping;
  isDryRun?: boolean;
}

/** The section of docs/benchmarks.md. */
export async function benchImports(rows: number): Promise<string[]> {
  const directory = await makeDataDirectory('tallyline-bench-');
  try {
    const tallyline = await startTallyline({ dataDirectory: directory.path, env: { TALLYLINE_LOG_LEVEL: 'warn' } });
    const floor = await copyFloor(directory.path, rows);
    console.log(`floor: COPY into a table without index: ${Math.round(floor)} rows/s`);
    const uploads: Upload[] = [
      { name: 'end to end, id column', rows, series: 'a', mapping: BENCH_MAPPING },
      { name: 'end to end, id column, three times the file', rows: rows * 3, series: 'b', mapping: BENCH_MAPPING },
      { name: 'end to end, ids from row content', rows, series: 'c', mapping: withoutId(BENCH_MAPPING) },
      { name: 'dry run, id column, three times the file', rows: rows * 3, series: 'd', mapping: BENCH_MAPPING, isDryRun: true },
      { name: 'dry run, ids from row content', rows, series: 'e', mapping: withoutId(BENCH_MAPPING), isDryRun: true },
    ];
    const figures: Figure[] = [];
    for (const upload of uploads) figures.push(await measure(tallyline, upload, floor));
    await tallyline.stop();
    return table(figures);
  } finally {
    await directory.remove();
  }
}

function withoutId({ customer, time, measures }: Mapping): Mapping {
  return { customer, time, measures };
}

async function measure(tallyline: Tallyline, { name, rows, series, mapping, isDryRun = false }: Upload, floor: number): Promise<Figure> {
  const file = join(tallyline.dataDirectory, '..', `${series}.csv`);
  await pipeline(usageCsv(rows, series), createWriteStream(file));
  const { size } = await stat(file);
  const cpuBefore = await cpuSeconds(tallyline.pid);
  const beganAt = performance.now();
  const response = await tallyline.fetch(importPath({ name: `${series}.csv`, mapping }) + (isDryRun ? '&dryRun=true' : ''), {
    method: 'POST',
    body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { 'content-type': 'text/csv', 'content-length': String(size) },
  });
  const seconds = (performance.now() - beganAt) / 1000;
  const done = (await response.json()) as Import;
  if (done.status !== 'complete' || done.events.accepted !== rows) throw new Error(`${name}: ${JSON.stringify(done)}`);
  await rm(file);
  const figure: Figure = {
    case: name,
    rows,
    seconds,
    rowsPerSecond: rows / seconds,
    cpuMicrosecondsPerRow: (((await cpuSeconds(tallyline.pid)) - cpuBefore) / rows) * 1e6,
    peakMegabytes: await peakMegabytes(tallyline.pid),
    ratioToFloor: rows / seconds / floor,
  };
  console.log(
    `${name}: ${rows} rows of ${Math.round((size - BENCH_HEADER.length) / rows)} bytes in ${seconds.toFixed(1)} s = ${Math.round(figure.rowsPerSecond)} rows/s, ` +
      `${figure.cpuMicrosecondsPerRow.toFixed(1)} µs CPU per row, peak ${figure.peakMegabytes} MB, ${figure.ratioToFloor.toFixed(2)} of the floor`,
  );
  return figure;
}

function table(figures: readonly Figure[]): string[] {
  return [
    'From the first byte of the upload until both stores have committed its last row; of a dry run, until its report is there.',
    '',
    '| case | rows | seconds | rows/s | CPU µs/row, all processes | peak MB of the Node process since its start | ratio to plain COPY |',
    '|---|---|---|---|---|---|---|',
    ...figures.map(
      (f) =>
        `| ${f.case} | ${f.rows} | ${f.seconds.toFixed(1)} | ${Math.round(f.rowsPerSecond)} | ${f.cpuMicrosecondsPerRow.toFixed(1)} | ${f.peakMegabytes} | ${f.ratioToFloor.toFixed(2)} |`,
    ),
  ];
}
