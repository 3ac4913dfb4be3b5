/** `/v1/conflicts` with the consumers and ingest's sender running: listed with both sides, decided once, carried out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsumers, type Consumers } from '../../consumers/consumers.ts';
import { startIngest } from '../../ingest/app.ts';
import type { Publisher } from '../../ingest/publisher.ts';
import { requestUndo } from '../../ingest/undo.ts';
import type { Conflict } from '../../schemas/http/conflicts.ts';
import type { UsageRecord } from '../../schemas/http/usage.ts';
import { encodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { TESTER } from '../support/tester.ts';
import { usageEvent } from '../support/usage-event.ts';

let api: TestApi;
let consumers: Consumers;
let publisher: Publisher;

beforeAll(async () => {
  api = await openTestApi();
  consumers = await startConsumers(api.platform);
  publisher = await startIngest(api.platform, { leaseSeconds: 60 });
});
afterAll(async () => {
  await publisher?.stop();
  await consumers?.stop();
  await api?.close();
});

let imports = 0;
/** A complete import of these reports; answers its id. Lines count from 2. */
async function send(customer: string, ...quantities: string[]): Promise<string> {
  imports += 1;
  const { log, postgres } = api.platform;
  const events = quantities.map((quantity, n): UsageEvent =>
    usageEvent({ id: `event ${n}`, customer, quantity, importId: String(imports), line: n + 2 }),
  );
  await postgres.query(
    `INSERT INTO imports (id, name, status, created_by, publishing_at, mapping) VALUES ($1, 'usage.csv', 'complete', 'test', now(), '{"measures":[{}]}')`,
    [imports],
  );
  await log.append(log.partitionFor(customer), events.map(encodeUsageEvent));
  await eventually('records has them', async () => {
    const { rows } = await postgres.query<{ found: string }>(
      'SELECT sum(accepted + duplicate + conflict) AS found FROM import_partitions WHERE import_id = $1',
      [imports],
    );
    return rows[0]?.found === String(events.length);
  });
  return String(imports);
}
async function list(query: string): Promise<{ items: Conflict[]; nextCursor: string | null }> {
  const { status, body, text } = await api.get(`/v1/conflicts?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as { items: Conflict[]; nextCursor: string | null };
}
const only = async (query: string): Promise<Conflict> => {
  const { items } = await list(query);
  expect(items).toHaveLength(1);
  return items[0] as Conflict;
};
const resolve = (id: string, keep: unknown) => api.send('POST', `/v1/conflicts/${id}/resolve`, { keep });
const get = async (id: string) => (await api.get(`/v1/conflicts/${id}`)).body as Conflict;
const resolved = (id: string) => eventually(`conflict ${id} is resolved`, async () => (await get(id)).status === 'resolved' && get(id));
const pipelineConflicts = async () => ((await api.get('/v1/pipeline')).body as { conflicts: number }).conflicts;

describe('conflicts', () => {
  it('are listed newest first, page by page, with the accepted version beside the one in conflict; both are records', async () => {
    const first = await send('listed', '1.5', '2');
    const second = await send('listed', '10', '20');
    const { items } = await list('customer=listed');
    expect(items).toEqual([
      { ...items[0], id: items[0]?.id, eventId: 'event 1', status: 'open' },
      {
        id: items[1]?.id,
        status: 'open',
        customer: 'listed',
        eventId: 'event 0',
        first: {
          key: expect.any(String) as string,
          meter: 'requests',
          time: '2026-10-01T05:10:11.123456Z',
          quantity: '1.5',
          properties: { region: 'eu' },
          importId: first,
          line: 2,
        },
        this: expect.objectContaining({ quantity: '10', importId: second, line: 2 }) as Conflict['this'],
        createdAt: expect.stringMatching(/^20.*Z$/) as string,
        keep: null,
        resolvedAt: null,
        resolvedBy: null,
      },
    ]);
    for (const [version, status] of [
      [items[1]?.first, 'accepted'],
      [items[1]?.this, 'conflict'],
    ] as const)
      expect((await api.get(`/v1/records/${version?.key}`)).body).toMatchObject({ status, quantity: version?.quantity, line: 2 });
    const page = await list('customer=listed&limit=1');
    expect(page.items).toEqual([items[0]]);
    await send('listed', '100');
    expect(await list(`customer=listed&limit=1&cursor=${page.nextCursor}`)).toEqual({ items: [items[1]], nextCursor: null });
    expect((await list(`import=${second}`)).items).toEqual(items);
    expect((await list(`import=${first}`)).items).toEqual([]);
    expect((await list('customer=listed&status=resolved')).items).toEqual([]);
    expect((await list('customer=listed&status=open')).items).toHaveLength(3);
  });

  it.each(['status=lost', 'import=x', 'cursor=nonsense', 'unknown=1', 'limit=0'])('refuse %s', async (query) => {
    expect(await api.get(`/v1/conflicts?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('a decision', () => {
  it('for this answers 202, is carried out, and says afterwards who decided; the version displaced is resolved with it', async () => {
    await send('for this', '1');
    const importId = await send('for this', '7');
    const { id } = await only('customer=for this');
    const before = await pipelineConflicts();
    const answer = await resolve(id, 'this');
    expect(answer).toMatchObject({ status: 202, body: { id, keep: 'this', resolvedBy: 'admin key', this: { quantity: '7' } } });
    const after = await resolved(id);
    expect(after).toMatchObject({ keep: 'this', resolvedBy: 'admin key', resolvedAt: (answer.body as Conflict).resolvedAt });
    expect(after.first).toEqual(after.this);
    expect((await api.get(`/v1/records/${after.this.key}`)).body).toMatchObject({ status: 'accepted', importId });
    expect((await list('customer=for this&status=resolved')).items).toMatchObject([
      { keep: 'first', this: { quantity: '1' }, first: { quantity: '7' }, resolvedBy: 'admin key' },
      { id, keep: 'this' },
    ]);
    expect((await list('customer=for this&status=open')).items).toEqual([]);
    expect(await pipelineConflicts()).toBe(before - 1);
    const { items } = (await api.get('/v1/records?customer=for this')).body as { items: UsageRecord[] };
    expect(items).toMatchObject([{ quantity: '7', importId }]);
  });

  it('is shown as resolving until the log has brought it', async () => {
    await send('resolving', '1');
    await send('resolving', '7');
    const { id } = await only('customer=resolving');
    await publisher.stop();
    try {
      expect(await resolve(id, 'this')).toMatchObject({ status: 202, body: { status: 'resolving', first: { quantity: '1' } } });
      expect((await list('customer=resolving&status=open')).items).toEqual([]);
      expect(await only('customer=resolving&status=resolving')).toMatchObject({ id, keep: 'this' });
    } finally {
      // What nobody has sent, the next process sends.
      publisher = await startIngest(api.platform, { leaseSeconds: 60 });
    }
    await resolved(id);
  });

  it('for the first leaves the records as they are', async () => {
    await send('for the first', '1');
    await send('for the first', '7');
    const { id } = await only('customer=for the first');
    expect((await resolve(id, 'first')).status).toBe(202);
    expect(await resolved(id)).toMatchObject({ keep: 'first', first: { quantity: '1' }, this: { quantity: '7' } });
  });

  it.each(['first', 'this'] as const)('for %s again changes nothing, and the other one is refused with who and when', async (keep) => {
    const customer = `again ${keep}`;
    await send(customer, '1');
    await send(customer, '7');
    const { id } = await only(`customer=${customer}`);
    await resolve(id, keep);
    const other = keep === 'first' ? 'this' : 'first';
    const refused = {
      status: 409,
      body: { code: 'conflict', detail: expect.stringMatching(/by admin key at 20.*Z, and stays so/) as string },
    };
    expect(await resolve(id, other)).toMatchObject(refused);
    const before = await resolved(id);
    expect(await resolve(id, keep)).toMatchObject({ status: 202, body: before });
    expect(await resolve(id, other)).toMatchObject(refused);
    expect(await get(id)).toEqual(before);
  });

  it('that was a mistake is mended by deciding for the version displaced', async () => {
    await send('mistake', '1');
    await send('mistake', '7');
    const { id } = await only('customer=mistake');
    await resolve(id, 'this');
    await resolved(id);
    const [displaced] = (await list('customer=mistake')).items;
    expect((await resolve(displaced?.id ?? '', 'first')).status).toBe(202);
    expect((await resolve(displaced?.id ?? '', 'this')).status).toBe(202);
    await eventually('it is turned round', async () => (await get(displaced?.id ?? '')).first?.quantity === '1');
    expect(await get(id)).toMatchObject({ status: 'resolved', keep: 'first', this: { quantity: '7' } });
  });

  it('of two people at once is that of the faster one', async () => {
    await send('race', '1');
    await send('race', '7');
    const { id } = await only('customer=race');
    const answers = await Promise.all([resolve(id, 'this'), resolve(id, 'first'), resolve(id, 'this'), resolve(id, 'first')]);
    const { keep } = await resolved(id);
    const chosen = ['this', 'first', 'this', 'first'];
    expect(answers.map(({ status }) => status)).toEqual(chosen.map((choice) => (choice === keep ? 202 : 409)));
  });
});

describe('a decision is refused', () => {
  const refuse = async (id: string, keep: unknown) => {
    const { status, body } = await resolve(id, keep);
    return [status, (body as { detail: string }).detail];
  };

  it.each(['999999999', '0'])('for conflict %s, which is not there', async (id) => {
    expect(await refuse(id, 'this')).toEqual([404, expect.stringContaining(`no conflict ${id}`)]);
    expect((await api.get(`/v1/conflicts/${id}`)).status).toBe(404);
  });

  it.each([{ keep: 'second' }, {}, { keep: 'this', force: true }])('with the body %j', async (body) => {
    expect(await api.send('POST', '/v1/conflicts/1/resolve', body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect((await api.send('POST', '/v1/conflicts/one/resolve', { keep: 'this' })).status).toBe(400);
  });

  it('for the first where none is accepted, and for a conflict whose import is being undone', async () => {
    const first = await send('undone', '1');
    await send('undone', '7');
    const third = await send('undone', '8');
    await requestUndo(api.platform, first, TESTER);
    publisher.wake();
    await eventually('nothing is accepted', async () => (await list('customer=undone')).items.every((conflict) => conflict.first === null));
    const [latest, earlier] = (await list('customer=undone')).items;
    expect(await refuse(earlier?.id ?? '', 'first')).toEqual([409, expect.stringContaining('no first one to keep')]);
    // Asked for, and nobody has told the log of it yet.
    await requestUndo(api.platform, third, TESTER);
    expect(await refuse(latest?.id ?? '', 'this')).toEqual([409, expect.stringContaining(`Import ${third} is being undone`)]);
    expect((await resolve(earlier?.id ?? '', 'this')).status).toBe(202);
    await resolved(earlier?.id ?? '');
  });
});
