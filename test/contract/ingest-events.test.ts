/** Events as JSON and as CloudEvents on a real Postgres, log and file store. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecordAt } from '../../ingest/csv/line-index.ts';
import { NDJSON_DIALECT } from '../../ingest/stream/json-rows.ts';
import type { EventsAnswer } from '../../schemas/http/streams.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { startStream } from '../support/stream-client.ts';
import { eventsInLog } from '../support/log-events.ts';

let ingest: TestIngest;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(ingest.platform);
});
afterAll(() => ingest.close());

interface Problem {
  code: string;
  detail: string;
  errors: { path: string; code: string }[];
}

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as EventsAnswer & Problem };
}

const event = (id: string, members: Record<string, unknown> = {}) => ({
  id,
  customer: 'acme',
  meter: 'calls',
  time: '2026-10-01T05:00:00.123456789Z',
  quantity: '1',
  ...members,
});

/** What the log has under an id. */
async function logged(id: string) {
  const found = (await eventsInLog(ingest.platform.log)).filter((candidate) => candidate.id === id);
  expect(found).toHaveLength(1);
  return found[0] as (typeof found)[number];
}

describe('events', () => {
  test('are in the log when they are acknowledged, one or several', async () => {
    const one = await send(JSON.stringify(event('one', { properties: { region: 'eu', size: 5, on: true, none: null, list: [1, 'a'] } })));
    expect(one).toMatchObject({ status: 202, body: { accepted: 1, rejected: [] } });
    expect(await logged('one')).toMatchObject({
      customer: 'acme',
      meter: 'calls',
      time: '2026-10-01T05:00:00.123456Z',
      quantity: '1',
      properties: '{"list":"[1,\\"a\\"]","on":"true","region":"eu","size":"5"}',
      importId: one.body.importId,
    });
    const two = await send(JSON.stringify([event('two'), event('three')], null, 2));
    expect(two.body).toMatchObject({ accepted: 2, importId: one.body.importId });
    expect(await send('[]')).toMatchObject({ status: 202, body: { accepted: 0, importId: null } });
  });

  test.each([
    ['0.1', '0.1'],
    ['1.81E-8', '0.0000000181'],
    ['12345678901234567890.123456789012345678', '12345678901234567890.123456789012345678'],
    ['9007199254740993', '9007199254740993'],
    ['1e3', '1000'],
    ['-0.0', '0'],
    ['1.10', '1.1'],
  ])('with the JSON number %s as quantity are taken digit by digit', async (number, quantity) => {
    const text = JSON.stringify(event(`n${number}`, { quantity: 'Q' })).replace('"Q"', number);
    expect(await send(text)).toMatchObject({ status: 202 });
    expect((await logged(`n${number}`)).quantity).toBe(quantity);
  });

  test('that are refused are named by their place, and keep no other out', async () => {
    const answer = await send(
      JSON.stringify([
        event('ok-1'),
        event('bad-1', { quantity: '0.0000000000000000001' }),
        event('ok-2'),
        event('bad-2', { time: '2026-10-01T05:00:00' }),
        { ...event('bad-3'), customer: '' },
        event('bad-4', { quantiy: 3 }),
        event('bad-5', { quantity: { value: 1 } }),
        event('bad-6', { customer: 'a\0b' }),
        'text',
        event(''),
      ]),
    );
    expect(answer.status).toBe(202);
    expect(answer.body.accepted).toBe(2);
    expect(answer.body.rejected.map(({ index, code, column }) => [index, code, column])).toEqual([
      [1, 'too_many_fraction_digits', 'quantity'],
      [3, 'missing_time_zone', 'time'],
      [4, 'missing_customer', 'customer'],
      [5, 'invalid_event', 'quantiy'],
      [6, 'invalid_event', 'quantity'],
      [7, 'nul_byte', null],
      [8, 'invalid_event', null],
      [9, 'missing_id', 'id'],
    ]);
    await logged('ok-1');
    await logged('ok-2');
  });

  test.each([
    ['{"id":"a"', {}, 400, 'invalid_request'],
    [new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'invalid_request'],
    ['a,b', { 'content-type': 'text/csv' }, 415, 'unsupported_media_type'],
    [JSON.stringify(event('x', { quantity: '' })), {}, 422, 'unprocessable'],
    [JSON.stringify([{ id: 'x' }]), { 'content-type': 'application/cloudevents+json' }, 400, 'invalid_request'],
    ['{}', { 'content-type': 'application/cloudevents-batch+json' }, 400, 'invalid_request'],
    [`[${'1,'.repeat(10_000)}1]`, {}, 413, 'payload_too_large'],
    [' '.repeat(4_194_305), {}, 413, 'payload_too_large'],
    ['{"id":"x","id":"y"}', {}, 400, 'invalid_request'],
  ])('as a whole are refused where the body is %.30s', async (body, headers, status, code) => {
    expect(await send(body, headers)).toMatchObject({ status, body: { code } });
  });

  test('have a source: the event as it was received', async () => {
    const text = `{"id": "src", "customer":"acme","meter":"calls",\r\n "time":"2026-10-01T05:00:00Z", "quantity": 1.50}`;
    const { body } = await send(`[${JSON.stringify(event('before'))},${text}]`);
    const { line, importId } = await logged('src');
    const stored = { files: ingest.platform.files, importId: body.importId ?? '', part: 'original' as const };
    expect(await readRecordAt(stored, NDJSON_DIALECT, line)).toMatchObject({ raw: text.replace('\r\n', ' ') });
    expect(importId).toBe(body.importId);
  });

  test('of a thousand calls at once become lines of one import', async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => send(JSON.stringify(event(`many-${n}`)))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.importId)).size).toBe(1);
    const many = (await eventsInLog(ingest.platform.log)).filter(({ id }) => id.startsWith('many-'));
    expect(many).toHaveLength(1_000);
    expect(new Set(many.map(({ line }) => line)).size).toBe(1_000);
  });

  test('go into another import once theirs is being undone', async () => {
    const first = await send(JSON.stringify(event('undone-1')));
    await ingest.platform.postgres.query(`UPDATE imports SET status = 'undoing', lease_owner = NULL, lease_until = NULL WHERE id = $1`, [
      first.body.importId,
    ]);
    const second = await send(JSON.stringify(event('undone-2')));
    expect(second.status).toBe(202);
    expect(second.body.importId).not.toBe(first.body.importId);
    expect((await logged('undone-2')).importId).toBe(second.body.importId);
  });

  test('settle when their server stops', async () => {
    const other = await ingest.replica('stops');
    const server = await ingest.serveAlone(other);
    const response = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      body: JSON.stringify(event('last')),
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    });
    const { importId } = (await response.json()) as EventsAnswer;
    await server.close();
    const { rows } = await ingest.platform.postgres.query('SELECT status, rows_read, lease_owner FROM imports WHERE id = $1', [importId]);
    expect(rows).toEqual([{ status: 'settling', rows_read: '1', lease_owner: null }]);
  });
});

