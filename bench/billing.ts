/**
 * A month billed for all customers, through the running program: a plan of three price models, with discount, minimum and tax. The usage is
 * imported as a file, so that parts, projection, positions and watermarks are those of real use; then the program is started anew, so
 * that its memory is the run's. Beside it, the same buckets read from ClickHouse alone.
 */
import type { Invoice } from '../schemas/http/invoices.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { billMonth, importMonth, invoiceIds, send, setUpCustomers } from './billed-month.ts';
import { customerName, hourLinesOf, HOURS, type UsageSize } from './billing-usage.ts';
import { bucketFloor } from './bucket-floor.ts';
import { besideCase, figure, type BenchCase, type BenchResult } from './figure.ts';
import { startProgram } from './program.ts';
import { cpuSeconds, forgetPeak, peakMegabytes, residentMegabytes } from './process-usage.ts';

const READS = 20;

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

export const billing: BenchCase = { name: 'billing', title: 'Billing', run: benchBilling };

async function benchBilling(size: UsageSize): Promise<BenchResult> {
  if (size.events < hourLinesOf(size))
    throw new Error(`${size.customers} customers have ${hourLinesOf(size)} hour lines: give more events`);
  const directory = await makeDataDirectory('tallyline-bench-billing-');
  const start = () => startProgram(directory.path);
  try {
    const importer = await start();
    await importMonth(importer, size);
    await setUpCustomers(importer, size);
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
    const floor = (before + after) / 2;
    return { lines: tables(size, floor, runs, reads), figures: figuresOf(floor, runs, reads) };
  } finally {
    await directory.remove();
  }
}

async function measureRun(tallyline: Tallyline, name: string, customers: readonly string[]): Promise<RunFigure> {
  const { pid } = tallyline;
  await forgetPeak(pid);
  const [resident, cpuBefore] = [await residentMegabytes(pid), await cpuSeconds(pid)];
  const beganAt = performance.now();
  await billMonth(tallyline, customers);
  const seconds = (performance.now() - beganAt) / 1000;
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

function figuresOf(floor: number, runs: readonly RunFigure[], reads: readonly ReadFigure[]): BenchResult['figures'] {
  const floorCase = 'billing/floor: reading alone';
  const rates = runs.flatMap((run) => [
    figure(`billing/${run.case}`, 'hour_lines_per_second', run.hourLines / run.seconds, 'hour lines/s'),
    figure(`billing/${run.case}`, 'seconds', run.seconds, 's'),
    figure(`billing/${run.case}`, 'cpu_per_1000_hour_lines', (run.cpuSeconds / run.hourLines) * 1e6, 'ms'),
    figure(`billing/${run.case}`, 'peak_megabytes', run.peakMegabytes, 'MB'),
  ]);
  return [
    ...besideCase([...rates, figure(floorCase, 'hour_lines_per_second', floor, 'hour lines/s')], floorCase),
    ...reads.flatMap((read) => [
      figure(`billing/${read.case}`, 'p50', read.medianMs, 'ms'),
      figure(`billing/${read.case}`, 'slowest', read.slowestMs, 'ms'),
    ]),
  ];
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
