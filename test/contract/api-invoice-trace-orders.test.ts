/** Uploads, undos, decisions and invoices in random orders: every invoice that became final opens to what it was made of, for ever. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import type { Explanation } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { openTestBilling, type TestBilling } from '../support/billing.ts';
import { resolve } from '../support/conflicts.ts';
import { asItStood, expectAdjustmentsTraced, expectTraced } from '../support/invoice-trace.ts';
import { seededRandom } from '../support/random.ts';
import { TESTER } from '../support/tester.ts';
import { makeImports } from '../support/undo.ts';

const METERS = ['requests', 'peak', 'users'];
const AGGREGATIONS = { requests: 'sum', peak: 'max', users: 'unique' } as const;
const EVENTS = 9;
const STEPS = 16;
const MONTHS = ['2026-10', '2026-11', '2026-12', '2027-01'];

let billing: TestBilling;
/** Of all seeds: imports have one number, and each line one report. */
const made = { imports: 0, lines: 0 };

beforeAll(async () => {
  billing = await openTestBilling();
  billing.time.now = '2027-06-01T00:00:00Z';
  for (const [meter, aggregation] of Object.entries(AGGREGATIONS))
    await billing.ok('PUT', `/v1/meters/${meter}`, { aggregation, ...(aggregation === 'unique' ? { property: 'user' } : {}) });
});
afterAll(() => billing?.close());

/** The event of this number, in one of three versions: other quantity, value and hour. */
function report(customer: string, event: number, version: number) {
  const at = (event * 2 + version) % 5;
  return {
    customer,
    id: `${customer}-${event}`,
    meter: METERS[event % METERS.length] ?? '',
    time: `2026-10-0${1 + (at % 2)}T1${at}:00:00Z`,
    quantity: `${((event * 7 + version * 5) % 13) - 2}.25`,
    properties: JSON.stringify({ user: `u${(event + version) % 4}` }),
    line: ++made.lines,
  };
}

async function upload(random: () => number, customer: string): Promise<string> {
  const importId = String(++made.imports);
  await makeImports(billing.pipeline, [importId]);
  const reports = Array.from({ length: 5 }, () => {
    // Half of them in the first version, so that there are duplicates and conflicts.
    return report(customer, Math.floor(random() * EVENTS), random() < 0.5 ? 0 : Math.floor(random() * 3));
  });
  await billing.use(reports, importId);
  return importId;
}

async function undo(importId: string): Promise<void> {
  await requestUndo(billing.platform, importId, TESTER, { adjust: true });
  await sendUndos(billing.platform);
  await billing.pipeline.drain();
}

async function decide(random: () => number, customer: string): Promise<void> {
  const found = await billing.pipeline.query<{ import: string; line: string }>(
    'SELECT import_id::text AS import, line::text AS line FROM conflicts WHERE customer = $1 AND keep IS NULL ORDER BY conflict_id',
    [customer],
  );
  const chosen = found[Math.floor(random() * found.length)];
  if (chosen === undefined) return;
  await resolve(billing.pipeline, chosen.import, Number(chosen.line), 'this');
  await billing.pipeline.drain();
}

/** All that the trace of an invoice says, but for what has become of its records. */
async function openWhole(id: string): Promise<unknown> {
  const invoice = await billing.ok<Invoice & { id: string }>('GET', `/v1/invoices/${id}`);
  const explained = [];
  for (const { n } of invoice.lines) {
    const { since: _since, ...frozen } = await billing.ok<Explanation>('GET', `/v1/invoices/${id}/lines/${n}/explanation`);
    explained.push(frozen);
  }
  return asItStood([await expectTraced(billing, invoice), await expectAdjustmentsTraced(billing, invoice), explained]);
}

it.each([1, 2, 3])('in the order of seed %i', async (seed) => {
  const random = seededRandom(seed);
  const customer = `orders-${seed}`;
  await billing.setUp(customer, { plan: { prices: METERS.map((meter) => ({ meter, model: 'per_unit', unitPrice: '0.335' })) } });
  const standing = [await upload(random, customer), await upload(random, customer)];
  const months = [...MONTHS];
  const opened = new Map<string, unknown>();
  const bill = async () => {
    const month = months.shift();
    if (month === undefined) return;
    await billing.run(month, [customer]);
    const { items } = await billing.ok<{ items: { id: string }[] }>('GET', `/v1/invoices?customer=${customer}&period=${month}`);
    for (const { id } of items) {
      await billing.ok('POST', `/v1/invoices/${id}/finalize`, {});
      opened.set(id, await openWhole(id));
    }
  };
  await bill();
  for (let step = 0; step < STEPS; step++) {
    const choice = random();
    const [undone] = choice < 0.25 ? standing.splice(Math.floor(random() * standing.length), 1) : [];
    if (undone !== undefined) await undo(undone);
    else if (choice < 0.55) standing.push(await upload(random, customer));
    else if (choice < 0.85) await decide(random, customer);
    else await bill();
  }
  await bill();
  expect(opened.size).toBeGreaterThan(1);
  for (const [id, before] of opened) expect([seed, id, await openWhole(id)]).toEqual([seed, id, before]);
});