const CLOUD_EVENT = {
  specversion: '1.0',
  id: '00001',
  source: '/service|0',
  type: 'requests',
  subject: 'customer-1',
  time: '2026-01-01T00:00:00.001Z',
  traceparent: '00-abc',
};

describe('CloudEvents', () => {
  const expected = {
    customer: 'customer-1',
    meter: 'requests',
    time: '2026-01-01T00:00:00.001000Z',
    quantity: '12.5',
    properties: '{"method":"GET","region":"eu"}',
  };
  const data = { quantity: 12.5, method: 'GET', properties: { region: 'eu' } };

  test('in structured mode', async () => {
    const sent = JSON.stringify({ ...CLOUD_EVENT, id: 's', data });
    expect(await send(sent, { 'content-type': 'application/cloudevents+json; charset=utf-8' })).toMatchObject({ status: 202 });
    expect(await logged('/service\\|0|s')).toMatchObject(expected);
  });

  test('in batch mode', async () => {
    const sent = JSON.stringify([
      { ...CLOUD_EVENT, id: 'b1', data },
      { ...CLOUD_EVENT, id: 'b2', data: { quantity: '3', meter: 'other' } },
      { ...CLOUD_EVENT, id: 'b3', data: {} },
      { ...CLOUD_EVENT, id: 'b4', specversion: '0.3', data },
    ]);
    const { body } = await send(sent, { 'content-type': 'application/cloudevents-batch+json' });
    expect(body).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 2, code: 'missing_quantity' },
        { index: 3, code: 'invalid_event' },
      ],
    });
    expect(await logged('/service\\|0|b1')).toMatchObject(expected);
    expect(await logged('/service\\|0|b2')).toMatchObject({ meter: 'other', quantity: '3', properties: '{}' });
  });

  test('in binary mode', async () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'bin',
      'ce-source': '/service%7C0',
      'ce-type': 'requests',
      'ce-subject': 'caf%C3%A9',
      'ce-time': '2026-01-01T00:00:00.001Z',
    };
    const { body } = await send(JSON.stringify(data).replace('12.5', '0.10'), headers);
    expect(body).toMatchObject({ accepted: 1 });
    expect(await logged('/service\\|0|bin')).toMatchObject({ ...expected, customer: 'café', quantity: '0.1' });
    expect(await send('x', { ...headers, 'content-type': 'text/plain' })).toMatchObject({ status: 400 });
  });

  test.each([
    ['id', 'missing_id'],
    ['source', 'missing_id'],
    ['type', 'missing_meter'],
    ['subject', 'missing_customer'],
    ['time', 'missing_time'],
  ])('without %s are refused', async (name, code) => {
    const sent = JSON.stringify({ ...CLOUD_EVENT, [name]: undefined, data });
    expect((await send(sent, { 'content-type': 'application/cloudevents+json' })).body.errors).toMatchObject([{ code }]);
  });
});

