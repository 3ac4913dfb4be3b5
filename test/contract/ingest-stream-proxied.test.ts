/** Streams through proxies: answered at their end, unless the proxy says that it takes and answers at the same time. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamAnswer } from '../../schemas/http/streams.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, CSV, MAPPING, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { startStream } from '../support/stream-client.ts';
import { keyed, rowsOf } from '../support/streams.ts';

let ingest: TestIngest;
let url: string;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  ingest = await openTestIngest();
  url = await ingest.serve(ingest.platform);
});
afterAll(async () => {
  agent.destroy();
  await ingest.close();
});

/** A stream whose answer is not waited for before its body has ended. */
function begin(key: string, headers: Record<string, string>) {
  const call = request(`${url}/v1/stream?${new URLSearchParams({ mapping: MAPPING })}`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv', 'idempotency-key': key, ...headers },
  });
  const response = once(call, 'response').then(([answer]) => answer as IncomingMessage);
  let isAnswered = false;
  response.then(
    () => (isAnswered = true),
    () => undefined,
  );
  return { call, response, isAnswered: () => isAnswered };
}

const linesRead = async (key: string) => {
  const { rows } = await ingest.platform.postgres.query<{ lines_read: string }>(`SELECT lines_read FROM imports WHERE idempotency_key = $1`, [key]); // prettier-ignore
  return Number(rows[0]?.lines_read ?? 0);
};

describe('a stream', () => {
  test.each([
    { via: '1.1 proxy' },
    { forwarded: 'for=192.0.2.1' },
    { 'x-forwarded-for': '192.0.2.1' },
    { 'x-forwarded-proto': 'https', 'tallyline-full-duplex': '0' },
  ])('with %j is published as it comes, and answered once it has ended', async (headers) => {
    const key = JSON.stringify(headers);
    const { call, response, isAnswered } = begin(key, headers);
    call.write(CSV + rowsOf(2));
    await eventually('lines are in the log', async () => (await linesRead(key)) === 3);
    call.write(rowsOf(2, 2));
    await eventually('more lines are in the log', async () => (await linesRead(key)) === 5);
    expect(isAnswered()).toBe(false);
    call.end();
    const answer = await response;
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    const lines = (await text(answer)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as StreamAnswer)).toMatchObject([{ ended: 'complete', durableLine: 5, accepted: 4 }]);
  });

  test('that could not be begun is told so before its end', async () => {
    const { call, response } = begin('refused', { via: '1.1 proxy' });
    call.write(CSV.replace('time', 'when') + rowsOf(1));
    const answer = await response;
    expect(answer.statusCode).toBe(422);
    answer.resume();
    call.end();
  });

  test('that was cut before it was answered is sent again from its first line, and taken once', async () => {
    const { call } = begin('cut', { via: '1.1 proxy' });
    call.on('error', () => undefined);
    call.write(CSV + rowsOf(4));
    await eventually('lines are in the log', async () => (await linesRead('cut')) === 5);
    call.destroy();
    const again = await startStream(url, keyed('cut'), CSV + rowsOf(6));
    expect(await again.end()).toMatchObject({ ended: 'complete', durableLine: 7, accepted: 2, known: 5 });
  });

  test('through one that can do both is answered while it is sent', async () => {
    const options = keyed('duplex');
    const headers = { ...options.headers, via: '1.1 proxy', 'tallyline-full-duplex': '1' };
    const client = await startStream(url, { ...options, headers }, CSV + rowsOf(2));
    await client.durable(3);
    await client.send(rowsOf(1, 2));
    expect(await client.end()).toMatchObject({ ended: 'complete', durableLine: 4 });
  });
});
