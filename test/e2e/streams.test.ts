/** Streams into the real program: killed in the middle of one, stopped, undone, and with a hundred thousand lines through one. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import type { EventsAnswer } from '../../schemas/http/streams.ts';
import type { Source, UsageRecord } from '../../schemas/http/usage.ts';
import { eventually } from '../support/eventually.ts';
import { usageTotals } from '../support/imports.ts';
import { startStream, type StreamClient } from '../support/stream-client.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const KILL_AT_MOMENT = fileURLToPath(new URL('../faults/suite/kill-at-moment.ts', import.meta.url));

let tallyline: Tallyline;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let env: Record<string, string>;

beforeAll(async () => {
  directory = await makeDataDirectory('tallyline-streams-');
  env = {
    TALLYLINE_ADMIN_KEY: 'a-key-that-is-long-enough',
    TALLYLINE_KILL_FILE: join(directory.path, '..', 'kill'),
    NODE_OPTIONS: `--import=${KILL_AT_MOMENT}`,
  };
  tallyline = await startTallyline({ dataDirectory: directory.path, env });
});
afterAll(async () => {
  await tallyline.stop();
  await directory.remove();
});

const restart = async () => {
  tallyline = await startTallyline({ dataDirectory: directory.path, env });
};

const HEADER = 'customer,time,quantity\n';
/** Line n of a stream: all of them differ in quantity only, so nothing but the line can tell them apart. */
const lineOf = (n: number) => `c${n % 7},2026-01-01T00:00:00Z,${n}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => lineOf(from + n)).join('');
/** Of the lines [2, to). */
const sumTo = (to: number) => String(((to - 1) * to) / 2 - 1);

function open(key: string, meter: string, fromLine: number): Promise<StreamClient> {
  const mapping = { customer: 'customer', time: 'time', measures: [{ meter: { const: meter }, quantity: 'quantity' }] };
  return startStream(
    tallyline.url,
    { key: tallyline.key, headers: { 'idempotency-key': key }, query: { mapping: JSON.stringify(mapping), fromLine: String(fromLine) } },
    fromLine === 1 ? HEADER : '',
  );
}

async function completed(id: string): Promise<Import> {
  return eventually(`import ${id} is complete`, async () => {
    const found = await tallyline.json<Import>(`/v1/imports/${id}`);
    return found.status === 'complete' && found;
  });
}

describe('a stream into a program that is killed', () => {
  test.each([
    ['received', 3],
    ['published', 2],
    ['published', 5],
  ])('at its moment "%s" (%i) is resumed, and billed once to the last line', async (moment, nth) => {
    const [key, meter, end] = [`killed-${moment}-${nth}`, `meter-${moment}-${nth}`, 3_000];
    let client = await open(key, meter, 1);
    await writeFile(env['TALLYLINE_KILL_FILE'] as string, `${moment}:${nth}`);
    let next = 2;
    const closed = client.closed();
    const isGone = Promise.race([closed, tallyline.ended]).then(() => true);
    while (next < end) {
      await client.send(linesOf(next, next + 20));
      next += 20;
      const goesOn = client.durable(next - 1).then(
        () => false,
        () => true,
      );
      if (await Promise.race([isGone, goesOn])) break;
    }
    await tallyline.ended;
    expect(next).toBeLessThan(end);
    const durable = (await closed)?.durableLine ?? 0;
    expect(durable).toBeLessThan(next);
    await restart();
    // Whoever sent it knows the last answer only; before it comes back, the import settles as far as it came.
    client = await open(key, meter, durable + 1);
    await client.send(linesOf(Math.max(2, durable + 1), end));
    const last = await client.end();
    expect(last).toMatchObject({ ended: 'complete', durableLine: end - 1, rejected: 0 });
    expect(await completed(last.importId)).toMatchObject({
      form: 'stream',
      identity: 'key',
      rows: { read: end - 2, new: end - 2, known: 0, conflict: 0, rejected: 0 },
      events: { published: end - 2, accepted: end - 2, duplicate: 0, conflict: 0, dead: 0 },
    });
    expect(await usageTotals(tallyline, { meter })).toEqual({ [meter]: sumTo(end) });
  });

  test('and that is never resumed settles as far as it came', async () => {
    const client = await open('orphan', 'orphaned', 1);
    await client.send(linesOf(2, 500));
    await client.durable(499);
    await client.send('c1,2026-01-01T00');
    await tallyline.kill();
    await restart();
    const id = client.answers[0]?.importId ?? '';
    expect(await completed(id)).toMatchObject({ rows: { read: 498, new: 498 }, events: { accepted: 498 } });
    expect(await usageTotals(tallyline, { meter: 'orphaned' })).toEqual({ orphaned: sumTo(500) });
  });
});

describe('a stream', () => {
  test('is told when the program stops, and goes on with the next one', async () => {
    const client = await open('stopped', 'stopped', 1);
    await client.send(linesOf(2, 100));
    await client.durable(99);
    expect(await tallyline.stop()).toBe(0);
    const last = await client.closed();
    expect(last).toMatchObject({ ended: 'stopping', durableLine: 99 });
    await restart();
    const again = await open('stopped', 'stopped', 100);
    await again.send(linesOf(100, 200));
    const { importId } = await again.end();
    expect(await completed(importId)).toMatchObject({ rows: { read: 198, new: 198 } });
    expect(await usageTotals(tallyline, { meter: 'stopped' })).toEqual({ stopped: sumTo(200) });
  });

  test('of a hundred thousand lines stays flat in memory, whether or not its sender reads the answers', async () => {
    const residentMb = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${tallyline.pid}/status`, 'utf8'))?.[1]) / 1024;
    const before = await residentMb();
    const client = await open('long', 'long', 1);
    client.pause();
    let most = 0;
    for (let n = 2; n < 100_002; n += 1_000) {
      await client.send(linesOf(n, n + 1_000));
      most = Math.max(most, await residentMb());
    }
    client.resume();
    const last = await client.end();
    expect(last).toMatchObject({ ended: 'complete', durableLine: 100_001, accepted: 100_000 });
    // 3 MB of lines are 20 MB of events: what is kept of them would be seen here.
    expect(most - before).toBeLessThan(400);
    await completed(last.importId);
    expect(await usageTotals(tallyline, { meter: 'long' })).toEqual({ long: sumTo(100_002) });
  });

  test('is undone while it is open, and its sender is told', async () => {
    const client = await open('undone', 'undone', 1);
    await client.send(linesOf(2, 50));
    await client.durable(49);
    const id = client.answers[0]?.importId ?? '';
    expect((await tallyline.fetch(`/v1/imports/${id}/undo`, { method: 'POST' })).status).toBe(202);
    await client.send(linesOf(50, 60));
    expect(await client.closed()).toMatchObject({ ended: 'undone', durableLine: 49 });
    await eventually('it is undone', async () => (await tallyline.json<Import>(`/v1/imports/${id}`)).status === 'undone');
    expect(await usageTotals(tallyline, { meter: 'undone' })).toEqual({});
    // The key is free: the corrected stream begins anew.
    const anew = await open('undone', 'undone', 1);
    await anew.send(linesOf(2, 10));
    await completed((await anew.end()).importId);
    expect(await usageTotals(tallyline, { meter: 'undone' })).toEqual({ undone: sumTo(10) });
  });

  test('has its lines as sources, its rejected lines and its text while it is open', async () => {
    const client = await open('sources', 'sources', 1);
    await client.send(linesOf(2, 1_000) + 'c1,2026-01-01T00:00:00Z,many\n');
    await client.durable(1_000);
    const id = client.answers[0]?.importId ?? '';
    const { items } = await eventually('records are there', async () => {
      const page = await tallyline.json<{ items: UsageRecord[] }>(`/v1/records?import=${id}&limit=1000`);
      return page.items.length === 998 && page;
    });
    const record = items.find(({ line }) => line === 777);
    const source = await tallyline.json<Source>(`/v1/records/${record?.key}/source?context=1`);
    expect(source).toMatchObject({
      line: 777,
      column: 'quantity',
      header: ['customer', 'time', 'quantity'],
      raw: lineOf(777).trim(),
      before: [{ line: 776, raw: lineOf(776).trim() }],
      after: [{ line: 778, raw: lineOf(778).trim() }],
    });
    const file = await (await tallyline.fetch(`/v1/imports/${id}/file`)).text();
    expect(file).toBe(`${HEADER}${linesOf(2, 1_000)}c1,2026-01-01T00:00:00Z,many\n`);
    const rejected = await (await tallyline.fetch(`/v1/imports/${id}/rejected.csv`)).text();
    expect(rejected).toMatch(/\nc1,2026-01-01T00:00:00Z,many,1000,quantity,invalid_number,/);
    await client.end();
    expect(await completed(id)).toMatchObject({ rows: { read: 999, new: 998, rejected: 1 } });
  });
});

