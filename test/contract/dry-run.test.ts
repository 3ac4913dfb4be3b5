/** Dry runs on a real Postgres: how their sums are kept while they run, and that nothing is left of them however they end. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptImports } from '../../ingest/lost-uploads.ts';
import { createWorkingTables, type WorkingTables } from '../../ingest/dry-run/working-tables.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, beginUpload, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';
import { seededRandom } from '../support/random.ts';
import { usageEvent } from '../support/usage-event.ts';

let ingest: TestIngest;
let postgres: Postgres;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  ({ postgres } = ingest.platform);
  url = await ingest.serve(ingest.platform);
});
afterAll(() => ingest?.close());

const tablesLeft = async () =>
  (await postgres.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname ~ '^dry_run_\\d' ORDER BY 1`)).rows.map(
    ({ name }) => name,
  );
const importsLeft = async () => (await postgres.query('SELECT FROM imports')).rowCount;
const filesLeft = async () =>
  (await readdir(ingest.root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);

const OPTIONS = { findDoubles: true, showMax: 10 };

/** The import that a dry run holds while it runs. */
async function holdImport(): Promise<string> {
  const { rows } = await postgres.query<{ id: string }>(
    `INSERT INTO imports (name, status, created_by) VALUES ('held', 'received', 'test') RETURNING id`,
  );
  return rows[0]?.id as string;
}
const endImports = () => postgres.query('DELETE FROM imports');

function batches(count: number): string[][] {
  const random = seededRandom(7);
  const pick = (n: number) => Math.floor(random() * n);
  return Array.from({ length: count }, () =>
    Array.from({ length: 50 }, (_, n) =>
      encodeUsageEvent(
        usageEvent({
          id: `${count}-${n}-${pick(1e9)}`,
          customer: `c${pick(4)}`,
          meter: `m${pick(3)}`,
          time: `2026-01-0${1 + pick(3)}T0${pick(9)}:${10 + pick(49)}:00.000000Z`,
          quantity: `${pick(100)}.${1 + pick(9)}`,
          line: n + 2,
        }),
      ),
    ),
  );
}

async function addAll(tables: WorkingTables, payloads: readonly string[][]): Promise<void> {
  for (const [n, batch] of payloads.entries()) {
    const outcome = await tables.add({ payloads: batch, occurrences: new Uint32Array(batch.length).fill(1), first: n * 50 }, OPTIONS);
    expect(outcome).toMatchObject({ accepted: batch.length, duplicate: 0, conflict: 0, doubles: 0, knownFrom: [] });
  }
}

describe('the working tables of a dry run', () => {
  it('have the same sums however often they were put together', async () => {
    const outcomes = [];
    for (const compactRows of [60, 1_000_000]) {
      const tables = await createWorkingTables(postgres, await holdImport(), { compactRows });
      await addAll(tables, batches(8));
      const totals = await tables.totals();
      const usage = tables.usage(totals.customers.map(({ id }) => id));
      outcomes.push({ totals, slots: await Promise.all(usage.customers.map((customer) => usage.slots(customer))) });
      await tables.drop();
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(outcomes[0]?.totals.customers.reduce((events, customer) => events + customer.events, 0)).toBe(400);
    for (const slots of outcomes[0]?.slots ?? []) expect(slots).toEqual(slots.toSorted((a, b) => a.start - b.start));
    expect(await tablesLeft()).toEqual([]);
    await endImports();
  });

  it('that grow beyond their limit are an error that says so', async () => {
    const tables = await createWorkingTables(postgres, await holdImport(), { compactRows: 60, rowsMax: 100 });
    await expect(addAll(tables, batches(8))).rejects.toMatchObject({
      code: 'unprocessable',
      message: expect.stringMatching(/more than 100 sums .* Try it out in parts/) as string,
    });
    await tables.drop();
    await endImports();
  });

  it('of a process that was killed are dropped by the next dry run, and those of one that runs are not', async () => {
    const [killed, running] = [await holdImport(), await holdImport()];
    for (const id of [killed, running]) await createWorkingTables(postgres, id);
    await postgres.query(`UPDATE imports SET status = 'failed' WHERE id = $1`, [killed]);
    const tables = await createWorkingTables(postgres, await holdImport());
    await tables.drop();
    expect(await tablesLeft()).toEqual([`dry_run_${running}_cells`, `dry_run_${running}_events`]);
    await endImports();
    await (await createWorkingTables(postgres, '999999')).drop();
    expect(await tablesLeft()).toEqual([]);
  });
});

describe('a dry run is no import', () => {
  const begin = () =>
    beginUpload(url, { 'content-length': '1000000' }, `name=tried.csv&dryRun=true&mapping=${encodeURIComponent(MAPPING)}`);
  const held = () =>
    eventually('the dry run is written down', async () => {
      const { rows } = await postgres.query<{ id: string }>(`SELECT id FROM imports WHERE form = 'dry_run'`);
      return rows[0]?.id ?? false;
    });
  const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });

  it('neither in the history nor by its number, while it runs', async () => {
    const { socket } = await begin();
    const id = await held();
    expect(await (await get('/v1/imports')).json()).toMatchObject({ items: [] });
    expect((await get(`/v1/imports/${id}`)).status).toBe(404);
    socket.destroy();
    await eventually('nothing is left of it', async () => (await importsLeft()) === 0);
  });

  it('and no failed one where its process was killed', async () => {
    await postgres.query(
      `INSERT INTO imports (name, status, created_by, form) VALUES ('tried.csv', 'received', 'test', 'dry_run'), ('sent.csv', 'received', 'test', 'file')`,
    );
    await adoptImports(ingest.platform);
    const { rows } = await postgres.query('SELECT name, status FROM imports');
    expect(rows).toEqual([{ name: 'sent.csv', status: 'failed' }]);
    await endImports();
  });
});

describe('nothing is left of a dry run', () => {
  const query = `name=x.csv&dryRun=true&mapping=${encodeURIComponent(MAPPING)}`;
  const send = (body: string) =>
    fetch(`${url}/v1/imports?${query}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' },
    });
  const expectNothing = async () => {
    expect([await tablesLeft(), await importsLeft(), await filesLeft()]).toEqual([[], 0, []]);
  };

  it('that could not be priced, because ClickHouse is away', async () => {
    const response = await send(CSV + rowsOf(100));
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'store_unavailable' }]);
    await expectNothing();
  });

  it('of a file that cannot be read, or whose ids are not unique', async () => {
    for (const [body, code] of [
      ['', 'empty_file'],
      [`${CSV}1,c,2026-01-01T00:00:00Z,1\n1,c,2026-01-02T00:00:00Z,1\n`, 'id_not_unique'],
    ] as const) {
      const response = await send(body);
      expect([response.status, await response.json()]).toMatchObject([422, { code }]);
      await expectNothing();
    }
  });

  it('whose sender hung up in the middle of its file, or before the answer', async () => {
    const text = CSV + rowsOf(60_000);
    for (const length of [text.length, text.length + 1]) {
      const upload = await beginUpload(url, { 'content-length': String(length) }, query);
      await eventually('it is received', async () => (await importsLeft()) === 1);
      upload.socket.write(text);
      await eventually('all of it is there', async () => upload.socket.writableLength === 0);
      upload.socket.destroy();
      await eventually('it is cleared away', async () => (await importsLeft()) === 0);
      await expectNothing();
    }
  });
});
