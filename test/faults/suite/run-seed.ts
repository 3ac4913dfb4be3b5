/** One seed, from an empty installation to the verdict. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Import } from '../../../schemas/http/imports.ts';
import type { Invoice } from '../../../schemas/http/invoices.ts';
import type { Pipeline } from '../../../schemas/http/operations.ts';
import type { Reconciliation } from '../../../schemas/http/reconciliation.ts';
import { workBilling, type FinalReplies } from './billing-lane.ts';
import { checkBilling } from './billing-oracle.ts';
import { createClient, type Client } from './client.ts';
import { checkCounts, checkStores, Findings, type FinishedUpload, type Report } from './oracle.ts';
import { customerBody, exactPrice, planBodies } from './prices.ts';
import { planSeed, type Operation, type Schedule } from './schedule.ts';
import { workEvents, workStreams, type SentStream } from './stream-lane.ts';
import { checkOneImportEach, finishedStream, reportEvents, untilEventsSettle } from './stream-oracle.ts';
import type { System } from './system.ts';
import { CUSTOMERS, METERS, MONTHS, scaledText, type ReportedEvent } from './workload.ts';

/** Some thirty times what a seed takes: what is not through by then hangs. */
const SEED_MS_MAX = 300_000;
/** Between looks at whether everything has settled. */
const LOOK_MS = 100;
const HALF_A_CENT = 5n * 10n ** 19n;

export interface SeedOutcome {
  findings: string[];
  /** Faults met and what was billed, in words. */
  report: string;
}

