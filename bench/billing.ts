/**
 * A month billed for all customers, through the running program: a plan of three price models, with discount, minimum and tax. The usage is
 * imported as a file, so that parts, projection, positions and watermarks are those of real use; then the program is started anew, so
 * that its memory is the run's. Beside it, the same buckets read from ClickHouse alone.
 */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { BillingRun } from '../schemas/http/billing-runs.ts';
import type { Import } from '../schemas/http/imports.ts';
import type { InvoiceSummary } from '../schemas/http/invoice-life.ts';
import type { Invoice } from '../schemas/http/invoices.ts';
import type { PlanDefinition } from '../schemas/http/plans.ts';
import { importPath } from '../test/support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../test/support/tallyline.ts';
import { BILLED_MONTH, billedUsageCsv, customerName, hourLinesOf, HOURS, type UsageSize } from './billing-usage.ts';
import { bucketFloor } from './bucket-floor.ts';
import { cpuSeconds, forgetPeak, peakMegabytes, residentMegabytes } from './process-usage.ts';

const PLAN: PlanDefinition = {
  name: 'Bench',
  currency: 'EUR',
  prices: [
    {
      meter: 'api_calls',
      model: 'graduated',
      tiers: [
        { upTo: '1000000', unitPrice: '0.0005' },
        { upTo: '5000000', unitPrice: '0.0004', flatFee: '5' },
        { upTo: null, unitPrice: '0.00035' },
      ],
    },
    { meter: 'gigabyte_hours', model: 'per_unit', unitPrice: '0.000123456789', included: '1000' },
    { meter: 'messages', model: 'package', size: '1000', unitPrice: '0.35' },
    { model: 'flat', amount: '49' },
  ],
  minimum: '100',
  discounts: [{ percent: '5' }],
};
const READS = 20;
/** Often enough for tenths of a second, and seldom enough to cost nothing. */
const LOOK_MS = 100;

interface RunFigure {
  case: string;
  customers: number;
  hourLines: number;
  seconds: number;
  cpuSeconds: number;
  residentMegabytes: number;
  peakMegabytes: number;
}

interface ReadFigure {
  case: string;
  medianMs: number;
  slowestMs: number;
}

/** The section of docs/benchmarks.md. */
export async function benchBilling(size: UsageSize): Promise<string[]> {
  if (size.events < hourLinesOf(size))
    throw new Error(`${size.customers} customers have ${hourLinesOf(size)} hour lines: give more events`);
  const directory = await makeDataDirectory('tallyline-bench-billing-');
  const start = () => startTallyline({ dataDirectory: directory.path, env: { TALLYLINE_LOG_LEVEL: 'warn' } });
  try {
    const importer = await start();
    await importUsage(importer, size);
    await setUp(importer, size);
    await importer.stop();
    const before = await bucketFloor(directory.path, size.customers);
    const tallyline = await start();
    const names = Array.from({ length: size.customers }, (_, n) => customerName(n));
    const runs = [
      await measureRun(tallyline, 'a tenth of the customers', names.slice(0, Math.ceil(size.customers / 10))),
      await measureRun(tallyline, 'all customers', names),
      await measureRun(tallyline, 'all customers again, drafts replaced', names),
    ];
    const reads = await measureReads(tallyline, names);
    await tallyline.stop();
    const after = await bucketFloor(directory.path, size.customers);
    console.log(`floor: hours read from ClickHouse alone: ${Math.round(before)} a second before, ${Math.round(after)} after`);
    return tables(size, (before + after) / 2, runs, reads);
  } finally {
    await directory.remove();
  }
}

async function importUsage(tallyline: Tallyline, size: UsageSize): Promise<void> {
  const beganAt = performance.now();
  const mapping = {
    id: 'id',
    customer: 'customer_id',
    time: 'timestamp',
    measures: [{ meter: { column: 'event_name' }, quantity: 'quantity' }],
  };
  // Not waited for: a client gives up an answer that takes minutes.
  let file = await tallyline.json<Import>(importPath({ name: 'month.csv', mapping, wait: false }), {
    method: 'POST',
    body: Readable.toWeb(billedUsageCsv(size)) as ReadableStream<Uint8Array<ArrayBuffer>>,
    duplex: 'half',
    headers: { 'content-type': 'text/csv' },
  });
  while (file.status !== 'complete' && file.status !== 'failed') {
    await delay(LOOK_MS);
    file = await tallyline.json<Import>(`/v1/imports/${file.id}`);
  }
  if (file.events.accepted !== size.events) throw new Error(JSON.stringify(file));
  console.log(`${size.events} events imported in ${((performance.now() - beganAt) / 1000).toFixed(1)} s`);
}

async function setUp(tallyline: Tallyline, { customers }: UsageSize): Promise<void> {
  await send(tallyline, 'PUT', '/v1/plans/bench', PLAN);
  const customer = { plan: 'bench', currency: PLAN.currency, timeZone: 'UTC', taxRate: '19' };
  for (let n = 0; n < customers; n++) await send(tallyline, 'PUT', `/v1/customers/${customerName(n)}`, customer);
}

