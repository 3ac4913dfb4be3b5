/**
 * First byte of an upload → both stores committed, and the same file, one after the other, through the stack of the original design, through what a
 * data engineer would pick, and by plain COPY and plain insert. Only Tallyline keeps the file, its lines, and both stores; the others show
 * what each part costs alone. Each is checked to end with the same rows and the same sum.
 */
import { join } from 'node:path';
import type { Import, Mapping } from '../schemas/http/imports.ts';
import { connectEmbedded, countRecords, embeddedConnection } from '../test/support/embedded-postgres.ts';
import { usageTotals } from '../test/support/imports.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { installBeside, runBeside } from './beside.ts';
import { besideCase, figure, type BenchCase, type BenchResult, type Figure, type Skipped } from './figure.ts';
import { copyFloor } from './floor.ts';
import { usageSum, writeUsageFile, type UsageFile, type UsageSum } from './generate.ts';
import { BENCH_MAPPING, ROW_IDENTITY_MAPPING } from './mapping.ts';
import { peakMegabytes } from './process-usage.ts';
import { startProgram } from './program.ts';
import { embeddedCpu, measureRate, medianFigures, rateFigures, rateTable, requireSame } from './rates.ts';
import type { Sizes } from './sizes.ts';
import { RECONCILED_SECONDS, untilQuiet } from './until-quiet.ts';
import { addSums, uploadFile } from './upload.ts';

export const endToEnd: BenchCase = { name: 'end-to-end', title: 'End to end', isQuick: true, run: benchEndToEnd };

const OURS = 'end-to-end';
const ORIGINAL = 'end-to-end/original stack';
const DUCKDB = 'end-to-end/duckdb';
const COPY = 'end-to-end/floor: copy';
const CLICKHOUSE = 'end-to-end/floor: clickhouse';
export const BESIDE: readonly string[] = [ORIGINAL, COPY, DUCKDB, CLICKHOUSE];
/** What a reader calls them, in the order they are shown in. */
export const LABELS: Readonly<Record<string, string>> = {
  [OURS]: 'Tallyline, embedded: file, Postgres and ClickHouse',
  'end-to-end/row ids': 'the same, ids from row content',
  'end-to-end/1% repeated': 'the same, 1 % of the rows repeated',
  'end-to-end/sent again': 'the same, the whole file sent again',
  [ORIGINAL]: 'original stack: fast-csv and Sequelize, Postgres alone',
  [DUCKDB]: 'DuckDB, table with a primary key',
  [COPY]: 'floor: COPY into Postgres, without index',
  [CLICKHOUSE]: 'floor: insert into ClickHouse',
};

interface Variant {
  name: string;
  file: UsageFile;
  mapping: Mapping;
  /** What the stores gain. */
  added: UsageSum;
}

async function benchEndToEnd({ rows, repeats }: Sizes): Promise<BenchResult> {
  const missing = await installBeside();
  const runs: Figure[][] = [];
  for (let n = 0; n < repeats; n++) runs.push(await runOnce(rows, missing === undefined));
  const measured = medianFigures(runs);
  const ratioTo = missing === undefined ? ORIGINAL : COPY;
  const others = [COPY, DUCKDB].filter((name) => name !== ratioTo).flatMap((name) => ratesBeside(measured, name));
  const skipped: Skipped[] = missing === undefined ? [] : [ORIGINAL, DUCKDB].map((name) => ({ case: name, reason: missing }));
  const hours = measured.find(({ metric }) => metric === 'hourly_aggregate');
  return {
    figures: [...besideOne(measured, ratioTo), ...others],
    skipped,
    lines: [
      `${rows} rows of 90 bytes, each time with the sum that the generator counts, in both stores; medians of ${repeats}. Each import begins when`,
      'what follows the one before is done: merges, and the reconciliation of every hour it touched.',
      ...afterwardsLines(measured),
      ...skipped.map(({ case: name, reason }) => `Without ${LABELS[name]}: ${reason}.`),
      '',
      ...rateTable(measured, LABELS, ratioTo),
      ...(hours ? ['', `DuckDB's hours by customer over all rows took ${Math.round(hours.value)} ms.`] : []),
    ],
  };
}

function afterwardsLines(figures: readonly Figure[]): string[] {
  const costs = figures.filter(({ metric }) => metric === 'cpu_per_1000_rows_afterwards');
  return [
    `That takes ${costs.map((f) => `${f.value.toFixed(1)} ms per 1,000 rows (${LABELS[f.case]})`).join(', ')} more, on a quiet program.`,
  ];
}

/** Ours beside one of the others; these among themselves say nothing. */
function besideOne(figures: readonly Figure[], ratioTo: string): Figure[] {
  const compared = besideCase(figures, ratioTo);
  return figures.map((f, n) => (BESIDE.includes(f.case) ? f : (compared[n] ?? f)));
}

/** Once more beside another one, of the figures that say who is faster. */
function ratesBeside(figures: readonly Figure[], ratioTo: string): Figure[] {
  return besideOne(figures, ratioTo).filter((f) => f.ratioTo === ratioTo && /^rows_per/.test(f.metric));
}