describe('events', () => {
  const CLOUD_EVENT = { specversion: '1.0', source: 'api', type: 'clouds', subject: 'c1', time: '2026-01-01T00:00:00Z' };
  const send = (body: string, headers: Record<string, string>) =>
    tallyline.json<EventsAnswer>('/v1/events', { method: 'POST', body, headers });

  test('in JSON and in all modes of CloudEvents are billed once, to the digit, however often they are sent', async () => {
    const big = '12345678901234567890.123456789012345678';
    const own = `[{"id":"1","customer":"c1","meter":"clouds","time":"2026-01-01T00:00:00Z","quantity":${big}},
      {"id":"2","customer":"c1","meter":"clouds","time":"2026-01-01T00:00:00Z","quantity":"0.1"}]`;
    for (let times = 0; times < 2; times += 1) {
      await send(own, { 'content-type': 'application/json' });
      await send(JSON.stringify({ ...CLOUD_EVENT, id: 's', data: { quantity: 0.1 } }), { 'content-type': 'application/cloudevents+json' });
      await send(JSON.stringify([{ ...CLOUD_EVENT, id: 'b', data: { quantity: 0.2 } }]), {
        'content-type': 'application/cloudevents-batch+json',
      });
      await send('{"quantity":1.81E-8}', {
        'content-type': 'application/json',
        ...Object.fromEntries(Object.entries({ ...CLOUD_EVENT, id: 'n' }).map(([name, value]) => [`ce-${name}`, value])),
      });
    }
    await eventually('all of them are counted', async () => {
      const { items } = await tallyline.json<{ items: UsageRecord[] }>('/v1/records?meter=clouds');
      return items.length === 5;
    });
    // 0.1 + 0.1 + 0.2 + 0.0000000181 + the large one.
    await eventually('the total is exact', async () => {
      const totals = await usageTotals(tallyline, { meter: 'clouds' });
      return totals['clouds'] === '12345678901234567890.523456807112345678';
    });
    const { items } = await tallyline.json<{ items: UsageRecord[] }>('/v1/records?meter=clouds');
    const record = items.find(({ id }) => id === 'api|n');
    expect((await tallyline.json<Source>(`/v1/records/${record?.key}/source?context=0`)).raw).toBe(
      '{"specversion":"1.0","source":"api","type":"clouds","subject":"c1","time":"2026-01-01T00:00:00Z","id":"n","datacontenttype":"application/json","data":{"quantity":1.81E-8}}',
    );
  });

  test('that were acknowledged survive a kill', async () => {
    const event = (id: string) => JSON.stringify({ id, customer: 'c1', meter: 'survivors', time: '2026-01-01T00:00:00Z', quantity: '2' });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => send(event(`e${n}`), { 'content-type': 'application/json' })));
    await tallyline.kill();
    await restart();
    expect(await completed(answers[0]?.importId ?? '')).toMatchObject({
      form: 'events',
      name: expect.stringMatching(/^events-/) as string,
    });
    expect(await usageTotals(tallyline, { meter: 'survivors' })).toEqual({ survivors: '100' });
  });
});
