/**
 * `npm run bench [-- --rows N]`: first byte → both stores committed, through the running program in embedded mode, beside the
 * floor of the same machine in the same minute: a plain COPY of the same rows into a table without an index.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Import, Mapping } from '../schemas/http/imports.ts';
import { importPath } from '../test/support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../test/support/tallyline.ts';
import { BENCH_HEADER, usageCsv } from './generate.ts';
import { copyFloor } from './floor.ts';
import { cpuSeconds, peakMegabytes } from './process-usage.ts';

const MAPPING: Mapping = {
  id: 'id',
  customer: 'customer_id',
  time: 'timestamp',
  measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
};

interface Figure {
  case: string;
  rows: number;
  seconds: number;
  rowsPerSecond: number;
  cpuMicrosecondsPerRow: number;
  peakMegabytes: number;
  ratioToFloor: number;
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const rows = Number(values.rows);
if (!Number.isSafeInteger(rows) || rows < 1000) throw new Error('--rows takes a whole number from 1000');

const directory = await makeDataDirectory('tallyline-bench-');
const figures: Figure[] = [];
try {
  const tallyline = await startTallyline({ dataDirectory: directory.path, env: { TALLYLINE_LOG_LEVEL: 'warn' } });
  const floor = await copyFloor(directory.path, rows);
  console.log(`floor: COPY into a table without index: ${Math.round(floor)} rows/s`);
  await measure(tallyline, 'end to end, id column', rows, 'a', MAPPING, floor);
  await measure(tallyline, 'end to end, id column, three times the file', rows * 3, 'b', MAPPING, floor);
  await measure(tallyline, 'end to end, ids from row content', rows, 'c', withoutId(MAPPING), floor);
  await tallyline.stop();
} finally {
  await directory.remove();
}
await writeReport();

function withoutId({ customer, time, measures }: Mapping): Mapping {
  return { customer, time, measures };
}

async function measure(tallyline: Tallyline, name: string, count: number, series: string, mapping: Mapping, floor: number): Promise<void> {
  const file = join(directory.path, '..', `${series}.csv`);
  await pipeline(usageCsv(count, series), createWriteStream(file));
  const { size } = await stat(file);
  const cpuBefore = await cpuSeconds(tallyline.pid);
  const beganAt = performance.now();
  const response = await fetch(tallyline.url + importPath({ name: `${series}.csv`, mapping }), {
    method: 'POST',
    body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { authorization: `Bearer ${tallyline.key}`, 'content-type': 'text/csv', 'content-length': String(size) },
  });
  const seconds = (performance.now() - beganAt) / 1000;
  const done = (await response.json()) as Import;
  if (done.status !== 'complete' || done.events.accepted !== count) throw new Error(`${name}: ${JSON.stringify(done)}`);
  const figure: Figure = {
    case: name,
    rows: count,
    seconds,
    rowsPerSecond: count / seconds,
    cpuMicrosecondsPerRow: (((await cpuSeconds(tallyline.pid)) - cpuBefore) / count) * 1e6,
    peakMegabytes: await peakMegabytes(tallyline.pid),
    ratioToFloor: count / seconds / floor,
  };
  figures.push(figure);
  await rm(file);
  console.log(
    `${name}: ${count} rows of ${Math.round((size - BENCH_HEADER.length) / count)} bytes in ${seconds.toFixed(1)} s = ${Math.round(figure.rowsPerSecond)} rows/s, ` +
      `${figure.cpuMicrosecondsPerRow.toFixed(1)} µs CPU per row, peak ${figure.peakMegabytes} MB, ${figure.ratioToFloor.toFixed(2)} of the floor`,
  );
}

async function writeReport(): Promise<void> {
  const { version } = JSON.parse(await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')) as { version: string };
  const [cpu] = cpus();
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Embedded mode, one process and its Postgres; fsync and synchronous_commit on. An import is measured from the',
    'first byte of the upload until both stores have committed its last row. Figures of one machine drift from run to run: compare ratios.',
    '',
    `Tallyline ${version}, Node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB of memory.`,
    '',
    '| case | rows | seconds | rows/s | CPU µs/row, all processes | peak MB of the Node process since its start | ratio to plain COPY |',
    '|---|---|---|---|---|---|---|',
    ...figures.map(
      (f) =>
        `| ${f.case} | ${f.rows} | ${f.seconds.toFixed(1)} | ${Math.round(f.rowsPerSecond)} | ${f.cpuMicrosecondsPerRow.toFixed(1)} | ${f.peakMegabytes} | ${f.ratioToFloor.toFixed(2)} |`,
    ),
    '',
  ];
  await writeFile(fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)), lines.join('\n'));
}
