/** How long a start takes: the first of all, one on stores with events, and one after a kill; to an answering page, and to the first usage. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Usage } from '../schemas/http/usage.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { figure, median, type BenchCase, type BenchResult } from './figure.ts';
import { cpuSeconds } from './process-usage.ts';
import { startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';
import { sumHours } from './stored/expected.ts';
import { customerName, HOUR_MS, HOURS, START_MS, type StoredEvents } from './stored/events.ts';
import { beginStores, fillStores, FIRST_EVENTS } from './stored/fill.ts';

/** A tenth of the stored events of the largest case. */
const STORED_SHARE = 10;
const PAGE_BUILT = fileURLToPath(new URL('../dashboard/build/index.html', import.meta.url));
const WANTED_S: Readonly<Record<string, string>> = { 'first start': '15', 'start with data': '5', 'start with data, after a kill': '' };

interface Started {
  pageSeconds: number;
  usageSeconds: number;
  cpuSeconds: number;
}

export const start: BenchCase = { name: 'start', title: 'Start', run };

async function run({ storedEvents, customers, repeats }: Sizes): Promise<BenchResult> {
  if (!existsSync(PAGE_BUILT)) throw new Error('the dashboard is not built: npm run prepare');
  const stored = Math.max(FIRST_EVENTS * 2, Math.floor(storedEvents / STORED_SHARE));
  const first: Started[] = [];
  for (let at = 0; at < repeats; at += 1) first.push(await firstStart());
  const withData: Started[] = [];
  const afterKill: Started[] = [];
  const directory = await makeDataDirectory('tallyline-bench-start-');
  try {
    const events: StoredEvents = { customers, capacity: stored, ids: 'ordered' };
    await beginStores(directory.path, events);
    await fillStores(directory.path, { events, from: FIRST_EVENTS, to: stored, stores: ['postgres', 'clickhouse'] });
    const expected = countOfFirst(events, stored);
    for (let at = 0; at < repeats; at += 1) withData.push(await measure(directory.path, {}, expected, (tallyline) => tallyline.stop()));
    for (let at = 0; at < repeats; at += 1) {
      await (await startProgram(directory.path)).kill();
      afterKill.push(await measure(directory.path, {}, expected, (tallyline) => tallyline.stop()));
    }
  } finally {
    await directory.remove();
  }
  const cases = [
    ['first start', first],
    ['start with data', withData],
    ['start with data, after a kill', afterKill],
  ] as const;
  return {
    figures: cases.flatMap(([name, all]) => [
      figure(`start/${name}`, 'page_seconds', median(all.map(({ pageSeconds }) => pageSeconds)), 's'),
      figure(`start/${name}`, 'usage_seconds', median(all.map(({ usageSeconds }) => usageSeconds)), 's'),
      figure(`start/${name}`, 'cpu_seconds', median(all.map((started) => started.cpuSeconds)), 's'),
    ]),
    lines: describe(cases, stored, repeats),
  };
}

/** Nothing is there yet: no stores, no programs of Postgres where root keeps them, none of our code compiled. */
async function firstStart(): Promise<Started> {
  const directory = await makeDataDirectory('tallyline-bench-start-');
  try {
    const env = { NODE_COMPILE_CACHE: join(directory.path, '..', 'compiled') };
    return await measure(directory.path, env, 0, (tallyline) => tallyline.stop());
  } finally {
    await directory.remove();
  }
}

/** `events`: as many as the usage of the first customer has to have. */
async function measure(
  dataDirectory: string,
  env: Record<string, string>,
  events: number,
  end: (tallyline: Tallyline) => Promise<unknown>,
): Promise<Started> {
  const beganAt = performance.now();
  const tallyline = await startProgram(dataDirectory, env);
  const page = await fetch(tallyline.url);
  if (!page.ok || !(await page.text()).includes('<html')) throw new Error(`the page answers ${page.status}`);
  const pageSeconds = (performance.now() - beganAt) / 1000;
  const range = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + HOURS * HOUR_MS).toISOString(), grain: 'day' };
  const { buckets } = await tallyline.json<Usage>(
    `/v1/usage?${new URLSearchParams({ ...range, timeZone: 'UTC', customer: customerName(0) })}`,
  );
  const started = { pageSeconds, usageSeconds: (performance.now() - beganAt) / 1000, cpuSeconds: await cpuSeconds(tallyline.pid) };
  await end(tallyline);
  const told = buckets.reduce((sum, bucket) => sum + bucket.events, 0);
  if (told !== events) throw new Error(`${told} events of ${customerName(0)} after the start, ${events} are there`);
  console.log(
    `started: page after ${pageSeconds.toFixed(1)} s, usage after ${started.usageSeconds.toFixed(1)} s, ${started.cpuSeconds.toFixed(1)} s CPU`,
  );
  return started;
}

function countOfFirst(events: StoredEvents, stored: number): number {
  const hours = sumHours(events, 0, stored, [0]).get(customerName(0)) ?? new Map<string, string>();
  return [...hours.values()].reduce((sum, hour) => sum + Number.parseInt(hour, 10), 0);
}

function describe(cases: readonly (readonly [string, readonly Started[]])[], stored: number, repeats: number): string[] {
  return [
    `From the start of the process until \`GET /\` has answered with the page, and until \`GET /v1/usage\` has answered for one customer; medians of ${repeats}.`,
    `The first start makes both stores, and has none of its code compiled yet. Data: ${stored} events in each store. A kill is SIGKILL to the program.`,
    '',
    '| start | wanted s | page s | usage s | CPU s, all processes |',
    '|---|---|---|---|---|',
    ...cases.map(([name, all]) => {
      const [page = NaN, usage = NaN, cpu = NaN] = (['pageSeconds', 'usageSeconds', 'cpuSeconds'] as const).map((key) =>
        median(all.map((one) => one[key])),
      );
      return `| ${name} | ${WANTED_S[name]} | ${page.toFixed(1)} | ${usage.toFixed(1)} | ${cpu.toFixed(1)} |`;
    }),
  ];
}