describe('a stream of NDJSON', () => {
  const open = (key: string, query: Record<string, string> = {}) =>
    startStream(url, { key: ADMIN_KEY, type: 'application/x-ndjson', query, headers: { 'idempotency-key': key } });

  test('takes events and CloudEvents by line, with ids of their own or of the stream', async () => {
    const client = await open('json');
    await client.send(`${JSON.stringify(event('own', { quantity: 'Q' })).replace('"Q"', '1.81E-8')}\n`);
    await client.send(`${JSON.stringify({ ...event(''), id: undefined })}\n{"broken\n\n`);
    await client.send(`${JSON.stringify({ ...CLOUD_EVENT, id: 'line', data: { quantity: 2 } })}\n`);
    expect(await client.durable(5)).toMatchObject({ accepted: 3, rejected: 1, durableLine: 5 });
    const last = await client.end();
    const events = (await eventsInLog(ingest.platform.log)).filter(({ importId }) => importId === last.importId);
    expect(events.map(({ line, quantity }) => [line, quantity])).toEqual([
      [1, '0.0000000181'],
      [2, '1'],
      [5, '2'],
    ]);
    expect(events.map(({ id }) => id)).toEqual(['own', expect.stringMatching(/:2$/), '/service\\|0|line']);
    const { rows } = await ingest.platform.postgres.query<{ errors: unknown }>('SELECT errors FROM imports WHERE id = $1', [last.importId]);
    expect(rows[0]?.errors).toMatchObject([{ code: 'invalid_json', examples: [{ line: 3, raw: '{"broken' }] }]);
    const rejected = await eventually('the rejected lines are there', async () => ingest.platform.files.read(last.importId, 'rejected'));
    expect(String(Buffer.concat(await rejected.toArray()))).toMatch(
      /^event,error_line,error_column,error_code,error_message\n"{""broken",3,,invalid_json,/,
    );
  });

  test('reads any flat objects by a mapping', async () => {
    const mapping = {
      id: 'uuid',
      customer: 'tenant',
      time: 'ts',
      timeFormat: 'epoch_ms',
      measures: [
        { meter: { const: 'in' }, quantity: 'bytesIn' },
        { meter: { const: 'out' }, quantity: 'bytesOut' },
      ],
      properties: ['region'],
    };
    const client = await open('mapped', { mapping: JSON.stringify(mapping) });
    await client.send('{"uuid":7,"tenant":"t","ts":1790000000123,"bytesIn":0.1,"bytesOut":2,"region":"eu","more":{"x":1}}\n');
    const { importId } = await client.end();
    const events = (await eventsInLog(ingest.platform.log)).filter((found) => found.importId === importId);
    expect(events).toHaveLength(2);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: '7:in', quantity: '0.1', properties: '{"region":"eu"}', time: '2026-09-21T14:13:20.123000Z' }),
        expect.objectContaining({ id: '7:out', quantity: '2' }),
      ]),
    );
  });
});