function send<Body>(tallyline: Tallyline, method: 'POST' | 'PUT', path: string, body: object): Promise<Body> {
  return tallyline.json<Body>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function measureRun(tallyline: Tallyline, name: string, customers: readonly string[]): Promise<RunFigure> {
  const { pid } = tallyline;
  await forgetPeak(pid);
  const [resident, cpuBefore] = [await residentMegabytes(pid), await cpuSeconds(pid)];
  const beganAt = performance.now();
  let run = await send<BillingRun>(tallyline, 'POST', '/v1/billing-runs', { period: BILLED_MONTH, customers });
  while (run.state !== 'done') {
    if (run.state === 'failed') throw new Error(`${name}: ${run.failure?.message}`);
    await delay(LOOK_MS);
    run = await tallyline.json<BillingRun>(`/v1/billing-runs/${run.id}`);
  }
  const seconds = (performance.now() - beganAt) / 1000;
  if (run.progress.drafts !== customers.length) throw new Error(`${name}: ${JSON.stringify(run)}`);
  const figure = {
    case: name,
    customers: customers.length,
    hourLines: hourLinesOf({ customers: customers.length }),
    seconds,
    cpuSeconds: (await cpuSeconds(pid)) - cpuBefore,
    residentMegabytes: resident,
    peakMegabytes: await peakMegabytes(pid),
  };
  console.log(
    `${name}: ${figure.hourLines} hour lines in ${seconds.toFixed(1)} s, ${figure.cpuSeconds.toFixed(1)} s CPU, ${resident} → ${figure.peakMegabytes} MB`,
  );
  return figure;
}

/** Different customers, so that no read finds what the one before it has left in a cache of ours. */
async function measureReads(tallyline: Tallyline, names: readonly string[]): Promise<ReadFigure[]> {
  const drafts = await invoiceIds(tallyline, names.slice(0, READS));
  await requireAllHours(tallyline, drafts[0] ?? '');
  const figures = [
    await measureRead(tallyline, 'draft: the invoice, its lines', drafts, (id) => `/v1/invoices/${id}?hours=false`),
    await measureRead(tallyline, 'draft: the days of line 1', drafts, (id) => `/v1/invoices/${id}/lines/1/days`),
    await measureRead(tallyline, 'draft: the invoice with all its hours', drafts, (id) => `/v1/invoices/${id}`),
  ];
  for (const id of drafts) await send(tallyline, 'POST', `/v1/invoices/${id}/finalize`, {});
  return [
    ...figures,
    await measureRead(tallyline, 'final: the invoice, its lines', drafts, (id) => `/v1/invoices/${id}?hours=false`),
    await measureRead(tallyline, 'final: the days of line 1', drafts, (id) => `/v1/invoices/${id}/lines/1/days`),
  ];
}

function invoiceIds(tallyline: Tallyline, customers: readonly string[]): Promise<string[]> {
  return Promise.all(
    customers.map(async (customer) => {
      const path = `/v1/invoices?customer=${encodeURIComponent(customer)}&period=${BILLED_MONTH}`;
      const [invoice] = (await tallyline.json<{ items: InvoiceSummary[] }>(path)).items;
      if (invoice === undefined) throw new Error(`no invoice of ${customer}`);
      return invoice.id;
    }),
  );
}

/** What was billed is what was meant to be: every hour of every meter. */
async function requireAllHours(tallyline: Tallyline, id: string): Promise<void> {
  const { lines } = await tallyline.json<Invoice>(`/v1/invoices/${id}`);
  const usage = lines.filter(({ kind }) => kind === 'usage');
  const hours = usage.map((line) => line.hours.length);
  if (hours.length !== 3 || hours.some((count) => count !== HOURS)) throw new Error(`hours by line: ${hours.join(', ')}`);
}

async function measureRead(
  tallyline: Tallyline,
  name: string,
  ids: readonly string[],
  pathOf: (id: string) => string,
): Promise<ReadFigure> {
  const times: number[] = [];
  for (const id of ids) {
    const beganAt = performance.now();
    await tallyline.json(pathOf(id));
    times.push(performance.now() - beganAt);
  }
  times.sort((a, b) => a - b);
  const figure = { case: name, medianMs: times[Math.floor(times.length / 2)] ?? 0, slowestMs: times.at(-1) ?? 0 };
  console.log(`${name}: ${figure.medianMs.toFixed(0)} ms, the slowest ${figure.slowestMs.toFixed(0)} ms`);
  return figure;
}

function tables(size: UsageSize, floor: number, runs: readonly RunFigure[], reads: readonly ReadFigure[]): string[] {
  return [
    `A billing run of ${size.customers} customers, ${size.events} events and 31 days, each hour of each of three meters with events; tiers, packages, included`,
    'units, a fee, a minimum, a discount and tax. From the request until the last draft is committed; wanted are 20 s at most on 2 cores, in memory that',
    `does not grow with the customers. The floor reads the same hours from ClickHouse, before the runs and after them, and does nothing with them: ${Math.round(floor)} hour lines/s.`,
    '',
    '| case | customers | hour lines | seconds | hour lines/s | CPU seconds, all processes | MB of the Node process before | its peak MB | ratio to reading alone |',
    '|---|---|---|---|---|---|---|---|---|',
    ...runs.map((f) => {
      const rate = f.hourLines / f.seconds;
      return `| ${f.case} | ${f.customers} | ${f.hourLines} | ${f.seconds.toFixed(1)} | ${Math.round(rate)} | ${f.cpuSeconds.toFixed(1)} | ${f.residentMegabytes} | ${f.peakMegabytes} | ${(rate / floor).toFixed(2)} |`;
    }),
    '',
    `What a page of one customer asks for, ${READS} customers one after the other; wanted are 150 ms at most:`,
    '',
    '| data | median ms | slowest ms |',
    '|---|---|---|',
    ...reads.map((f) => `| ${f.case} | ${f.medianMs.toFixed(0)} | ${f.slowestMs.toFixed(0)} |`),
  ];
}
