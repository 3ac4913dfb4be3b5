/** The life of an invoice of customers whose ids mean something to URLs, SQL, CSV, file names or the eye. Ids come back byte for byte. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDecimals, compareDecimals, formatFixed, multiplyDecimals, toScaled } from '../../core/decimal.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';
import type { Customer } from '../../schemas/http/customers.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type {
  Credits,
  Explanation,
  InvoiceSummary,
  Recomputed,
  TracedDays,
  TracedHours,
  TracedRecords,
} from '../../schemas/http/invoice-life.ts';
import type { CreditNote, Invoice } from '../../schemas/http/invoices.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import type { RecordList, Source, Usage } from '../../schemas/http/usage.ts';
import type { Type } from 'typebox';
import { eventually } from '../support/eventually.ts';
import { importFile } from '../support/imports.ts';
import { pdfLines, readPdf } from '../support/pdf-text.ts';
import { callRaw, type RawAnswer } from '../support/raw-http.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const HOSTILE: [name: string, id: string][] = [
  ['a slash', 'a/b'],
  ['the folder above', '..'],
  ['this folder', '.'],
  ['a way out', '../../etc/passwd'],
  ['an encoded slash', '%2F'],
  ['an encoded NUL and end of line', '%00%0d%0aSet-Cookie: a=b'],
  ['a query and a fragment', '?a=1&customer=other#top'],
  ['both quotes', `"double" 'single' \`back\``],
  ['an end of a statement', `'; DROP TABLE invoices; --`],
  ['a backslash at its end', '{a:1}\\'],
  ['marks of direction', '\u202Efdp.exe\u200F'],
  ['characters outside of the basic plane', '😀👩‍👩‍👧 𝒳'],
  ['an accent as a letter', 'é'],
  ['an accent beside its letter', 'e\u0301'],
  ['an end of line', 'line\nbreak'],
  ['a whole end of line', 'line\r\nbreak'],
  ['delimiters', 'a,b;c\td|e'],
  ['spaces around', ' spaced '],
  ['300 characters', 'x/"\u4e00'.repeat(75)],
  ['a formula', '=1+1'],
  ['a formula that calls', '@SUM(A1:A9)'],
  ['a tab and a formula', '\t=1+1'],
  ['a number below zero', '-1'],
  ['a name that objects have', '__proto__'],
];
const GUARDED = /^[=+\-@\t\r]/;
const [JANUARY, FEBRUARY] = ['2026-01', '2026-02'];

let tallyline: Tallyline;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let imported: Import;

/** The n-th uses n + 1.5 in January, in two hours, and 10 in February. */
const first = (n: number) => String(n + 1);
const quantityOf = (n: number) => addDecimals(first(n), '0.5');
const inCents = (decimal: string) => formatFixed(toScaled(decimal, 2), 2);
const quoted = (id: string) => `"${id.replaceAll('"', '""')}"`;
const rowsOf = ([, id]: [string, string], n: number) => [
  `r${n}-1,${quoted(id)},2026-01-05T03:10:00Z,calls,${first(n)}`,
  `r${n}-2,${quoted(id)},2026-01-05T04:20:00Z,calls,0.5`,
  `r${n}-3,${quoted(id)},2026-02-07T00:00:00Z,calls,10`,
];

beforeAll(async () => {
  directory = await makeDataDirectory();
  tallyline = await startTallyline({ dataDirectory: directory.path });
  const prices = [{ meter: 'calls', model: 'per_unit', unitPrice: '0.2' }];
  await ok('PUT', '/v1/plans/all', { name: 'All', currency: 'USD', prices });
  const file = ['id,customer,time,meter,quantity', ...HOSTILE.flatMap(rowsOf), ''].join('\n');
  imported = await importFile(tallyline, file, { name: `a"b/../${'é'}\\'.csv` });
});
afterAll(async () => {
  await tallyline?.stop();
  await directory?.remove();
});

