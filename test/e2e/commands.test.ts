/** The commands, as a person types them, for a Tallyline that runs. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Conflict } from '../../schemas/http/conflicts.ts';
import type { DeadLetter } from '../../schemas/http/dead-letters.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type { Pipeline, Rebuild } from '../../schemas/http/operations.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import { encodeUsageEvent } from '../../schemas/usage-event.ts';
import { connectEmbedded } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { runToEnd, type Tallyline } from '../support/tallyline.ts';
import { usageEvent } from '../support/usage-event.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

/** With the key of the data directory. */
const command = (...args: string[]) => runToEnd([...args, '--url', tallyline.url, '--data', tallyline.dataDirectory]);
async function json<T>(...args: string[]): Promise<{ code: number | null; answer: T }> {
  const { code, stdout } = await command(...args, '--json');
  return { code, answer: JSON.parse(stdout) as T };
}

function file(customer: string, rows: number): string {
  const lines = Array.from({ length: rows }, (_, n) => `${n},${customer},2026-10-01T0${n % 10}:00:00Z,1,${customer}\n`);
  return `id,customer,time,quantity,meter\n${lines.join('')}`;
}

async function inPostgres<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = await connectEmbedded(tallyline.dataDirectory);
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** An import of four rows, and the number of the final invoice that uses them. */
async function billedImport(customer: string): Promise<{ id: string; number: string }> {
  const call = (path: string, method: 'PUT' | 'POST', body: object) =>
    tallyline.json<{ id: string; number: string }>(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  const prices = [{ meter: customer, model: 'per_unit', unitPrice: '1' }];
  await call(`/v1/plans/${customer}`, 'PUT', { name: 'Plan', currency: 'USD', prices });
  await call(`/v1/customers/${customer}`, 'PUT', { plan: customer, currency: 'USD' });
  const { id } = await importFile(tallyline, file(customer, 4));
  await call('/v1/billing-runs', 'POST', { period: '2026-10', customers: [customer] });
  const drafts = () => tallyline.json<{ items: { id: string }[] }>(`/v1/invoices?customer=${customer}`);
  await eventually('there is a draft', async () => (await drafts()).items.length > 0);
  const draft = (await drafts()).items[0]?.id ?? '';
  const { number } = await call(`/v1/invoices/${draft}/finalize`, 'POST', { force: { reason: 'a test' } });
  return { id, number };
}

describe('undo', () => {
  test('follows the import until it is undone', async () => {
    const { id } = await importFile(tallyline, file('undone', 2_000), { name: 'wrong.csv' });
    expect(await usageTotals(tallyline, { customer: 'undone' })).toEqual({ undone: '2000' });
    const { code, stdout } = await command('undo', id);
    expect([code, stdout]).toEqual([0, `Import ${id} (wrong.csv) is undone.\n`]);
    expect(await usageTotals(tallyline, { customer: 'undone' })).toEqual({});
    expect(await json<Import>('undo', id)).toMatchObject({ code: 0, answer: { id, status: 'undone' } });
  });

  test('only starts it with --no-wait', async () => {
    const { id } = await importFile(tallyline, file('started', 10));
    const { code, stdout } = await command('undo', id, '--no-wait');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/being undone/)]);
    await eventually('it is undone', async () => (await tallyline.json<Import>(`/v1/imports/${id}`)).status === 'undone');
  });

  test('of rows that a final invoice uses says what that changes, and adjusts for it', async () => {
    const { id: billed, number } = await billedImport('adjusted');
    const refused = await command('undo', billed);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining(`"undo ${billed} --adjust"`) as string]);
    const { code, output, stdout } = await command('undo', billed, '--adjust');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/is undone\.\n$/)]);
    const said = output.slice(0, output.indexOf('is undone'));
    expect(said).toContain(`Undoing import ${billed} takes back 4 events of 4 rows.`);
    expect(said).toMatch(/adjusted +USD +4\.00 +0\.00/);
    expect(said).toMatch(new RegExp(`${number} +adjusted +2026-10 +-4\\.00 +stays as it is; the next invoice adjusts`));
    expect((await command('undo', billed, '--adjust')).output).toContain(`Undoing import ${billed} changes no usage and no invoice.`);
  });

  test('of what does not exist says so and fails', async () => {
    expect(await command('undo', '999999')).toEqual({ code: 1, output: 'There is no import 999999.\n', stdout: '' });
    expect(await command('undo', 'all')).toMatchObject({ code: 2, output: expect.stringContaining('Usage: node main.ts undo') as string });
  });
});

