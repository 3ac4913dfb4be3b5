/** From a file to a final invoice and back, through the running program, which is killed on the way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Static } from 'typebox';
import { addDecimals, subtractDecimals } from '../../core/decimal.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type { InvoiceSummary, TracedHours, TracedRecords } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Source } from '../../schemas/http/usage.ts';
import type { Moment } from '../../platform/moments.ts';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const KILL_AT_MOMENT = fileURLToPath(new URL('../faults/suite/kill-at-moment.ts', import.meta.url));

let tallyline: Tallyline;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;

beforeAll(async () => {
  directory = await makeDataDirectory();
  await start();
});
afterAll(async () => {
  await tallyline?.stop();
  await directory?.remove();
});

const killFile = () => join(directory.path, '..', 'kill');
async function start(): Promise<void> {
  const env = { NODE_OPTIONS: `--import ${KILL_AT_MOMENT}`, TALLYLINE_KILL_FILE: killFile() };
  tallyline = await startTallyline({ dataDirectory: directory.path, env });
}

/** Does what is cut off by the death of the program at that moment, and starts it again. */
async function killedAt(moment: Moment, work: () => Promise<unknown>): Promise<void> {
  writeFileSync(killFile(), `${moment}:1`);
  const outcome = work().then(
    () => 'answered',
    () => 'cut off',
  );
  await tallyline.ended;
  rmSync(killFile(), { force: true });
  await outcome;
  await start();
}

const send = <Body>(method: 'POST' | 'PUT', path: string, body: object = {}) =>
  tallyline.json<Body>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const customer = (n: number) => `customer-${String(n).padStart(2, '0')}`;
const file = (month: string) =>
  `id,customer,time,meter,quantity\n${Array.from({ length: 60 }, (_, n) => `${month}-${n},${customer(n % 30)},${month}-05T0${n % 10}:00:00Z,calls,${n}\n`).join('')}`;
const invoices = async (query: string) => (await tallyline.json<{ items: InvoiceSummary[] }>(`/v1/invoices?limit=1000&${query}`)).items;
const runOf = async (period: string) => {
  const { id } = await send<BillingRun>('POST', '/v1/billing-runs', { period });
  return () =>
    eventually(`run ${id} is done`, async () => {
      const run = await tallyline.json<BillingRun>(`/v1/billing-runs/${id}`);
      return run.state === 'done' && run;
    });
};

test('a run that is killed goes on after the start, and each customer has one draft', async () => {
  await send('PUT', '/v1/plans/basic', {
    name: 'Basic',
    currency: 'USD',
    prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '0.5' }],
  });
  for (let n = 0; n < 30; n++) await send('PUT', `/v1/customers/${customer(n)}`, { plan: 'basic', currency: 'USD' });
  await importFile(tallyline, file('2026-01'));
  let done: (() => Promise<BillingRun>) | undefined;
  await killedAt('drafted', async () => (done = await runOf('2026-01')));
  const [run] = (await tallyline.json<{ items: BillingRun[] }>('/v1/billing-runs')).items;
  done ??= () =>
    eventually('the run is done', async () => {
      const found = await tallyline.json<BillingRun>(`/v1/billing-runs/${run?.id}`);
      return found.state === 'done' && found;
    });
  expect(await done()).toMatchObject({ progress: { total: 30, done: 30, drafts: 30 } });
  const drafts = await invoices('period=2026-01&status=draft');
  expect(drafts.map((draft) => draft.customer).sort()).toEqual(Array.from({ length: 30 }, (_, n) => customer(n)));
  expect(drafts.find((draft) => draft.customer === customer(7))?.total).toBe('22.00');
});

test('an invoice whose finalizing is killed is a draft, and its number is the next one’s', async () => {
  const [first, second] = await invoices('period=2026-01');
  await killedAt('numbered', () => send('POST', `/v1/invoices/${first?.id}/finalize`));
  expect(await invoices('status=final')).toEqual([]);
  const finals = await eventually('both are final', async () => {
    // Rollups take a moment to be level with records again after a start.
    const answers = await Promise.all(
      [second, first].map((one) => tallyline.fetch(`/v1/invoices/${one?.id}/finalize`, { method: 'POST' })),
    );
    return answers.every(({ ok }) => ok) && (await Promise.all(answers.map(async (answer) => (await answer.json()) as Invoice)));
  });
  expect(finals.map(({ number }) => Number(number?.split('-').at(-1))).sort()).toEqual([1, 2]);
});

test('the undo of its file is refused, says by how much it would change, and with adjust=true the next invoice makes up for it', async () => {
  const [final] = await invoices('status=final');
  const [{ id = '' } = {}] = (await tallyline.json<{ items: Import[] }>('/v1/imports')).items;
  const refused = await tallyline.fetch(`/v1/imports/${id}/undo`, { method: 'POST' });
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'import_invoiced' }]);
  const effect = await tallyline.json<Effect>(`/v1/imports/${id}/effect?of=undo`);
  expect(effect.invoices.find((invoice) => invoice.id === final?.id)).toMatchObject({ status: 'final', change: `-${final?.total}` });
  await tallyline.json(`/v1/imports/${id}/undo?adjust=true`, { method: 'POST' });
  await eventually('it is undone', async () => (await tallyline.json<Import>(`/v1/imports/${id}`)).status === 'undone');
  await importFile(tallyline, file('2026-02'));
  await (
    await runOf('2026-02')
  )();
  const [next] = await invoices(`period=2026-02&customer=${final?.customer}`);
  const draft = await tallyline.json<Invoice>(`/v1/invoices/${next?.id}`);
  expect(draft).toMatchObject({ total: '0.00', subtotal: final?.total, adjustments: [{ amount: `-${final?.total}` }] });
});

test('both invoices then open to the lines of the undone file: the final one as it was, the next one below 0', async () => {
  const [final] = await invoices('status=final');
  const [next] = await invoices(`period=2026-02&customer=${final?.customer}`);
  const open = async (url: string) => {
    const { items: hours } = await tallyline.json<Static<typeof TracedHours>>(`${url}/hours`);
    const pages = hours.map(({ start }) => tallyline.json<TracedRecords>(`${url}/hours/${start}/records`));
    return (await Promise.all(pages)).flatMap(({ items, hour }) => {
      expect(items.map(({ contribution }) => contribution).reduce(addDecimals, '0')).toBe(hour.quantity);
      return items;
    });
  };
  const billed = await open(`/v1/invoices/${final?.id}/lines/1`);
  const adjusted = await open(`/v1/invoices/${next?.id}/adjustments/1`);
  expect(billed.length).toBeGreaterThan(0);
  expect(billed.every(({ since }) => since?.kind === 'undone')).toBe(true);
  expect(adjusted.map(({ key, contribution }) => [key, contribution])).toEqual(
    billed.map(({ key, contribution }) => [key, subtractDecimals('0', contribution)]),
  );
  const { raw, importId } = await tallyline.json<Source>(`/v1/records/${adjusted[0]?.key}/source`);
  expect([importId, raw]).toEqual([billed[0]?.importId, expect.stringContaining(String(final?.customer))]);
});
