/**
 * The dashboard on a month of many customers, in a real browser on the same machine: when a page that is opened from cold has painted its
 * largest content (LCP), and how long the data of an interaction takes, from the click to the last byte of the last answer.
 */
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.ts';
import { openWindow, signIn } from '../test/support/dashboard.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { billMonth, importMonth, invoiceIds, setUpCustomers } from './billed-month.ts';
import { customerName, type UsageSize } from './billing-usage.ts';
import { figure, type BenchCase, type BenchResult } from './figure.ts';
import { startProgram } from './program.ts';
import { COLD_PAGES, INTERACTIONS, type BenchSubjects, type ColdPage, type Interaction } from './dashboard-pages.ts';

const LOADS = 5;
const LCP_MS_MAX = 1_200;
const DATA_MS_MAX = 300;
/** So long without a call: the page has asked for all it wants. */
const QUIET_MS = 400;
const INVOICES = 10;

/** Exists in the browser only, where the functions that name it run. */
declare const document: { createElement: (tag: string) => { href: string; click: () => void }; body: { append: (node: unknown) => void } };

interface Times {
  name: string;
  medianMs: number;
  slowestMs: number;
}

type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

export const dashboard: BenchCase = { name: 'dashboard', title: 'Dashboard', run: benchDashboard };

async function benchDashboard(size: UsageSize): Promise<BenchResult> {
  const directory = await makeDataDirectory('tallyline-bench-dashboard-');
  const start = () => startProgram(directory.path);
  try {
    const importer = await start();
    await importMonth(importer, size);
    await setUpCustomers(importer, size);
    const names = Array.from({ length: size.customers }, (_, n) => customerName(n));
    await billMonth(importer, names);
    const subjects = { customers: size.customers, invoices: await invoiceIds(importer, names.slice(0, INVOICES)) };
    await importer.stop();
    // Anew, so that no page is served from what the import has left in memory.
    const tallyline = await start();
    const browser = await launchChromium();
    try {
      return await measure(browser, tallyline, subjects, size);
    } finally {
      await browser.close();
      await tallyline.stop();
    }
  } finally {
    await directory.remove();
  }
}

async function measure(browser: Browser, tallyline: Tallyline, subjects: BenchSubjects, size: UsageSize): Promise<BenchResult> {
  const first = await openWindow(browser, tallyline);
  await signIn(first, tallyline);
  const session = await first.context().storageState();
  await first.context().close();
  const pages: Times[] = [];
  for (const page of COLD_PAGES) pages.push(await measurePage(browser, tallyline, session, page, subjects));
  const interactions: Times[] = [];
  for (const interaction of INTERACTIONS) {
    const page = await openWindow(browser, tallyline, { storageState: session });
    interactions.push(await measureInteraction(page, interaction, subjects));
    await page.context().close();
  }
  const figures = [...pages, ...interactions].flatMap(({ name, medianMs, slowestMs }) => [
    figure(`dashboard/${name}`, 'p50', medianMs, 'ms'),
    figure(`dashboard/${name}`, 'slowest', slowestMs, 'ms'),
  ]);
  return { figures, lines: report(size, pages, interactions) };
}

/** Each time in a window of its own, whose cache is empty. */
async function measurePage(
  browser: Browser,
  tallyline: Tallyline,
  session: Session,
  cold: ColdPage,
  subjects: BenchSubjects,
): Promise<Times> {
  const times: number[] = [];
  for (let n = 0; n < LOADS; n++) {
    const page = await openWindow(browser, tallyline, { storageState: session });
    await page.addInitScript(`new PerformanceObserver((list) => {
      globalThis.lcpMs = list.getEntries().at(-1).startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });`);
    const calls = watchCalls(page);
    await page.goto(cold.path(subjects));
    await cold.whole(page).first().waitFor();
    await calls.quiet();
    times.push(await page.evaluate<number>('globalThis.lcpMs'));
    await page.context().close();
  }
  return figureOf(cold.name, times);
}

/** As a click on a link of the page does it; what is asked for differs each time. */
async function measureInteraction(page: Page, interaction: Interaction, subjects: BenchSubjects): Promise<Times> {
  const times: number[] = [];
  const calls = watchCalls(page);
  for (let n = 0; n < LOADS; n++) {
    await page.goto(interaction.from(subjects));
    await page.locator('main h1').waitFor();
    await calls.quiet();
    await page.evaluate('performance.clearResourceTimings(); performance.setResourceTimingBufferSize(2000);');
    const beganAt = await page.evaluate<number>('performance.now()');
    if (interaction.kind === 'press') await (interaction.to as (page: Page) => ReturnType<Page['locator']>)(page).click();
    else await followLink(page, (interaction.to as (n: number, subjects: BenchSubjects) => string)(n, subjects));
    await calls.quiet();
    times.push(
      await page.evaluate<number>(`Math.max(0, ...performance.getEntriesByType('resource')
        .filter(({ name, startTime }) => startTime >= ${beganAt} && /\\/v1\\/(?!live|reconciliation\\?state=differs)/.test(name))
        .map(({ responseEnd }) => responseEnd - ${beganAt}))`),
    );
  }
  return figureOf(interaction.name, times);
}

async function followLink(page: Page, href: string): Promise<void> {
  await page.evaluate((to) => {
    const link = document.createElement('a');
    link.href = to;
    document.body.append(link);
    link.click();
  }, href);
}

/** `quiet` resolves once no call is open and none has begun for a while. The live stream never ends and is none. */
function watchCalls(page: Page): { quiet: () => Promise<void> } {
  const open = new Set<Request>();
  let changedAt = performance.now();
  const counts = (request: Request) => /\/v1\/(?!live)/.test(request.url());
  page.on('request', (request) => {
    if (!counts(request)) return;
    open.add(request);
    changedAt = performance.now();
  });
  const done = (request: Request) => {
    if (open.delete(request)) changedAt = performance.now();
  };
  page.on('requestfinished', done);
  page.on('requestfailed', done);
  return {
    async quiet() {
      changedAt = performance.now();
      while (open.size > 0 || performance.now() - changedAt < QUIET_MS) await page.waitForTimeout(50);
    },
  };
}

function figureOf(name: string, times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const figure = { name, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, slowestMs: sorted.at(-1) ?? 0 };
  console.log(`${name}: ${figure.medianMs.toFixed(0)} ms, the slowest ${figure.slowestMs.toFixed(0)} ms`);
  return figure;
}

function report(size: UsageSize, pages: readonly Times[], interactions: readonly Times[]): string[] {
  const rows = (figures: readonly Times[], max: number) =>
    figures.map((f) =>
      f.slowestMs === 0
        ? `| ${f.name} | none asked for: the page has it | – |`
        : `| ${f.name} | ${f.medianMs.toFixed(0)}${f.medianMs > max ? ', above it' : ''} | ${f.slowestMs.toFixed(0)} |`,
    );
  return [
    `${size.events} events of ${size.customers} customers in 31 days, each billed. Chromium, headless, on the cores of the server.`,
    '',
    `Largest contentful paint of a page that is opened with an empty cache, ${LOADS} loads; wanted are ${LCP_MS_MAX} ms at most:`,
    '',
    '| page | median ms | slowest ms |',
    '|---|---|---|',
    ...rows(pages, LCP_MS_MAX),
    '',
    `Data of an interaction, from the click to the end of the last answer, ${LOADS} times with other values; wanted are ${DATA_MS_MAX} ms at most:`,
    '',
    '| interaction | median ms | slowest ms |',
    '|---|---|---|',
    ...rows(interactions, DATA_MS_MAX),
  ];
}