async function raw(method: string, path: string, body?: object): Promise<RawAnswer> {
  const answer = await callRaw(tallyline, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.bytes.toString()}`);
  return answer;
}
const ok = async <Body>(method: string, path: string, body?: object): Promise<Body> =>
  JSON.parse((await raw(method, path, body)).bytes.toString()) as Body;
const get = <Body>(path: string) => ok<Body>('GET', path);

async function run(period: string, customer: string): Promise<BillingRun> {
  const { id } = await ok<BillingRun>('POST', '/v1/billing-runs', { period, customers: [customer] });
  return eventually(`run ${id} is done`, async () => {
    const found = await get<BillingRun>(`/v1/billing-runs/${id}`);
    return found.state === 'done' && found;
  });
}

/** Of every list that pages, one by one. */
async function pages<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Item[]; nextCursor: string | null } = await get(
      `${path}&limit=1${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

async function csvOf(path: string): Promise<Record<string, string>[]> {
  const { headers, bytes } = await raw('GET', path);
  expect(headers['content-disposition']).toMatch(/^attachment; filename="[A-Za-z0-9._-]+"$/);
  return parse(bytes, { columns: true });
}
const sumOf = (rows: readonly Record<string, string>[], column = 'amount') => rows.map((row) => row[column] ?? '').reduce(addDecimals, '0');

test('the file is taken in whole, and offered again under a name that no header is broken by', async () => {
  expect(imported).toMatchObject({ status: 'complete', rows: { read: HOSTILE.length * 3, new: HOSTILE.length * 3, rejected: 0 } });
  const { headers } = await raw('GET', `/v1/imports/${imported.id}/file`);
  expect(headers['content-disposition']).toBe(`attachment; filename="a_b_..___'.csv"; filename*=UTF-8''a%22b%2F..%2F%C3%A9%5C%27.csv`);
});

test('each is a customer of its own', async () => {
  const listed = await pages<Customer>('/v1/customers?');
  expect(listed.map(({ id }) => id).sort()).toEqual(HOSTILE.map(([, id]) => id).sort());
});

test('its effect names them all', async () => {
  const effect = await get<Effect>(`/v1/imports/${imported.id}/effect`);
  expect(effect.customers.map(({ id }) => id).sort()).toEqual(HOSTILE.map(([, id]) => id).sort());
});

describe.each(HOSTILE.map(([name, id], n) => ({ name, id, n })))('a customer whose id has $name', ({ id, n }) => {
  const path = encodeURIComponent(id);
  const guarded = GUARDED.test(id) ? `'${id}` : id;
  const quantity = quantityOf(n);
  /** 0.2 each, and 10 % tax of it. */
  const subtotal = inCents(multiplyDecimals(quantity, '0.2'));
  const total = inCents(multiplyDecimals(quantity, '0.22'));
  let january: Invoice & { id: string };
  let february: Invoice & { id: string };

  test('is set up, previewed and drafted', async () => {
    const terms = { plan: 'all', currency: 'USD', timeZone: 'Europe/Berlin', taxRate: '10' };
    expect(await ok<Customer>('PUT', `/v1/customers/${path}`, terms)).toMatchObject({
      id,
      name: id,
      timeZone: 'Europe/Berlin',
      plan: 'all',
    });
    expect(await get<Customer>(`/v1/customers/${path}`)).toMatchObject({ id, status: 'assigned' });
    expect(await ok<Invoice>('POST', '/v1/invoices/preview', { customer: id, period: JANUARY })).toMatchObject({ customer: id, subtotal });
    for (const period of [JANUARY, FEBRUARY])
      expect(await run(period, id)).toMatchObject({ customers: [id], progress: { total: 1, drafts: 1, failed: 0 } });
    const drafts = await pages<InvoiceSummary>(`/v1/invoices?customer=${path}`);
    expect(drafts.map(({ customer, customerName, month, status }) => [customer, customerName, month, status])).toEqual([
      [id, id, FEBRUARY, 'draft'],
      [id, id, JANUARY, 'draft'],
    ]);
    january = await get(`/v1/invoices/${drafts[1]?.id}`);
    february = await get(`/v1/invoices/${drafts[0]?.id}`);
    expect(january).toMatchObject({ customer: id, lines: [{ quantity, amount: subtotal }], subtotal });
    expect([january.total, february.total]).toEqual([total, '2.20']);
  });

  test('has usage and records of its own', async () => {
    const range = `customer=${path}&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z`;
    const usage = await get<Usage>(`/v1/usage?${range}&grain=month&groupBy=customer`);
    expect(usage.timeZone).toBe('Europe/Berlin');
    expect(usage.buckets.map((bucket) => [bucket.customer, bucket.quantity])).toEqual([
      [id, quantity],
      [id, '10'],
    ]);
    const csv = await csvOf(`/v1/usage.csv?${range}&groupBy=customer`);
    expect([...new Set(csv.map(({ customer }) => customer))]).toEqual([guarded]);
    expect(compareDecimals(sumOf(csv, 'quantity'), addDecimals(quantity, '10'))).toBe(0);
    const records = await pages<Type.Static<typeof RecordList>['items'][number]>(`/v1/records?customer=${path}`);
    expect(records.map((record) => [record.customer, record.id])).toEqual([3, 2, 1].map((row) => [id, `r${n}-${row}`]));
    expect((await csvOf(`/v1/records.csv?customer=${path}`)).map(({ customer }) => customer)).toEqual([guarded, guarded, guarded]);
    const january = `customer=${path}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z`;
    const { cells } = await get<Reconciliation>(`/v1/reconciliation?${january}`);
    expect(cells.map(({ customer, hour, state, clickhouse }) => [customer, hour, state, clickhouse])).toEqual([
      [id, '2026-01-05T03:00:00Z', 'agrees', first(n)],
      [id, '2026-01-05T04:00:00Z', 'agrees', '0.5'],
    ]);
  });

  test('has an invoice that becomes final, and opens down to the line of the file', async () => {
    january = await eventually('the stores are level', async () => {
      const answer = await callRaw(tallyline, 'POST', `/v1/invoices/${january.id}/finalize`, {});
      const body = JSON.parse(answer.bytes.toString()) as Invoice & { id: string; code?: string };
      if (body.code !== undefined && body.code !== 'behind') throw new Error(answer.bytes.toString());
      return answer.status === 200 && body;
    });
    expect(january).toMatchObject({ status: 'final', customer: id, customerName: id, subtotal });
    const line = `/v1/invoices/${january.id}/lines/1`;
    expect((await get<Type.Static<typeof TracedDays>>(`${line}/days`)).total).toMatchObject({ quantity, amount: subtotal });
    const { items: hours } = await get<Type.Static<typeof TracedHours>>(`${line}/hours?day=2026-01-05`);
    expect(hours.map(({ quantity }) => quantity)).toEqual([first(n), '0.5']);
    const { items } = await get<Type.Static<typeof TracedRecords>>(`${line}/hours/${hours[0]?.start}/records`);
    expect(items).toMatchObject([{ id: `r${n}-1`, contribution: first(n) }]);
    const source = await get<Type.Static<typeof Source>>(`/v1/records/${items[0]?.key}/source`);
    expect([source.cells[1], source.raw]).toEqual([id, rowsOf(['', id], n)[0]]);
    expect(await get<Type.Static<typeof Explanation>>(`${line}/explanation`)).toMatchObject({ inputs: { quantity }, amount: subtotal });
    expect(await ok<Recomputed>('POST', `/v1/invoices/${january.id}/recompute`)).toMatchObject({ follows: true, hash: { agrees: true } });
  });

  test('has it as JSON, as CSV in three shapes and as PDF, under a name that is none of its own', async () => {
    const summary = await csvOf(`/v1/invoices/${january.id}.csv?shape=invoices`);
    expect(summary).toMatchObject([{ customer: guarded, customer_name: guarded, subtotal, total }]);
    for (const shape of ['lines', 'hours']) {
      const rows = await csvOf(`/v1/invoices/${january.id}.csv?shape=${shape}`);
      expect([...new Set(rows.map(({ customer }) => customer))]).toEqual([guarded]);
      expect(compareDecimals(sumOf(rows), total)).toBe(0);
    }
    const exported = await csvOf(`/v1/invoices/export.csv?customer=${path}&period=${JANUARY}&shape=lines`);
    expect([exported[0]?.['invoice'], compareDecimals(sumOf(exported), total)]).toEqual([january.id, 0]);
    for (const url of [`/v1/invoices/${january.id}.pdf?hours=true`, `/v1/invoices/preview.pdf?customer=${path}&period=${JANUARY}`]) {
      const { headers, bytes } = await raw('GET', url);
      expect(headers['content-disposition']).toMatch(/^inline; filename="[A-Za-z0-9._-]+\.pdf"$/);
      expect(readPdf(bytes).pages.flatMap(pdfLines)).toContain(`Total (USD)\t${total}`);
    }
  });

  test('has it credited in part, and the next one voided', async () => {
    const note = await ok<CreditNote>('POST', `/v1/invoices/${january.id}/credit-notes`, { reason: id, lines: [{ n: 1, amount: '0.10' }] });
    expect(note).toMatchObject({ invoice: january.id, total: '-0.11', reason: id });
    await ok('POST', `/v1/invoices/${february.id}/finalize`, {});
    expect(await ok<Invoice>('POST', `/v1/invoices/${february.id}/void`, { reason: id })).toMatchObject({
      status: 'void',
      customer: id,
      total: '2.20',
      voided: { reason: id },
    });
    const listed = await pages<InvoiceSummary>(`/v1/invoices?customer=${path}`);
    expect(listed.map(({ customer, status }) => [customer, status])).toEqual([
      [id, 'void'],
      [id, 'final'],
    ]);
    expect(await get<Type.Static<typeof Credits>>(`/v1/customers/${path}/credits`)).toEqual({ items: [], balances: [] });
  });
});

test('the effect of an undo names each final invoice and what it would change by', async () => {
  const { invoices, money } = await get<Effect>(`/v1/imports/${imported.id}/effect?of=undo`);
  expect(money.map(({ customer }) => customer).sort()).toEqual(HOSTILE.map(([, id]) => id).sort());
  const changes = invoices.map(({ customer, change }) => [customer, change]);
  expect(changes.sort()).toEqual(HOSTILE.map(([, id], n) => [id, inCents(multiplyDecimals(quantityOf(n), '-0.22'))]).sort());
});
