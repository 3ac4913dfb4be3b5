/** What a stream of NDJSON could not use: handed back as it came, mended, and streamed again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { startStream } from '../support/stream-client.ts';
import { idOf, lookInto, optionsOf } from '../support/streams.ts';

let ingest: TestIngest;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(ingest.platform);
});
afterAll(() => ingest.close());

const event = (id: string, rest: object = {}) =>
  JSON.stringify({ id, customer: 'c1', meter: 'calls', time: '2026-01-01T00:00:00Z', quantity: 1, ...rest });
/** Each is wrong in a way of its own; the last but one is no UTF-8. */
const WRONG = [
  event('a', { time: 'yesterday', properties: { note: 'it\'s "quoted", and\nmore' } }),
  '{"id":"b","customer":"c1" oops',
  'no JSON, at all',
  event('d', { customer: 'M\u00fcller', quantity: 'many' }),
  event('e', { customer: 'M~ller' }),
  event('f', { quantity: '1,5' }),
];
const bytesOf = (lines: readonly string[]) => {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const at = bytes.indexOf('~');
  if (at !== -1) bytes[at] = 0xfc;
  return bytes;
};
const stream = (key: string) => optionsOf({ type: 'application/x-ndjson', headers: { 'idempotency-key': key } });
const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });

describe('rejected lines of NDJSON', () => {
  test('are handed back byte for byte, with their reasons beside them, and count once when mended', async () => {
    const look = lookInto(ingest);
    const client = await startStream(url, stream('first'), '');
    await client.send(bytesOf([event('0'), ...WRONG.slice(0, 3), event('1'), ...WRONG.slice(3)]));
    expect(await client.end()).toMatchObject({ accepted: 2, rejected: WRONG.length });
    const id = idOf(client);
    await look.settling(id);
    expect(await (await get(`/v1/imports/${id}`)).json()).toMatchObject({ form: 'stream', format: 'ndjson' });
    const answer = await get(`/v1/imports/${id}/rejected.ndjson`);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('content-disposition')).toContain('rejected-stream.ndjson');
    const handedBack = Buffer.from(await answer.arrayBuffer());
    expect(handedBack).toEqual(bytesOf(WRONG));
    const reasons = await (await get(`/v1/imports/${id}/rejected.csv`)).text();
    for (const code of ['invalid_time', 'invalid_json', 'invalid_number', 'invalid_encoding']) expect(reasons).toContain(`,${code},`);

    const mended = handedBack
      .toString('latin1')
      .replace('yesterday', '2026-01-02T00:00:00Z')
      .replace('"many"', '2')
      .replace('"1,5"', '1.5');
    const again = await startStream(url, stream('mended'), '');
    await again.send(Buffer.from(mended, 'latin1'));
    expect(await again.end()).toMatchObject({ accepted: 3, rejected: 3 });
    const events = await look.eventsOf(idOf(again));
    expect(events.map(({ id: own, quantity }) => [own, quantity])).toEqual([
      ['a', '1'],
      ['d', '2'],
      ['f', '1.5'],
    ]);
  });

  test('are asked of a file in vain, with the address of what it has', async () => {
    const csv = await startStream(
      url,
      optionsOf({ headers: { 'idempotency-key': 'csv' } }),
      'id,customer,time,meter,quantity\nx,c1,never,calls,1\n',
    );
    const id = (await csv.end()).importId;
    const answer = await get(`/v1/imports/${id}/rejected.ndjson`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { detail: expect.stringContaining('rejected.csv') as string }]);
  });
});