async function runOnce(rows: number, hasBeside: boolean): Promise<Figure[]> {
  const directory = await makeDataDirectory('tallyline-bench-');
  const at = (name: string) => join(directory.path, '..', name);
  try {
    const tallyline = await startProgram(directory.path);
    try {
      const figures = await throughTallyline(tallyline, rows, at);
      const file = at('a.csv');
      const expected = usageSum({ rows });
      if (hasBeside) figures.push(...(await throughOriginal(tallyline, file, expected)));
      figures.push(...(await throughCopy(tallyline, file, expected)));
      await tallyline.stop();
      const { result, figures: floor } = await runBeside(CLICKHOUSE, 'floor-clickhouse.ts', [file, at('clickhouse')]);
      requireSame(CLICKHOUSE, result, expected);
      figures.push(...floor);
      if (!hasBeside) return figures;
      const duckdb = await runBeside(DUCKDB, 'beside/duckdb.ts', [file, at('duckdb')]);
      requireSame(DUCKDB, duckdb.result, expected);
      return [...figures, ...duckdb.figures, figure(DUCKDB, 'hourly_aggregate', (duckdb.result.hoursSeconds ?? NaN) * 1000, 'ms')];
    } finally {
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

async function throughTallyline(tallyline: Tallyline, rows: number, at: (name: string) => string): Promise<Figure[]> {
  const nothing = { rows: 0, total: '0' };
  const plain = { rows, series: 'a' };
  const variants: Variant[] = [
    { name: OURS, file: plain, mapping: BENCH_MAPPING, added: usageSum(plain) },
    { name: 'end-to-end/sent again', file: plain, mapping: BENCH_MAPPING, added: nothing },
    { name: 'end-to-end/row ids', file: { rows, series: 'b' }, mapping: ROW_IDENTITY_MAPPING, added: usageSum(plain) },
    {
      name: 'end-to-end/1% repeated',
      file: { rows, series: 'c', repeats: true },
      mapping: BENCH_MAPPING,
      added: usageSum({ rows, repeats: true }),
    },
  ];
  const figures: Figure[] = [];
  let stored: UsageSum = nothing;
  for (const { name, file, mapping, added } of variants) {
    const path = at(`${file.series}.csv`);
    await writeUsageFile(path, file);
    const rate = await measureRate(rows, embeddedCpu(tallyline), () => uploadFile(tallyline, path, { name, mapping }));
    requireComplete(name, rate.result, rows, added.rows);
    stored = addSums(stored, added);
    await requireStored(name, tallyline, stored);
    const peak = figure(name, 'peak_megabytes', await peakMegabytes(tallyline.pid), 'MB');
    const { cpu } = await measureRate(rows, embeddedCpu(tallyline), () => untilQuiet(tallyline, RECONCILED_SECONDS));
    const afterwards = Object.values(cpu).reduce((sum, used) => sum + used, 0);
    figures.push(...rateFigures(name, rate), figure(name, 'cpu_per_1000_rows_afterwards', (afterwards / rows) * 1e6, 'ms'), peak);
    console.log(`${LABELS[name]}: ${Math.round(rows / rate.seconds)} rows/s`);
  }
  return figures;
}

function requireComplete(name: string, { status, events }: Import, rows: number, added: number): void {
  if (status === 'complete' && events.accepted === added && events.accepted + events.duplicate === rows) return;
  throw new Error(`${name}: ${status}, ${JSON.stringify(events)}`);
}

/** Postgres by its rows, ClickHouse by its sums. */
async function requireStored(name: string, tallyline: Tallyline, stored: UsageSum): Promise<void> {
  const { rows, quantity } = await countRecords(tallyline.dataDirectory);
  requireSame(name, { rows: Number(rows), total: quantity }, stored);
  const [total = '0'] = Object.values(await usageTotals(tallyline));
  requireSame(`${name}, in ClickHouse`, { rows: stored.rows, total }, stored);
}

/** Into the Postgres that Tallyline runs, which has nothing else to do meanwhile. */
async function throughOriginal(tallyline: Tallyline, file: string, expected: UsageSum): Promise<Figure[]> {
  const { host, port, user, password } = await embeddedConnection(tallyline.dataDirectory);
  const database = 'bench_original';
  const client = await connectEmbedded(tallyline.dataDirectory);
  await client.query(`CREATE DATABASE ${database}`);
  await client.end();
  const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  const { result, figures } = await runBeside(ORIGINAL, 'beside/original.ts', [file, url], async () => {
    const { postgres = 0, program = 0 } = await embeddedCpu(tallyline)();
    return postgres + program;
  });
  requireSame(ORIGINAL, result, expected);
  return figures;
}

/** `program` is the client that reads the file. */
async function throughCopy(tallyline: Tallyline, file: string, expected: UsageSum): Promise<Figure[]> {
  const meter = async () => {
    const { user, system } = process.cpuUsage();
    return { program: (user + system) / 1e6, postgres: (await embeddedCpu(tallyline)())['postgres'] ?? 0 };
  };
  const { result, ...rate } = await measureRate(expected.rows, meter, () => copyFloor(tallyline.dataDirectory, file));
  requireSame(COPY, result, expected);
  // Without the counting that checks it.
  return rateFigures(COPY, { ...rate, seconds: result.seconds });
}
