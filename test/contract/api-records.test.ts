/** `/v1/records` on a real Postgres: the keyset, keys, filters, CSV. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UsageRecord } from '../../schemas/http/usage.ts';
import { openTestApi, type TestApi, type TestEvent } from '../support/api.ts';

let api: TestApi;
interface List {
  items: UsageRecord[];
  nextCursor: string | null;
}

const at = (minute: number, more: Partial<TestEvent> = {}): TestEvent => ({
  customer: 'acme',
  meter: 'calls',
  time: `2026-10-01T00:${String(minute).padStart(2, '0')}:00.123456Z`,
  quantity: '1.50',
  ...more,
});

beforeAll(async () => {
  api = await openTestApi();
  await api.fill([
    // Three at one moment: only the position tells them apart.
    at(1, { id: 'a' }),
    at(1, { id: 'b' }),
    at(1, { id: 'c' }),
    at(2, { customer: 'o/"ther é', meter: 'tokens', importId: 7, properties: '{"region":"eu"}', line: 42 }),
    at(3, { id: '=cmd()', quantity: '-0.000000000000000001' }),
    at(4, { quantity: '100' }),
  ]);
  await api.platform.postgres.query(
    `INSERT INTO conflicts (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
     VALUES ('acme', 'a', 'calls', '2026-10-01T00:01:00Z', 9, '{}', 2, 5, 1, 0, 900, 0)`,
  );
});
afterAll(() => api.close());

/** Moments that Postgres does not know. */
const NEVER = ['2026-13-45T00:00:00Z', '2026-02-31T00:00:00Z', '0000-01-01T00:00:00Z'];
const placeAt = (time: string) => Buffer.from(JSON.stringify(['record', time, '1', '0', '0', '0'])).toString('base64url');

async function list(query = ''): Promise<List> {
  const { status, body, text } = await api.get(`/v1/records?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return body as List;
}

async function walk(query: string, betweenPages: () => Promise<void> = async () => {}): Promise<UsageRecord[]> {
  const seen: UsageRecord[] = [];
  let cursor: string | null = null;
  do {
    const page: List = await list(cursor === null ? query : `${query}&cursor=${cursor}`);
    seen.push(...page.items);
    cursor = page.nextCursor;
    await betweenPages();
  } while (cursor !== null);
  return seen;
}

describe('records', () => {
  it('come newest first, by position within one moment, quantities without padding', async () => {
    const { items } = await list('from=2026-10-01T00:00:00Z&to=2026-10-01T00:10:00Z');
    expect(items.map(({ time, id, quantity }) => [time.slice(14, 16), id, quantity])).toEqual([
      ['04', 'e5', '100'],
      ['03', '=cmd()', '-0.000000000000000001'],
      ['02', 'e3', '1.5'],
      ['01', 'c', '1.5'],
      ['01', 'b', '1.5'],
      ['01', 'a', '1.5'],
    ]);
    expect(items[2]).toEqual({
      key: items[2]?.key,
      id: 'e3',
      customer: 'o/"ther é',
      meter: 'tokens',
      time: '2026-10-01T00:02:00.123456Z',
      quantity: '1.5',
      properties: { region: 'eu' },
      importId: '7',
      line: 42,
      status: 'accepted',
    });
  });

  it('are seen once each, whatever arrives between pages', async () => {
    const until = 'to=2026-10-01T00:10:00Z';
    const before = await walk(`limit=100&${until}`);
    let n = 0;
    const paged = await walk(`limit=2&${until}`, async () => {
      n += 1;
      // Newer than all, and older than all.
      await api.fill([at(59, { id: `new${n}` }), { ...at(0, { id: `old${n}` }), time: '2026-09-30T00:00:00Z' }]);
    });
    const old = paged.filter(({ id }) => !id.startsWith('old'));
    expect(old.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    expect(new Set(paged.map(({ key }) => key)).size).toBe(paged.length);
    await api.platform.postgres.query("DELETE FROM usage_records WHERE id LIKE 'old%' OR id LIKE 'new%'");
  });

  it.each([
    ['customer', `customer=${encodeURIComponent('o/"ther é')}`, ['e3']],
    ['meter', 'meter=tokens', ['e3']],
    ['import', 'import=7', ['e3']],
    ['from, to the microsecond', 'from=2026-10-01T00:03:00.123457Z', ['e5']],
    ['to, which is exclusive', 'to=2026-10-01T00:01:00.123456Z', []],
    ['all of them', 'customer=acme&meter=calls&import=1&from=2026-10-01T00:03:00Z&to=2026-10-01T00:04:00Z', ['=cmd()']],
    ['what is no SQL', `customer=${encodeURIComponent("' OR true --")}`, []],
  ])('are filtered by %s', async (_name, query, ids) => {
    expect((await list(query)).items.map(({ id }) => id)).toEqual(ids);
  });

  it('in conflict are listed by themselves', async () => {
    const { items } = await list('status=conflict');
    expect(items).toMatchObject([{ id: 'a', quantity: '9', importId: '2', line: 5, status: 'conflict' }]);
    expect((await api.get(`/v1/records/${items[0]?.key ?? ''}`)).body).toEqual(items[0]);
  });

  it('are found by their key', async () => {
    for (const record of (await list()).items) expect((await api.get(`/v1/records/${record.key}`)).body).toEqual(record);
  });

  it.each(['nonsense', 'WyJyZWNvcmQiXQ', ...NEVER.map(placeAt)])('have no key %s', async (key) => {
    expect((await api.get(`/v1/records/${key}`)).status).toBe(404);
  });

  it.each(['nonsense', Buffer.from('["customer","a"]').toString('base64url'), ...NEVER.map(placeAt)])(
    'have no cursor %s',
    async (cursor) => {
      expect((await api.get(`/v1/records?cursor=${cursor}`)).body).toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'cursor', code: 'invalid_cursor' }],
      });
    },
  );

  it('as CSV are the same rows, safe to open in a spreadsheet', async () => {
    const { text, headers } = await api.get('/v1/records.csv?customer=acme&from=2026-10-01T00:03:00Z&to=2026-10-01T00:04:00Z');
    const [header, row, ...rest] = text.split('\n');
    expect(header).toBe('time,customer,meter,quantity,id,import,line,status,properties,key');
    expect(row).toMatch(/^2026-10-01T00:03:00.123456Z,acme,calls,-0.000000000000000001,'=cmd\(\),1,\d+,accepted,\{\},/);
    expect(rest).toEqual(['']);
    expect(headers['content-type']).toContain('text/csv');
  });
});

describe('records of one moment', () => {
  it('come in the order of their positions, 10 after 9, each once', async () => {
    await api.fill(Array.from({ length: 12 }, (_, n) => at(1, { customer: 'moment', time: '2026-09-01T00:00:00Z', id: `m${n}` })));
    const latestFirst = Array.from({ length: 12 }, (_, n) => `m${11 - n}`);
    expect((await walk('customer=moment&limit=1')).map(({ id }) => id)).toEqual(latestFirst);
    expect((await list('customer=moment')).items.map(({ id }) => id)).toEqual(latestFirst);
  });
});
