/** Somebody who bills while files come and go: runs, final invoices, voids and credit notes. What was answered is remembered. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { BillingRun } from '../../../schemas/http/billing-runs.ts';
import type { Problem } from '../../../schemas/http/common.ts';
import type { Invoice, InvoiceLine } from '../../../schemas/http/invoices.ts';
import type { BillingOperation } from './billing-schedule.ts';
import type { Client } from './client.ts';

/** What the answer to a finalize said, by invoice id. */
export type FinalReplies = Map<string, Invoice>;

/** Between looks at a run, and between tries of what has to wait for usage to settle. */
const LOOK_MS = 100;
/** While files come all the time, an invoice is given up; at the end of a seed it is not. */
const FINALIZE_MS = 2_500;
/** Usage is not settled: to be asked again. */
const WAITING = ['behind', 'import_running', 'reconciliation_red'];

export async function workBilling(operations: readonly BillingOperation[], client: Client, replies: FinalReplies): Promise<void> {
  for (const operation of operations) {
    await pause(operation.afterMs);
    if (operation.kind === 'bill') await bill(client, replies, { ...operation, isPatient: false });
    else {
      const invoice = [...replies.values()][operation.pick % Math.max(1, replies.size)];
      if (invoice === undefined) continue;
      const [path, body] = operation.kind === 'void' ? ['void', { reason: 'a fault' }] : ['credit-notes', creditOf(invoice, operation.how)];
      // Refused: void by now, nothing left to be credited, or its credit used by a later invoice.
      await post(client, `/v1/invoices/${invoice.id}/${path}`, body, {
        refusals: [409, 422],
        headers: { 'idempotency-key': randomUUID() },
      });
    }
  }
}

/** A run of the month, and all of its drafts made final. */
export async function bill(
  client: Client,
  replies: FinalReplies,
  { month, customers, isPatient }: { month: string; customers: readonly string[]; isPatient: boolean },
): Promise<void> {
  await runMonth(client, month, customers);
  const { items } = await client.json<{ items: { id: string; customer: string }[] }>(
    `/v1/invoices?period=${month}&status=draft&limit=1000`,
  );
  const drafts = items.filter(({ customer }) => customers.includes(customer));
  await Promise.all(
    drafts.map(async ({ id }) => {
      const final = await finalize(client, id, isPatient);
      if (final !== undefined) replies.set(id, final);
    }),
  );
}

/** The run, when it is done. */
export async function runMonth(client: Client, period: string, customers: readonly string[]): Promise<BillingRun> {
  let run = await post<BillingRun>(client, '/v1/billing-runs', { period, customers });
  while (run.state !== 'done') {
    if (run.state === 'failed') throw new Error(`billing run ${run.id} failed: ${run.failure?.message}`);
    await pause(LOOK_MS);
    run = await client.json<BillingRun>(`/v1/billing-runs/${run.id}`);
  }
  return run;
}

/** Undefined: it is no draft any more, nothing to bill is left of it, or its usage does not settle. */
async function finalize(client: Client, id: string, isPatient: boolean): Promise<Invoice | undefined> {
  const until = performance.now() + FINALIZE_MS;
  for (;;) {
    const answer = await post<Invoice | Problem>(client, `/v1/invoices/${id}/finalize`, {}, { refusals: [404, 409] });
    if (!('code' in answer)) return answer;
    if (!WAITING.includes(answer.code) || (!isPatient && performance.now() > until)) return undefined;
    await pause(LOOK_MS);
  }
}

function creditOf({ lines }: Invoice, how: 'all' | 'a unit' | 'goodwill'): object {
  if (how === 'all') return { reason: 'a fault', full: true };
  const n = lines.find(isWorthSomething)?.n ?? 1;
  return { reason: 'a fault', lines: [{ n, amount: '0.01', ...(how === 'a unit' ? { quantity: '1' } : {}) }] };
}

function isWorthSomething({ amount, quantity }: InvoiceLine): boolean {
  return /^[^-]*[1-9]/.test(amount) && !quantity.startsWith('-');
}

function post<T>(
  client: Client,
  path: string,
  body: object,
  { refusals = [], headers = {} }: { refusals?: readonly number[]; headers?: Record<string, string> } = {},
): Promise<T> {
  const call = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
  return client.json<T>(path, call, { refusals });
}