describe('reconcile, status and rebuild', () => {
  test('say that all is well, find a difference, and mend it', async () => {
    await importFile(tallyline, file('compared', 1_000));
    const green = await command('reconcile');
    expect([green.code, green.stdout]).toEqual([0, expect.stringMatching(/^Postgres and ClickHouse hold the same \(checked 20/)]);
    expect(await command('status')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^The numbers can be trusted: both stores hold the same, checked .*; all that was received is in them\.\n/,
      ) as string,
    });

    // As if a row had been lost: nothing of ours deletes one.
    await inPostgres(`DELETE FROM usage_records WHERE customer = 'compared' AND id = '7'`);
    const red = await command('reconcile', '--customer', 'compared', '--from', '2026-10-01T00:00:00Z', '--to', '2027-01-01T00:00:00Z');
    expect([red.code, red.stdout]).toEqual([1, expect.stringMatching(/^Not everything agrees: the stores differ in 1 hour of usage\.\n/)]);
    expect(red.stdout).toMatch(/^compared +compared +2026-10-01 07:00:00Z +99 \(99 events\) +100 \(100 events\)$/m);
    expect(await json<Reconciliation>('reconcile')).toMatchObject({
      code: 1,
      answer: { state: 'red', differing: 1, cells: [{ customer: 'compared' }] },
    });
    expect(await command('status')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^The numbers cannot be trusted: the stores differ in 1 hour of usage \(/) as string,
    });

    const rebuilt = await command('rebuild');
    expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringMatching(/^ClickHouse is rebuilt: \d+ rows copied\.\n$/)]);
    expect(await json<Reconciliation>('reconcile')).toMatchObject({ code: 0, answer: { state: 'green', differing: 0, cells: [] } });
    const { answer } = await json<{ reconciliation: Reconciliation; pipeline: Pipeline }>('status');
    expect(answer).toMatchObject({ reconciliation: { state: 'green' }, pipeline: { rebuild: { state: 'done' } } });
    const { id } = (await json<Rebuild>('rebuild', '--no-wait')).answer;
    await eventually('the rebuild is done', async () => {
      const { rebuild } = await tallyline.json<Pipeline>('/v1/pipeline');
      return rebuild?.id === id && rebuild.state === 'done';
    });
  });

  test('refuse a time that is none, with what the API says about it', async () => {
    const { code, output } = await command('reconcile', '--from', 'yesterday');
    expect([code, output]).toEqual([1, expect.stringContaining('from')]);
  });
});

describe('dead letters', () => {
  /** As an older version leaves them that did not know such an event yet. */
  const store = async (payload: string, offset: number) => {
    const [row] = await inPostgres<{ id: string }>(
      `INSERT INTO dead_letters (epoch, partition, "offset", idx, code, message, payload)
       VALUES (99, 0, $1, 0, 'unknown_version', 'version 1 is not known here', $2) RETURNING dead_letter_id::text AS id`,
      [offset, payload],
    );
    return row?.id ?? '';
  };

  test('are listed, replayed one by one and all at once, with what became of each', async () => {
    expect(await command('dead-letters')).toMatchObject({ code: 0, stdout: 'There are no dead letters.\n' });
    const sound = (id: string, line = 2) =>
      encodeUsageEvent(usageEvent({ id, line, customer: 'revived', meter: 'revived', importId: '900' }));
    const first = await store(sound('1'), 1);
    const rest = [await store(sound('2'), 2), await store(sound('1', 9), 3), await store('no JSON', 4)];

    const listed = await command('dead-letters');
    const newestFirst = [first, ...rest].reverse();
    expect(listed.stdout.trim().split('\n').slice(1)).toEqual(
      newestFirst.map(
        (id) => expect.stringMatching(new RegExp(`^${id} .* no +version 1 is not known here \\(unknown_version\\)$`)) as string,
      ),
    );
    expect((await json<{ items: DeadLetter[] }>('dead-letters', '--limit', '2')).answer.items).toHaveLength(2);

    expect(await command('replay', first)).toMatchObject({
      code: 0,
      stdout: `Dead letter ${first}: replayed, and its event is accepted.\n`,
    });
    expect(await command('replay', '999999')).toMatchObject({
      code: 1,
      stdout: '',
      output: expect.stringContaining('No dead letter') as string,
    });
    expect(await command('replay', rest[2] ?? '')).toMatchObject({ code: 1, output: expect.stringContaining('cannot be read') as string });

    const all = await command('replay', '--all');
    expect([all.code, all.stdout.trim().split('\n').sort()]).toEqual([
      1,
      [
        '1 dead letter: replayed, and its event is accepted.',
        '1 dead letter: replayed; its event was known already.',
        '1 dead letter: still cannot be read.',
      ],
    ]);
    await eventually('both events are billed', async () => (await usageTotals(tallyline, { customer: 'revived' }))['revived'] === '3');
    expect((await json<{ replayed: unknown[]; refused: { id: string }[] }>('replay', '--all')).answer).toMatchObject({
      replayed: [],
      refused: [{ id: rest[2] }],
    });
    expect((await command('status')).stdout).toContain('4 dead letters: "dead-letters" lists them.');
  });
});

