/**
 * From the moment a row is durable until `GET /v1/usage` counts it, while rows come in at a share of what the machine can take. Rows come through one
 * stream, which says up to which line everything is durable; beside it the usage of the meter is asked for again and again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Usage } from '../schemas/http/usage.ts';
import { startStream, type StreamClient } from '../test/support/stream-client.ts';
import { usageTotals } from '../test/support/imports.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { figure, percentile, type BenchCase, type BenchResult, type Figure } from './figure.ts';
import { BENCH_HEADER, usageLine, usageSum } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { startProgram } from './program.ts';
import { embeddedCpu, measureRate, rateFigures, requireSame } from './rates.ts';
import type { Sizes } from './sizes.ts';

export const latency: BenchCase = { name: 'latency', title: 'Latency', run: benchLatency };

const LOADS = [0.1, 0.8];
const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99 };
/** Rows are sent this often: a sender that collects for longer would be measured, too. */
const PIECE_MS = 50;
/** Between an answer and the next question. */
const LOOK_MS = 20;
/** Of one load, whatever the rows: enough for a 99th percentile. */
const LOAD_SECONDS_MIN = 15;
const LOAD_SECONDS_MAX = 60;
/** Beyond it, what was sent never comes. */
const VISIBLE_MS_MAX = 120_000;
const STEP_MS = 1_000;

interface Moment {
  rows: number;
  at: number;
}

async function benchLatency({ rows }: Sizes): Promise<BenchResult> {
  const directory = await makeDataDirectory('tallyline-bench-');
  const tallyline = await startProgram(directory.path);
  try {
    const feed = await openFeed(tallyline);
    const rate = await measureRate(rows, embeddedCpu(tallyline), async () => {
      await feed.send(rows);
      await feed.untilVisible();
    });
    const capacity = rows / rate.seconds;
    console.log(`capacity of one stream: ${Math.round(capacity)} rows/s`);
    const figures = rateFigures('latency/capacity', rate);
    const seconds = Math.min(LOAD_SECONDS_MAX, Math.max(LOAD_SECONDS_MIN, rows / capacity));
    for (const load of LOADS) figures.push(...(await measureLoad(feed, load, capacity, seconds)));
    const sent = await feed.end();
    const [total = '0'] = Object.values(await usageTotals(tallyline));
    requireSame('latency', { rows: sent, total }, usageSum({ rows: sent }));
    return { figures, lines: describe(capacity, seconds, figures) };
  } finally {
    await tallyline.stop();
    await directory.remove();
  }
}

/** At an even pace: what the stream cannot take at once is made up for, as with devices that go on. */
async function measureLoad(feed: Feed, load: number, capacity: number, seconds: number): Promise<Figure[]> {
  feed.forget();
  const beganAt = performance.now();
  let sent = 0;
  while (performance.now() - beganAt < seconds * 1000) {
    const due = Math.floor(((performance.now() - beganAt) / 1000) * capacity * load);
    if (due > sent) await feed.send(due - sent);
    sent = Math.max(sent, due);
    await delay(PIECE_MS);
  }
  const sentPerSecond = sent / ((performance.now() - beganAt) / 1000);
  await feed.untilVisible();
  const delays = feed.delays();
  const name = nameOf(load);
  console.log(`${name}: ${Math.round(sentPerSecond)} rows/s, ${delays.length} commits`);
  return [
    figure(name, 'rows_per_second', sentPerSecond, 'rows/s'),
    ...Object.entries(SHARES).map(([metric, share]) => figure(name, metric, percentile(delays, share), 'ms')),
  ];
}

type Feed = Awaited<ReturnType<typeof openFeed>>;

/** One open stream, and somebody who looks. */
async function openFeed(tallyline: Tallyline) {
  const query = { mapping: JSON.stringify(BENCH_MAPPING) };
  let [sent, seen] = [0, 0];
  let durable: Moment[] = [];
  let visible: Moment[] = [];
  const onAnswer = ({ durableLine }: { durableLine: number }) => {
    // The first line is the header.
    const rows = durableLine - 1;
    if (rows > (durable.at(-1)?.rows ?? 0)) durable.push({ rows, at: performance.now() });
  };
  const client: StreamClient = await startStream(tallyline.url, { key: tallyline.key, query, onAnswer }, `${BENCH_HEADER}\n`);
  const looking = new AbortController();
  const looks = lookUntil(looking.signal, async () => {
    seen = await visibleEvents(tallyline);
    if (seen > (visible.at(-1)?.rows ?? 0)) visible.push({ rows: seen, at: performance.now() });
  });
  // Whoever waits gets the error; until then it must not count as unhandled.
  looks.catch(() => undefined);
  return {
    async send(count: number): Promise<void> {
      let text = '';
      for (const end = sent + count; sent < end; sent++) {
        text += usageLine(sent, 'l', STEP_MS);
        if (text.length < 65_536) continue;
        await client.send(text);
        text = '';
      }
      await client.send(text);
    },
    async untilVisible(): Promise<void> {
      const beganAt = performance.now();
      while (seen < sent) {
        if (client.isClosed) throw new Error(`the stream ended at ${durable.at(-1)?.rows ?? 0} rows`);
        if (performance.now() - beganAt > VISIBLE_MS_MAX) throw new Error(`${seen} of ${sent} rows are visible`);
        await Promise.race([delay(LOOK_MS), looks]);
      }
    },
    forget(): void {
      [durable, visible] = [[], []];
    },
    /** Of each commit of the stream, for its last row. */
    delays(): number[] {
      return durable.map(({ rows, at }) => {
        const first = visible.find((moment) => moment.rows >= rows);
        return Math.max(0, (first?.at ?? NaN) - at);
      });
    },
    async end(): Promise<number> {
      await client.end();
      looking.abort();
      await looks;
      return sent;
    },
  };
}

async function lookUntil(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look();
    await delay(LOOK_MS);
  }
}

async function visibleEvents(tallyline: Tallyline): Promise<number> {
  const query = new URLSearchParams({ from: '2026-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z', grain: 'month', meter: 'api_calls' });
  const { total } = await tallyline.json<Usage>(`/v1/usage?${query}`);
  return total.reduce((sum, { events }) => sum + events, 0);
}

function nameOf(load: number): string {
  return `latency/${Math.round(load * 100)}% load`;
}

function describe(capacity: number, seconds: number, figures: readonly Figure[]): string[] {
  const value = (name: string, metric: string) => Math.round(figures.find((f) => f.case === name && f.metric === metric)?.value ?? NaN);
  return [
    `One stream into the running program, which takes ${Math.round(capacity)} rows/s until they are visible; then ${Math.round(seconds)} s at a share of that. From the answer`,
    'that a row is durable to the first answer of `GET /v1/usage` that counts it, for the last row of each commit; wanted are 1000 ms at 10 % and 2000 ms at 80 % for 95 of 100.',
    '',
    '| load | rows/s | p50 ms | p95 ms | p99 ms |',
    '|---|---|---|---|---|',
    ...LOADS.map((load) => {
      const metrics = ['rows_per_second', ...Object.keys(SHARES)];
      return `| ${Math.round(load * 100)} % | ${metrics.map((metric) => value(nameOf(load), metric)).join(' | ')} |`;
    }),
  ];
}
