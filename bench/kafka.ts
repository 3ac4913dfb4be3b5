/**
 * End to end in distributed mode on one machine: a real broker, Postgres and ClickHouse, and ingest, consumers and API each a process of its own. The
 * original stack stands beside it, on the same Postgres.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Cluster } from '../test/support/cluster.ts';
import { queryDatabase } from '../test/support/embedded-postgres.ts';
import { usageTotals } from '../test/support/imports.ts';
import { KAFKA_VARIABLE, provisionKafka } from '../test/support/provision-kafka.ts';
import type { Tallyline } from '../test/support/tallyline.ts';
import { installBeside, runBeside } from './beside.ts';
import { besideCase, type BenchCase, type BenchResult, type Figure } from './figure.ts';
import { usageSum, writeUsageFile } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { cpuSeconds } from './process-usage.ts';
import { programEnvironment } from './program.ts';
import { measureRate, medianFigures, rateFigures, rateTable, requireSame, type CpuMeter } from './rates.ts';
import type { Sizes } from './sizes.ts';
import { uploadFile } from './upload.ts';

export const kafka: BenchCase = { name: 'kafka', title: 'On Kafka', isQuick: true, run: benchKafka };

const ORIGINAL = 'kafka/original stack';
/** What a reader calls them. */
export const LABELS = {
  kafka: 'Tallyline on Kafka: ingest, consumers and API apart',
  [ORIGINAL]: 'original stack: fast-csv and Sequelize, Postgres alone',
};
const PARTITIONS = 6;
/** Those of the tests are for a quick start: they leave out the compiler that makes a broker fast. */
const JVM_OPTIONS = ['-Xms512m', '-Xmx512m'];

async function benchKafka({ rows, repeats }: Sizes): Promise<BenchResult> {
  const outcome = provisionKafka();
  if (!outcome.ok) {
    return { figures: [], lines: [], skipped: ['kafka', ORIGINAL].map((name) => ({ case: name, reason: outcome.missing })) };
  }
  process.env[KAFKA_VARIABLE] = JSON.stringify(outcome.source);
  const missing = await installBeside();
  const runs: Figure[][] = [];
  for (let n = 0; n < repeats; n++) runs.push(await runOnce(rows, missing === undefined));
  const figures = medianFigures(runs);
  return {
    figures: besideCase(figures, ORIGINAL),
    skipped: missing === undefined ? [] : [{ case: ORIGINAL, reason: missing }],
    lines: [
      `The same file of ${rows} rows; one broker with acks=all and ${PARTITIONS} partitions, everything on the one machine. First byte → both stores committed; medians of ${repeats}.`,
      '',
      ...rateTable(figures, LABELS, missing === undefined ? ORIGINAL : undefined),
    ],
  };
}

async function runOnce(rows: number, hasBeside: boolean): Promise<Figure[]> {
  // Only now: it looks for a broker as soon as it is loaded.
  const { startCluster } = await import('../test/support/cluster.ts');
  const cluster = await startCluster({ partitions: PARTITIONS, environment: programEnvironment(), jvmOptions: JVM_OPTIONS });
  try {
    const file = join(cluster.dataDirectory, '..', 'usage.csv');
    await writeUsageFile(file, { rows });
    const figures = await throughTallyline(cluster, file, rows);
    return hasBeside ? [...figures, ...(await throughOriginal(cluster, file, rows))] : figures;
  } finally {
    await cluster.close();
  }
}

async function throughTallyline(cluster: Cluster, file: string, rows: number): Promise<Figure[]> {
  const [ingest, api] = [await cluster.start('ingest'), await cluster.start('api')];
  await cluster.start('consumers');
  const meter = await clusterCpu(cluster);
  const rate = await measureRate(rows, meter, () => uploadFile(ingest, file, { name: 'kafka', mapping: BENCH_MAPPING }));
  const { status, events } = rate.result;
  if (status !== 'complete' || events.accepted !== rows) throw new Error(`kafka: ${JSON.stringify(rate.result)}`);
  await requireStored(cluster, api, rows);
  console.log(`${LABELS.kafka}: ${Math.round(rows / rate.seconds)} rows/s`);
  return rateFigures('kafka', rate);
}

async function requireStored(cluster: Cluster, api: Tallyline, rows: number): Promise<void> {
  const expected = usageSum({ rows });
  const { rows: found } = await queryDatabase<{ rows: string; total: string }>(
    cluster.postgresUrl,
    `SELECT count(*) AS rows, trim_scale(sum(quantity))::text AS total FROM usage_records`,
  );
  requireSame('kafka', { rows: Number(found[0]?.rows), total: found[0]?.total ?? '0' }, expected);
  const [total = '0'] = Object.values(await usageTotals(api));
  requireSame('kafka, in ClickHouse', { rows, total }, expected);
}

/** A broker that is not ours may be on another machine: it is left out. */
async function clusterCpu(cluster: Cluster): Promise<CpuMeter> {
  const postmaster = await postmasterOf(cluster);
  return async () => {
    const program = await Promise.all(cluster.processes.map(({ pid }) => cpuSeconds(pid)));
    return {
      program: program.reduce((sum, used) => sum + used, 0),
      postgres: await cpuSeconds(postmaster),
      clickhouse: await cpuSeconds(cluster.clickhouse.pid),
      ...(cluster.kafka.pid === undefined ? {} : { kafka: await cpuSeconds(cluster.kafka.pid) }),
    };
  };
}

/** The first line of postmaster.pid is the process (PostgreSQL documentation, 67.1). */
async function postmasterOf(cluster: Cluster): Promise<number> {
  return Number((await readFile(join(cluster.postgres.directory, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** Into a database of its own, while the others have nothing to do. */
async function throughOriginal(cluster: Cluster, file: string, rows: number): Promise<Figure[]> {
  const client = new pg.Client({ connectionString: cluster.postgresUrl });
  await client.connect();
  await client.query('CREATE DATABASE bench_original');
  await client.end();
  const url = new URL(cluster.postgresUrl);
  url.pathname = '/bench_original';
  const postmaster = await postmasterOf(cluster);
  const { result, figures } = await runBeside(ORIGINAL, 'beside/original.ts', [file, url.href], () => cpuSeconds(postmaster));
  requireSame(ORIGINAL, result, usageSum({ rows }));
  return figures;
}