export async function runSeed(seed: number, start: () => Promise<System>): Promise<SeedOutcome> {
  const system = await start();
  const findings = new Findings();
  let billed = 'nothing was billed';
  const signal = AbortSignal.timeout(SEED_MS_MAX);
  try {
    const schedule = planSeed(seed, system.kinds);
    const client = createClient(system, signal);
    await priceEverything(client);
    const replies: FinalReplies = new Map();
    const [done] = await Promise.all([workAll(schedule, { client, system, signal, replies }), meetFaults(schedule, system)]);
    await system.heal();
    const finished = await settle(findings, client, system, done);
    for (const upload of finished) checkCounts(findings, upload);
    await checkOneImportEach(findings, system, done.streams);
    await checkAnswers(findings, client, system);
    billed = await checkBilling(findings, client, system, replies);
    const reports: Report[] = finished.map(({ file, undone, view }) => ({ events: file.events, undone, accepted: view.events.accepted }));
    reports.push(await reportEvents(client, findings, done.events));
    const resolved = schedule.lanes.flat().some(({ kind }) => kind === 'resolve');
    await checkStores(findings, system, reports, { resolved });
  } catch (error) {
    findings.lines.push(`it broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  if (findings.lines.length > 0) findings.lines.push(`what the processes printed:\n${system.output()}`);
  await system.close();
  return { findings: findings.lines, report: `${system.report()}; ${billed}` };
}

interface Upload {
  id: string;
  file: Schedule['files'][number];
  undone: boolean;
}

async function priceEverything(client: Client): Promise<void> {
  const put = (path: string, body: unknown) =>
    client.json(path, { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  for (const [id, body] of planBodies()) await put(`/v1/plans/${id}`, body);
  for (const customer of CUSTOMERS) await put(`/v1/customers/${encodeURIComponent(customer)}`, customerBody(customer));
}

interface Done {
  uploads: Upload[];
  streams: SentStream[];
  /** Acknowledged by `/v1/events`. */
  events: ReportedEvent[];
}

interface Work {
  client: Client;
  system: System;
  signal: AbortSignal;
  replies: FinalReplies;
}

/** Files, streams, events and bills side by side; then bills alone, and an import is undone that they may use. */
async function workAll(schedule: Schedule, { client, system, signal, replies }: Work): Promise<Done> {
  const [uploads, streams, events] = await Promise.all([
    work(schedule, client),
    workStreams(schedule.streams, { client, system, signal }),
    workEvents(schedule.events, client),
    workBilling(schedule.billing, client, replies),
  ]);
  await workBilling(schedule.late, client, replies);
  const imports = [...uploads, ...streams];
  const late = imports[schedule.lateUndo % imports.length];
  if (late !== undefined && !late.undone) {
    await client.undo(late.id);
    late.undone = true;
  }
  return { uploads, streams, events };
}

async function work({ lanes, files, seed }: Schedule, client: Client): Promise<Upload[]> {
  const uploads: Upload[] = [];
  await Promise.all(
    lanes.map(async (lane, l) => {
      const own: Upload[] = [];
      for (const [n, operation] of lane.entries()) await operate(operation, `${seed}-${l}-${n}`, own);
      uploads.push(...own);
    }),
  );
  return uploads;

  async function operate(operation: Operation, key: string, own: Upload[]): Promise<void> {
    await pause(operation.afterMs);
    if (operation.kind === 'upload') {
      const file = files[operation.file] as Upload['file'];
      own.push({ id: await client.upload(file, key), file, undone: false });
    } else if (operation.kind === 'undo') {
      const upload = own.at(-1) as Upload;
      if (operation.when === 'complete') await client.ended(upload.id);
      await client.undo(upload.id);
      upload.undone = true;
    } else if (operation.kind === 'rebuild') {
      await client.json('/v1/clickhouse/rebuild', { method: 'POST' });
    } else await resolveOne(client, operation.keep);
  }
}

/** The newest conflict there is by then, if any. It may be gone again when the answer arrives, with an import that is undone. */
async function resolveOne(client: Client, keep: 'first' | 'this'): Promise<void> {
  const { items } = await client.json<{ items: { id: string }[] }>('/v1/conflicts?status=open&limit=1');
  if (!items[0]) return;
  const body = JSON.stringify({ keep });
  const call = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  await client.json(`/v1/conflicts/${items[0].id}/resolve`, call, { refusals: [404, 409] });
}

async function meetFaults({ faults }: Schedule, system: System): Promise<void> {
  for (const fault of faults) {
    await pause(fault.afterMs);
    await system.meet(fault);
  }
}

/** Every import has ended, the log is read to its end, no rebuild is at work, and everything has been compared. */
async function settle(findings: Findings, client: Client, system: System, { uploads, streams }: Done): Promise<FinishedUpload[]> {
  for (const { id } of [...uploads, ...streams]) await client.ended(id);
  await untilEventsSettle(system);
  for (;;) {
    const { partitions, rebuild } = await client.json<Pipeline>('/v1/pipeline');
    const behind = partitions.some(({ lag }) => lag.records > 0 || lag.rollups > 0);
    if (!behind && (rebuild === null || rebuild.state === 'done')) break;
    await pause(LOOK_MS);
  }
  // Read last: an undo of a later import changes the counts of an earlier one.
  const finished: FinishedUpload[] = [];
  for (const { id, file, undone } of uploads) finished.push({ file, undone, view: await counted(client, id) });
  for (const stream of streams) finished.push(finishedStream(findings, stream, await counted(client, stream.id)));
  return finished;
}

async function counted(client: Client, id: string): Promise<Import> {
  for (;;) {
    const view = await client.ended(id);
    if (view.status !== 'complete' || view.rows.new !== undefined) return view;
    await pause(LOOK_MS);
  }
}

/** What people are shown: the comparison is green, and usage and invoices say what Postgres holds. */
async function checkAnswers(findings: Findings, client: Client, system: System): Promise<void> {
  await client.json('/v1/reconciliation/run', { method: 'POST' });
  let reconciliation = await client.json<Reconciliation>('/v1/reconciliation');
  while (reconciliation.state === 'checking') {
    await pause(LOOK_MS);
    reconciliation = await client.json<Reconciliation>('/v1/reconciliation');
  }
  findings.check('reconciliation', { state: reconciliation.state, cells: reconciliation.cells }, { state: 'green', cells: [] });
  const sums = await system.postgres<{ customer: string; meter: string; month: string; quantity: string }>(
    `SELECT customer, meter, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM') AS month, sum(quantity)::text AS quantity FROM usage_records GROUP BY 1, 2, 3`,
  );
  for (const customer of CUSTOMERS) {
    for (const month of MONTHS) {
      const invoice = await preview(client, customer, month);
      for (const meter of METERS) {
        const sum = sums.find((row) => row.customer === customer && row.meter === meter && row.month === month);
        const line = invoice?.lines.find((candidate) => candidate.meter === meter);
        findings.check(`invoice of ${customer}, ${month}, ${meter}`, scaled(line?.quantity ?? '0'), scaled(sum?.quantity ?? '0'));
        if (line) checkHours(findings, customer, month, line);
      }
    }
  }
}

/** Undefined: the customer is not known, as nothing of it is billed. */
function preview(client: Client, customer: string, period: string): Promise<Invoice> {
  const body = JSON.stringify({ customer, period });
  return client.json<Invoice>('/v1/invoices/preview', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
}

function checkHours(findings: Findings, customer: string, month: string, line: Invoice['lines'][number]): void {
  const sum = (values: readonly string[]) => String(values.reduce((total, value) => total + BigInt(scaled(value)), 0n));
  const name = `hours of ${customer}, ${month}, ${line.meter}`;
  findings.check(`${name}: quantity`, sum(line.hours.map(({ quantity }) => quantity)), scaled(line.quantity));
  findings.check(`${name}: amount`, sum(line.hours.map(({ amount }) => amount)), scaled(line.amount));
  // Rounded once: within half a cent of quantity × price (units of 10^-22).
  const off = BigInt(scaled(line.amount)) * 10n ** 4n - exactPrice(customer, line.meter, BigInt(scaled(line.quantity)));
  findings.check(`${name}: quantity × price`, off >= -HALF_A_CENT && off <= HALF_A_CENT, true);
}

function scaled(quantity: string): string {
  return String(scaledText(quantity));
}
