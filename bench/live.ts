/** How long after a row is durable the open Usage page shows it: from the answer of the log to the frame in which headline and chart have it. */
import type { Page } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.ts';
import { openWindow, signIn } from '../test/support/dashboard.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { figure, percentile, type BenchCase, type BenchResult } from './figure.ts';
import { usageCsv } from './generate.ts';
import { BENCH_MAPPING } from './mapping.ts';
import { startProgram } from './program.ts';
import type { Sizes } from './sizes.ts';

/** Exists in the browser only, where the function that names it runs. */
declare const document: { querySelector: (selector: string) => { getAttribute: (name: string) => string | null } | null };

const METER = 'live_calls';
/** Enough for a 95th percentile that one slow round does not decide. */
const ROUNDS = 60;
/** Rounds begin at uneven distances: in step with the feed's own interval, all would wait equally long. */
const PAUSES_MS = [130, 410, 270, 530, 190, 350];
const ROUND_MS_MAX = 30_000;
const SHARES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['slowest', 1],
] as const;

/** `rows` stand in the stores before. */
export const live: BenchCase = { name: 'live', title: 'Live', run: benchLive };

async function benchLive({ rows }: Sizes): Promise<BenchResult> {
  const directory = await makeDataDirectory('tallyline-bench-');
  const tallyline = await startProgram(directory.path);
  const browser = await launchChromium();
  try {
    await importRows(tallyline, rows);
    await send(tallyline, 0);
    const page = await openWindow(browser, tallyline);
    await signIn(page, tallyline);
    await page.goto(`/usage?range=24h&meter=${METER}`);
    await page.getByRole('application').locator('canvas').waitFor();
    const delays: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) delays.push(await measureRound(tallyline, page, round));
    const times = SHARES.map(([metric, share]) => figure('live', metric, percentile(delays, share), 'ms'));
    return { figures: times, lines: describe(rows, delays) };
  } finally {
    await browser.close();
    await tallyline.stop();
    await directory.remove();
  }
}

async function importRows(tallyline: Tallyline, rows: number): Promise<void> {
  const query = new URLSearchParams({ name: 'before.csv', wait: 'true', mapping: JSON.stringify(BENCH_MAPPING) });
  const body = await new Response(usageCsv(rows) as unknown as ReadableStream).arrayBuffer();
  await tallyline.json(`/v1/imports?${query}`, { method: 'POST', body, headers: { 'content-type': 'text/csv' } });
}

/** Resolves once the log has the row: it answers no sooner. */
async function send(tallyline: Tallyline, round: number): Promise<number> {
  const event = { id: `live-${round}`, customer: `customer-${round % 7}`, meter: METER, time: new Date().toISOString(), quantity: '1' };
  await tallyline.json('/v1/events', { method: 'POST', body: JSON.stringify(event), headers: { 'content-type': 'application/json' } });
  return Date.now();
}

async function measureRound(tallyline: Tallyline, page: Page, round: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[round % PAUSES_MS.length]));
  const seen = whenShown(page, String(round + 1));
  const durableAt = await send(tallyline, round);
  return Math.max(0, (await seen) - durableAt);
}

/** The time at which the frame with this headline has been painted; both clocks are those of the machine. */
function whenShown(page: Page, quantity: string): Promise<number> {
  return page
    .waitForFunction(
      (wanted) => {
        const headline = document.querySelector('[role=radio][aria-checked=true] .headline')?.getAttribute('title');
        return headline === wanted ? Date.now() : 0;
      },
      quantity,
      { polling: 'raf', timeout: ROUND_MS_MAX },
    )
    .then((handle) => handle.jsonValue());
}

function describe(rows: number, delays: readonly number[]): string[] {
  return [
    `One row at a time to the running program with ${rows} rows, and the Usage page open in Chromium: from the moment the row is durable until headline,`,
    `chart and table show it. ${delays.length} rows; wanted are 1000 ms at most for 95 of 100.`,
    '',
    '| p50 ms | p95 ms | slowest ms |',
    '|---|---|---|',
    `| ${SHARES.map(([, share]) => Math.round(percentile(delays, share))).join(' | ')} |`,
  ];
}
