/** Dry runs through the running program: each says what the import of the same file then comes to, to the last cent. */
import { describe, expect, test } from 'vitest';
import type { DryRun } from '../../schemas/http/dry-runs.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { SuspectedDoubleList } from '../../schemas/http/suspected-doubles.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, importPath } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;

const send = (path: string, body: object, method = 'PUT') =>
  tallyline.json(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const CSV = { 'content-type': 'text/csv' };
const dryRun = (body: string, name: string, mapping: Mapping) =>
  tallyline.json<DryRun>(`${importPath({ name, mapping, wait: false })}&dryRun=true`, { method: 'POST', body, headers: CSV });

useTallyline(async (started) => {
  tallyline = started;
  const tiers = [
    { upTo: '50', unitPrice: '0.30' },
    { upTo: null, unitPrice: '0.0125' },
  ];
  await send('/v1/plans/euro', {
    name: 'Euro',
    currency: 'EUR',
    prices: [
      { meter: 'calls', model: 'graduated', tiers },
      { meter: 'users', model: 'per_unit', unitPrice: '5' },
    ],
    minimum: '2',
  });
  await send('/v1/plans/dollar', {
    name: 'Dollar',
    currency: 'USD',
    prices: [
      { meter: 'calls', model: 'per_unit', unitPrice: '0.003' },
      { meter: 'bytes', model: 'package', size: '1000', unitPrice: '0.07' },
      { meter: 'seats', model: 'per_unit', unitPrice: '9.99' },
      { meter: 'peak', model: 'per_unit', unitPrice: '0.5' },
    ],
    discounts: [{ percent: '10' }],
  });
  await send('/v1/customers/berlin', { currency: 'EUR', timeZone: 'Europe/Berlin', plan: 'euro', taxRate: '19' });
  await send('/v1/customers/kathmandu', { currency: 'USD', timeZone: 'Asia/Kathmandu', plan: 'dollar' });
  await send('/v1/settings', { defaults: { plan: 'dollar', currency: 'USD' } });
  await send('/v1/meters/users', { aggregation: 'unique', property: 'user' });
  await send('/v1/meters/seats', { aggregation: 'latest' });
  await send('/v1/meters/peak', { aggregation: 'max' });
});

/** What of a report a dry run and an import have to agree in, with the id of the import itself told as that of the dry run. */
function report({
  name,
  sha256,
  bytes,
  mapping,
  identity,
  suspectedDoubles,
  knownFrom,
  rows,
  events,
  errors,
  failure,
  status,
  id,
}: Import) {
  const known = knownFrom.map((from) => (from.importId === id ? { ...from, importId: 'dry-run' } : from));
  return { name, sha256, bytes, mapping, identity, suspectedDoubles, knownFrom: known, rows, events, errors, failure, status };
}

async function allDoubles(id: string, limit = 1000): Promise<SuspectedDoubleList['items']> {
  const items: SuspectedDoubleList['items'] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: SuspectedDoubleList = await tallyline.json(`/v1/imports/${id}/suspected-doubles?limit=${limit}${query}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

/** Without what is counted some time after an import is complete. */
async function imports() {
  const { items } = await tallyline.json<{ items: Import[] }>('/v1/imports');
  return items.map((item) => ({ ...item, customers: null }));
}

/** Tries the file out, imports it, and compares. */
async function sameAsReal(body: string, name: string, mapping: Mapping): Promise<{ tried: DryRun; done: Import }> {
  const before = await imports();
  const tried = await dryRun(body, name, mapping);
  expect(await imports()).toEqual(before);
  const { id } = await importFile(tallyline, body, { name, mapping });
  const done = await eventually(`import ${id} is compared`, async () => {
    const found = await tallyline.json<Import>(`/v1/imports/${id}`);
    return (found.identity === 'id-column' || found.suspectedDoubles !== null) && found;
  });
  expect(report(tried)).toEqual(report(done));
  expect(tried.effect).toEqual(await tallyline.json<Effect>(`/v1/imports/${id}/effect`));
  const byLine = (doubles: DryRun['doubles']) => doubles.toSorted((a, b) => a.line - b.line || (a.meter < b.meter ? -1 : 1));
  expect(byLine(tried.doubles)).toEqual(byLine(await allDoubles(id)));
  return { tried, done };
}

const CALLS: Mapping = {
  id: 'id',
  customer: 'who',
  time: 'at',
  measures: [{ meter: { column: 'what' }, quantity: 'n' }],
  properties: ['user'],
};
const row = (
  n: number,
  {
    who = ['berlin', 'kathmandu', 'new'][n % 3],
    what = 'calls',
    at = `2026-0${(n % 2) + 3}-0${(n % 9) + 1}T${String(n % 24).padStart(2, '0')}:4${n % 10}:00.25Z`,
    quantity = `${n}.5`,
    user = `u${n % 4}`,
  } = {},
) => `${n},${who},${what},${at},${quantity},${user}\n`;
const rows = (from: number, to: number, change?: Parameters<typeof row>[1]) =>
  Array.from({ length: to - from }, (_, k) => row(from + k, change)).join('');
const HEADER = 'id,who,what,at,n,user\n';

describe('what a dry run says of a file is what its import does', () => {
  test('new customers, rejected rows and rows that stand twice in the file', async () => {
    const bad = `x,berlin,calls,2026-03-01T00:00:00Z,1.2.3,u\n,berlin,calls,2026-03-01T00:00:00Z,1,u\nz,,calls,2026-03-01T00:00:00Z,1,u\n`;
    const { tried } = await sameAsReal(HEADER + rows(0, 300) + bad + rows(10, 20), 'first.csv', CALLS);
    expect(tried).toMatchObject({
      id: 'dry-run',
      rows: { read: 313, new: 300, known: 10, conflict: 0, rejected: 3 },
      knownFrom: [{ importId: 'dry-run', name: 'first.csv', events: 10 }],
      effect: {
        rows: 300,
        customers: [{ id: 'berlin', isNew: true, events: 100 }, { id: 'kathmandu' }, { id: 'new', isNew: true }],
        isComplete: true,
      },
    });
    expect(tried.rejectedRows.map(({ line, code }) => [line, code])).toEqual([
      [302, 'invalid_number'],
      [303, 'missing_id'],
      [304, 'missing_customer'],
    ]);
    expect(tried.effect.money.map(({ currency }) => currency)).toEqual(['EUR', 'USD', 'USD']);
    expect(tried.effect.money.every(({ before, after }) => before !== after)).toBe(true);
  });

  test('rows known from two other files, conflicts with them, and new ones', async () => {
    await importFile(tallyline, HEADER + rows(300, 400), { name: 'second.csv', mapping: CALLS });
    const body = HEADER + rows(250, 290) + rows(290, 295, { quantity: '7' }) + rows(380, 430) + rows(290, 292, { quantity: '7' });
    const { tried } = await sameAsReal(body, 'third.csv', CALLS);
    expect(tried.rows).toEqual({ read: 97, new: 30, known: 60, conflict: 7, rejected: 0 });
    expect(tried.knownFrom.map(({ name, events }) => [name, events])).toEqual([
      ['first.csv', 40],
      ['second.csv', 20],
    ]);
  });

  test('meters that are no sums: unique values, the latest and the largest, beside usage that is there', async () => {
    const at = (n: number) => ({ at: `2026-03-${String((n % 20) + 1).padStart(2, '0')}T0${n % 7}:30:00Z` });
    const mixed = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, k) => {
        const n = from + k;
        return row(10_000 + n, { ...at(n * 7), what: ['users', 'seats', 'peak'][n % 3] as string, user: `u${(n * n) % 30}` });
      }).join('');
    await importFile(tallyline, HEADER + mixed(0, 90), { mapping: CALLS });
    const { tried } = await sameAsReal(HEADER + mixed(80, 200), 'mixed.csv', CALLS);
    expect(tried.effect.quantities.map(({ meter }) => meter)).toEqual(['peak', 'seats', 'users']);
  });

  test('two measures a row without an id: equal rows, rows of another file, and a month that was billed', async () => {
    const wide: Mapping = {
      customer: 'who',
      time: 'at',
      timeZone: 'Europe/Berlin',
      measures: ['calls', 'bytes'].map((meter) => ({ meter: { const: meter }, quantity: meter, ifEmpty: 'skip' as const })),
    };
    const line = (n: number) => `berlin,2026-0${(n % 2) + 1}-1${n % 8} 0${n % 9}:15:00,${n % 5},${n % 3 === 0 ? '' : n * 100}\n`;
    const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => line(from + k)).join('');
    const header = 'who,at,calls,bytes\n';
    await sameAsReal(header + lines(0, 50) + lines(0, 5), 'wide-1.csv', wide);
    const { id } = (await send('/v1/billing-runs', { period: '2026-01' }, 'POST')) as { id: string };
    await eventually(
      'the drafts are there',
      async () => (await tallyline.json<{ state: string }>(`/v1/billing-runs/${id}`)).state === 'done',
    );
    const { tried } = await sameAsReal(header + lines(40, 80) + lines(0, 6) + lines(0, 6), 'wide-2.csv', wide);
    expect(tried.effect.invoices).toMatchObject([{ customer: 'berlin', month: '2026-01', status: 'draft' }]);
    expect(tried.rows.known).toBeGreaterThan(0);
  });

  test('suspected doubles: equal events that the ids of two files keep apart, listed for a person', async () => {
    const byFile: Mapping = { ...CALLS, identity: 'file' };
    delete byFile.id;
    const { tried, done } = await sameAsReal(HEADER + rows(5, 9) + rows(900, 903) + rows(5, 6), 'shard.csv', byFile);
    expect(tried).toMatchObject({ identity: 'file', suspectedDoubles: 5, rows: { read: 8, new: 8, known: 0 } });
    expect(tried.doubles[0]).toEqual({
      line: 2,
      customer: 'new',
      meter: 'calls',
      time: '2026-04-06T05:45:00.25Z',
      quantity: '5.5',
      other: { importId: expect.any(String) as string, name: 'first.csv', line: 7 },
    });
    expect(await allDoubles(done.id, 1)).toEqual(await allDoubles(done.id));
    const given = await importFile(tallyline, HEADER + rows(0, 3), { mapping: CALLS });
    expect(await allDoubles(given.id)).toEqual([]);
    const refused = await tallyline.fetch(`/v1/imports/${done.id}/suspected-doubles?cursor=x`);
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid_request' }]);
  });

  test('a file without a single row that can be billed', async () => {
    const { tried } = await sameAsReal(`${HEADER}1,a,calls,never,1,u\n`, 'nothing.csv', CALLS);
    expect(tried.effect).toEqual({
      rows: 0,
      events: 0,
      customers: [],
      hours: null,
      quantities: [],
      money: [],
      invoices: [],
      isComplete: true,
    });
  });
});

describe('an id that stands for several events', () => {
  const body = `${HEADER}a,berlin,calls,2026-05-01T00:00:00Z,1,u\nb,berlin,calls,2026-05-01T00:00:00Z,1,u\na,berlin,calls,2026-05-01T01:00:00Z,1,u\n`;

  test('is refused by the dry run and by the import, with the columns that would make it unique', async () => {
    const before = await tallyline.json<{ items: Import[] }>('/v1/imports');
    for (const query of ['&dryRun=true', '']) {
      const response = await tallyline.fetch(importPath({ name: 'aws.csv', mapping: CALLS }) + query, {
        method: 'POST',
        body,
        headers: CSV,
      });
      expect([response.status, await response.json()]).toMatchObject([
        422,
        { code: 'id_not_unique', detail: expect.stringMatching(/"a".* lines 2 and 4,.*map "id": \["id","at"\]/) as string },
      ]);
    }
    const { items } = await tallyline.json<{ items: Import[] }>('/v1/imports');
    expect(items).toHaveLength(before.items.length + 1);
    expect(items[0]).toMatchObject({ status: 'failed', failure: { code: 'id_not_unique' }, events: { published: 0 } });
  });

  test('is accepted with these columns', async () => {
    const { tried } = await sameAsReal(body, 'aws.csv', { ...CALLS, id: ['id', 'at'] });
    expect(tried.rows).toMatchObject({ new: 3, rejected: 0 });
  });
});

test('a dry run keeps nothing: no file, no table, no import', async () => {
  const key = await tallyline.fetch(`${importPath({ mapping: CALLS })}&dryRun=true`, {
    method: 'POST',
    body: HEADER + rows(0, 1),
    headers: { ...CSV, 'idempotency-key': 'k' },
  });
  expect([key.status, await key.json()]).toMatchObject([400, { code: 'invalid_request' }]);
  const client = await connectEmbedded(tallyline.dataDirectory);
  const { rows: left } = await client.query(
    `SELECT (SELECT count(*) FROM pg_class WHERE relname ~ '^dry_run_[0-9]') AS tables, (SELECT count(*) FROM imports WHERE status = 'received') AS received`,
  );
  await client.end();
  expect(left).toEqual([{ tables: '0', received: '0' }]);
});
