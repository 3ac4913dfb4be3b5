/** Resident memory while a file of gigabytes is imported: of the one process of embedded mode, and of ingest and consumers apart on Kafka. */
import { queryDatabase } from '../test/support/embedded-postgres.ts';
import { usageTotals } from '../test/support/imports.ts';
import { KAFKA_VARIABLE, provisionKafka } from '../test/support/provision-kafka.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { figure, type BenchCase, type BenchResult, type Figure, type Skipped } from './figure.ts';
import { forgetPeak, peakMegabytes, residentMegabytes } from './process-usage.ts';
import { programEnvironment, startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';
import { eventRow, type StoredEvents } from './stored/events.ts';
import { importEvents } from './stored/fill.ts';
import { readStored, requireStored } from './stored/read-back.ts';

const SAMPLE_MS = 500;
/** Of the samples: code is compiled and caches fill until then. */
const WARM_SHARE = 0.2;
const UPLOAD_BYTES_MAX = 20_000_000_000;
const EMBEDDED = 'memory/embedded, everything in one process';
const INGEST = 'memory/apart, ingest';
const CONSUMERS = 'memory/apart, consumers';
const WANTED_MB: Readonly<Record<string, number>> = { [EMBEDDED]: 900, [INGEST]: 250, [CONSUMERS]: 900 };

interface Memory {
  name: string;
  before: number;
  peak: number;
  /** Megabytes by which a straight line through the samples rises from the warm-up to the end. */
  rise: number;
}

export const memory: BenchCase = { name: 'memory', title: 'Memory', run };

async function run({ megabytes, customers }: Sizes): Promise<BenchResult> {
  const rows = Math.ceil((megabytes * 1e6) / (eventRow({ customers, capacity: 1e8, ids: 'ordered' }, 123_456).length + 1));
  const events: StoredEvents = { customers, capacity: rows, ids: 'ordered' };
  const kafka = provisionKafka();
  process.env[KAFKA_VARIABLE] = kafka.ok ? JSON.stringify(kafka.source) : '';
  const measured = [...(await embedded(events, rows)), ...(kafka.ok ? await apart(events, rows) : [])];
  const skipped: Skipped[] = kafka.ok ? [] : [INGEST, CONSUMERS].map((name) => ({ case: name, reason: kafka.missing }));
  return { figures: measured.flatMap(toFigures), lines: describe(measured, rows, megabytes), skipped };
}

async function embedded(events: StoredEvents, rows: number): Promise<Memory[]> {
  const directory = await makeDataDirectory('tallyline-bench-memory-');
  try {
    const tallyline = await startProgram(directory.path, { TALLYLINE_UPLOAD_BYTES_MAX: String(UPLOAD_BYTES_MAX) });
    try {
      const measured = await watch([[EMBEDDED, tallyline]], () => importEvents(tallyline, events, 0, rows));
      requireStored(await readStored(tallyline), rows);
      return measured;
    } finally {
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

async function apart(events: StoredEvents, rows: number): Promise<Memory[]> {
  const environment = { ...programEnvironment(), TALLYLINE_UPLOAD_BYTES_MAX: String(UPLOAD_BYTES_MAX) };
  // Only now: it looks for a broker as soon as it is loaded.
  const { startCluster } = await import('../test/support/cluster.ts');
  const cluster = await startCluster({ environment });
  try {
    const ingest = await cluster.start('ingest');
    const consumers = await cluster.start('consumers');
    const api = await cluster.start('api');
    const processes = [
      [INGEST, ingest],
      [CONSUMERS, consumers],
    ] as const;
    const measured = await watch(processes, () => importEvents(ingest, events, 0, rows));
    const counted = await queryDatabase<{ rows: string; quantity: string }>(
      cluster.postgresUrl,
      'SELECT count(*) AS rows, trim_scale(sum(quantity))::text AS quantity FROM usage_records',
    );
    const postgres = counted.rows[0] ?? { rows: '0', quantity: '0' };
    requireStored({ postgres, clickhouse: Object.values(await usageTotals(api)) }, rows);
    return measured;
  } finally {
    await cluster.close();
  }
}

async function watch(processes: readonly (readonly [string, Tallyline])[], work: () => Promise<unknown>): Promise<Memory[]> {
  const before = await Promise.all(processes.map(([, { pid }]) => residentMegabytes(pid)));
  for (const [, { pid }] of processes) await forgetPeak(pid);
  const samples = processes.map(() => [] as number[]);
  const sample = async () => {
    for (const [at, [, { pid }]] of processes.entries()) samples[at]?.push(await residentMegabytes(pid));
  };
  const timer = setInterval(() => void sample(), SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Promise.all(
    processes.map(async ([name, { pid }], at): Promise<Memory> => {
      const all = samples[at] ?? [];
      const rise = riseOf(all.slice(Math.floor(all.length * WARM_SHARE)));
      const found = { name, before: before[at] ?? 0, peak: await peakMegabytes(pid), rise };
      console.log(
        `${name}: ${found.before} MB before, peak ${found.peak} MB, rise of ${found.rise.toFixed(1)} MB in ${all.length} samples`,
      );
      return found;
    }),
  );
}

/** From the first to the last value, along the line of least squares. */
function riseOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [xy, xx] = values.reduce(([a, b], value, x) => [a + (x - middle) * (value - mean), b + (x - middle) ** 2], [0, 0]);
  return values.length < 2 ? 0 : ((xy ?? 0) / (xx ?? 1)) * (values.length - 1);
}

function toFigures({ name, before, peak, rise }: Memory): Figure[] {
  return [
    figure(name, 'before_megabytes', before, 'MB'),
    figure(name, 'peak_megabytes', peak, 'MB'),
    figure(name, 'rise_megabytes', rise, 'MB'),
  ];
}

function describe(measured: readonly Memory[], rows: number, megabytes: number): string[] {
  return [
    `Resident set of the Node processes while a file of ${megabytes} MB, ${rows} rows, goes from its first byte into both stores, looked at every ${SAMPLE_MS} ms. Rise: of a straight line`,
    `through the samples, from the first fifth of the time to its end; flat memory has none. Embedded, one process has all roles and the engine of`,
    'ClickHouse in it; apart, ingest and consumers have their own processes, on Kafka and servers. Both stores held every row once in the end.',
    '',
    '| process | wanted MB | MB before | peak MB | rise MB |',
    '|---|---|---|---|---|',
    ...measured.map(
      ({ name, before, peak, rise }) =>
        `| ${name.replace('memory/', '')} | ${WANTED_MB[name]} | ${before} | ${peak} | ${rise.toFixed(1)} |`,
    ),
  ];
}