describe('conflicts', () => {
  test('are listed and resolved, one way or the other', async () => {
    expect(await command('conflicts')).toMatchObject({ code: 0, output: 'There is no conflict to be decided.\n' });
    const rows = (quantity: number) =>
      `id,customer,time,quantity,meter\n${['a', 'b'].map((id) => `${id},torn,2026-10-01T00:00:00Z,${quantity},torn\n`).join('')}`;
    const first = await importFile(tallyline, rows(1));
    const second = await importFile(tallyline, rows(10));
    expect(second.events).toMatchObject({ accepted: 0, conflict: 2 });
    expect((await command('status')).stdout).toContain('2 conflicts to be decided: "conflicts" lists them.');
    const { items } = (await json<{ items: Conflict[] }>('conflicts')).answer;
    const [b, a] = items.map(({ id }) => id);
    expect(items.map(({ eventId }) => eventId)).toEqual(['b', 'a']);
    expect((await command('conflicts')).stdout).toMatch(
      new RegExp(`^${a} +torn +a +1 torn at 2026-10-01 00:00:00Z, import ${first.id} line 2 +10 torn .*, import ${second.id} line 2$`, 'm'),
    );

    expect(await command('resolve', a ?? '', '--keep', 'this')).toMatchObject({
      code: 0,
      stdout: `Conflict ${a}, event a of torn: resolved, billed is 10 torn at 2026-10-01 00:00:00Z, import ${second.id} line 2.\n`,
    });
    expect((await json<Conflict>('resolve', b ?? '', '--keep', 'first')).answer).toMatchObject({
      id: b,
      status: 'resolved',
      keep: 'first',
    });
    await eventually('both decisions are billed', async () => (await usageTotals(tallyline, { customer: 'torn' }))['torn'] === '11');
    expect((await command('conflicts')).stdout).toBe('There is no conflict to be decided.\n');
    expect(await command('resolve', b ?? '', '--keep', 'this')).toMatchObject({
      code: 1,
      output: expect.stringContaining('stays so') as string,
    });
  });

  test.each([[['resolve', '1']], [['resolve', '--keep', 'first']], [['resolve', '1', '--keep', 'second']]])('refuse %j', async (words) => {
    expect(await command(...words)).toMatchObject({ code: 2, output: expect.stringContaining('--keep first|this') as string });
  });
});

describe('a command', () => {
  test('needs the key', async () => {
    const wrong = await runToEnd(['status', '--url', tallyline.url], { TALLYLINE_ADMIN_KEY: 'not-the-key-of-this-one' });
    expect(wrong).toMatchObject({
      code: 1,
      output: `${tallyline.url} does not take the key of TALLYLINE_ADMIN_KEY. The API key is not valid.\n`,
    });
    const none = await runToEnd(['status', '--url', tallyline.url, '--data', `${tallyline.dataDirectory}/elsewhere`]);
    expect([none.code, none.output]).toEqual([1, expect.stringContaining('neither TALLYLINE_API_KEY nor TALLYLINE_ADMIN_KEY is set')]);
    const right = await runToEnd(['status'], { TALLYLINE_URL: tallyline.url, TALLYLINE_ADMIN_KEY: tallyline.key });
    expect(right.code).toBe(0);
    expect((await runToEnd(['status', '--port', new URL(tallyline.url).port, '--data', tallyline.dataDirectory])).code).toBe(0);
  });

  test('knows what is no Tallyline', async () => {
    const other = createServer((_request, response) => response.end('<html>Welcome</html>')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, output } = await runToEnd(['status', '--url', url, '--data', tallyline.dataDirectory]);
    expect([code, output]).toEqual([1, expect.stringContaining(`What answers at ${url} is not Tallyline`)]);
    other.close();
  });

  test('that nobody knows is refused together with the way to those that are', async () => {
    const { code, output } = await runToEnd(['refund']);
    expect([code, output]).toEqual([2, expect.stringMatching(/"refund" is not understood.*"help" lists the commands/)]);
  });
});
