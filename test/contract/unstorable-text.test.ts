/**
 * Text that no store can keep, and names that are too long for one, wherever a call that sends usage can hold them: refused by name. Bodies
 * that have a schema are tried in test/fuzz.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../schemas/http/common.ts';
import { ADMIN_KEY, CSV, MAPPING, openTestIngest, rowsOf, type TestIngest } from '../support/ingest.ts';

let ingest: TestIngest;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(await ingest.replica('text'));
});
afterAll(() => ingest?.close());

async function send(path: string, headers: Record<string, string> = {}, body = CSV + rowsOf(2)): Promise<[number, Partial<Problem>]> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv', ...headers },
    body,
  });
  return [response.status, (await response.json()) as Partial<Problem>];
}

/** Headers and body of a form with one file. */
const form = (disposition: string): [Record<string, string>, string] => [
  { 'content-type': 'multipart/form-data; boundary=b' },
  `--b\r\ncontent-disposition: form-data; name="file"; ${disposition}\r\ncontent-type: text/csv\r\n\r\n${CSV}${rowsOf(2)}\r\n--b--\r\n`,
];

/** Refused ones stay in the history as failed. */
const importsKept = async () =>
  (await ingest.platform.postgres.query<{ count: string }>(`SELECT count(*)::text AS count FROM imports WHERE status <> 'failed'`)).rows[0]
    ?.count;

describe.each([
  ['U+0000', '\\u0000', 'nul_character'],
  ['half a surrogate pair', '\\ud800', 'lone_surrogate'],
])('%s', (_name, escaped, code) => {
  const bent = (from: string, to: string) => encodeURIComponent(MAPPING.replace(from, to.replace('!', escaped)));
  const mappings = [
    ['mapping/measures/0/meter/const', bent('"calls"', '"ca!lls"')],
    ['mapping/id', bent('"id":"id"', '"id":"i!d"')],
    ['mapping/nullTokens/1', bent('"id":"id"', '"id":"id","nullTokens":["-","!"]')],
    ['mapping/only/0/in/0', bent('"id":"id"', '"id":"id","only":[{"column":"id","in":["!"]}]')],
  ] as const;

  it.each(['/v1/imports', '/v1/imports/inspect', '/v1/stream'])('in a mapping is refused by %s, where it stands', async (path) => {
    const before = await importsKept();
    for (const [place, mapping] of mappings)
      expect(await send(`${path}?mapping=${mapping}`)).toMatchObject([400, { code: 'invalid_request', errors: [{ path: place, code }] }]);
    expect(await importsKept()).toBe(before);
  });

  it('in an event or a line of a stream refuses that', async () => {
    const event = (member: string) =>
      JSON.stringify({ id: '1', customer: 'a', meter: 'm', time: '2026-01-05T00:00:00Z', quantity: '1', properties: { at: '!' } }).replace(
        member,
        member.replace(/.$/, `${escaped}$&`),
      );
    for (const member of ['"1"', '"a"', '"m"', '"!"', '"at"']) {
      expect(await send('/v1/events', { 'content-type': 'application/json' }, event(member))).toMatchObject([
        422,
        { code: 'unprocessable' },
      ]);
      const response = await fetch(`${url}/v1/stream`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/x-ndjson' },
        body: `${event(member)}\n`,
      });
      expect([response.status, (await response.text()).trim().split('\n').at(-1)]).toEqual([
        200,
        expect.stringContaining('"accepted":0,"rejected":1'),
      ]);
    }
  });
});

describe('a file name in a form', () => {
  it.each([
    ['with U+0000, escaped', "filename*=UTF-8''a%00b.csv", 'nul_character'],
    ['with U+0000, as it is', 'filename="a\0b.csv"', 'nul_character'],
    ['of more characters than a name may have', `filename="${'x'.repeat(401)}"`, 'maxLength'],
  ])('%s is refused', async (_name, disposition, code) => {
    const before = await importsKept();
    expect(await send(`/v1/imports?mapping=${encodeURIComponent(MAPPING)}`, ...form(disposition))).toMatchObject([
      400,
      { code: 'invalid_request', errors: [{ path: 'file name', code }] },
    ]);
    expect(await importsKept()).toBe(before);
  });

  it('is not looked at where the query has one', async () => {
    const [status, answer] = await send(
      `/v1/imports?name=kept&mapping=${encodeURIComponent(MAPPING)}`,
      ...form("filename*=UTF-8''a%00b.csv"),
    );
    expect([status, answer]).toMatchObject([202, { name: 'kept' }]);
  });
});

describe('an Idempotency-Key', () => {
  it.each(['/v1/imports', '/v1/stream'])('of more than 255 characters is refused by %s', async (path) => {
    const keyed = (key: string) => send(`${path}?mapping=${encodeURIComponent(MAPPING)}`, { 'idempotency-key': key });
    for (const key of ['k'.repeat(256), 'k'.repeat(9_000)])
      expect(await keyed(key)).toMatchObject([400, { code: 'invalid_request', errors: [{ path: 'idempotency-key', code: 'maxLength' }] }]);
  });

  it('of 255 is taken', async () => {
    const path = `/v1/imports?mapping=${encodeURIComponent(MAPPING)}`;
    const taken = await send(path, { 'idempotency-key': 'ü'.repeat(255) });
    expect(taken[0]).toBe(202);
    expect((await send(path, { 'idempotency-key': 'ü'.repeat(255) }))[1]).toMatchObject({ id: (taken[1] as { id?: string }).id });
  });
});
