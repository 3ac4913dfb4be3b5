/**
 * Streams and events into distributed mode: two ingest replicas on a real broker, killed, asleep or told to stop in the middle of a
 * stream, which goes on at the other one. Both stores hold every line once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { EventsAnswer } from '../../schemas/http/streams.ts';
import type { Source, UsageRecord } from '../../schemas/http/usage.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { untilShared } from '../support/kafka-group.ts';
import { expectStoresHold, type Usage } from '../support/stores.ts';
import { openStream, startStream, type StreamClient } from '../support/stream-client.ts';
import { sendStream } from '../support/stream-sender.ts';
import type { Tallyline } from '../support/tallyline.ts';

const LEASE_SECONDS = '3';
/** On a machine that is busy with others. */
const IMPORT_MS_MAX = 120_000;
const HEADER = 'customer,time,quantity\n';
/** Line n of a stream: all of them differ in quantity only, so nothing but the line can tell them apart. */
const lineOf = (n: number) => `c${n % 7},2026-01-01T00:00:00Z,${n}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => lineOf(from + n));

describe.skipIf(!kafkaAvailable)('with two ingest replicas and two consumers', () => {
  let cluster: Cluster;
  let replicas: [Tallyline, Tallyline];
  let api: Tallyline;
  let consumers: Tallyline[];
  /** Everything that was acknowledged so far. */
  const held: Usage = {};
  beforeAll(async () => {
    cluster = await startCluster({ environment: { TALLYLINE_LEASE_SECONDS: LEASE_SECONDS } });
    replicas = [await cluster.start('ingest'), await cluster.start('ingest')];
    api = await cluster.start('api');
    consumers = [await cluster.start('consumers'), await cluster.start('consumers')];
    await untilShared(cluster, 2);
  });
  afterAll(() => cluster?.close());

  /** Lines [from, to) of a stream. */
  function hold(meter: string, to: number, from = 2): void {
    for (let n = from; n < to; n += 1) {
      const { events, quantity } = held[`c${n % 7} ${meter}`] ?? { events: 0, quantity: '0' };
      held[`c${n % 7} ${meter}`] = { events: events + 1, quantity: String(BigInt(quantity) + BigInt(n)) };
    }
  }
  const mappingOf = (meter: string): Mapping => ({
    customer: 'customer',
    time: 'time',
    measures: [{ meter: { const: meter }, quantity: 'quantity' }],
  });
  const optionsOf = (at: Tallyline, meter: string, fromLine = 1) => ({
    key: at.key,
    headers: { 'idempotency-key': meter },
    query: { mapping: JSON.stringify(mappingOf(meter)), fromLine: String(fromLine) },
  });
  /** The key is the meter. */
  const open = (at: Tallyline, meter: string, fromLine = 1): Promise<StreamClient> =>
    startStream(at.url, optionsOf(at, meter, fromLine), fromLine === 1 ? HEADER : '');
  const idOf = (client: StreamClient) => client.answers[0]?.importId ?? '';

  async function completed(id: string, rows: number): Promise<Import> {
    const done = await eventually(
      `import ${id} is complete with ${rows} rows`,
      async () => {
        const view = await replicas[1].json<Import>(`/v1/imports/${id}`);
        return view.status === 'complete' && view.rows.new !== undefined && view;
      },
      IMPORT_MS_MAX,
    );
    expect(done).toMatchObject({
      rows: { read: rows, new: rows, known: 0, conflict: 0, rejected: 0 },
      events: { published: rows, accepted: rows, duplicate: 0, conflict: 0, dead: 0 },
    });
    return done;
  }
  /** In place of one that has ended; started as soon as its turn comes. */
  async function replace(n: 0 | 1): Promise<void> {
    replicas[n] = await cluster.start('ingest');
  }

  test('a stream whose replica is killed goes on at the other one, behind the last durable line', async () => {
    const end = 20_000;
    const first = await open(replicas[0], 'killed');
    await first.send(linesOf(2, 8_000).join(''));
    await first.durable(2_000);
    // On its way when the process dies.
    const sent = first.send(linesOf(8_000, 12_000).join(''));
    await replicas[0].kill();
    await sent;
    const durable = (await first.closed())?.durableLine ?? 0;
    expect(durable).toBeGreaterThanOrEqual(2_000);

    const second = await open(replicas[1], 'killed', durable + 1);
    expect(idOf(second)).toBe(idOf(first));
    await second.send(linesOf(durable + 1, end).join(''));
    expect(await second.end()).toMatchObject({ ended: 'complete', durableLine: end - 1, rejected: 0 });
    await completed(idOf(second), end - 2);
    hold('killed', end);
    await expectStoresHold(cluster, held);
    await replace(0);
  });

  test('one that nobody resumes is taken over by the other replica, and settles as far as it came', async () => {
    const client = await open(replicas[0], 'orphan');
    await client.send(linesOf(2, 3_000).join(''));
    await client.durable(2_999);
    await client.send('c1,2026-01-01T00');
    await replicas[0].kill();
    await completed(idOf(client), 2_998);
    hold('orphan', 3_000);
    await expectStoresHold(cluster, held);
    await replace(0);
    // Whoever comes back after that begins where it ended, at any replica.
    const later = await open(replicas[0], 'orphan', 3_000);
    await later.send(linesOf(3_000, 4_000).join(''));
    await later.end();
    await completed(idOf(client), 3_998);
    hold('orphan', 4_000, 3_000);
    await expectStoresHold(cluster, held);
  });

  test('a replica that wakes up after another went on with its stream publishes nothing more of it', async () => {
    const [sleeper, other] = replicas;
    const first = await open(sleeper, 'asleep');
    await first.send(linesOf(2, 1_000).join(''));
    await first.durable(999);
    process.kill(sleeper.pid, 'SIGSTOP');
    try {
      // What waits in its socket: other quantities than those that are sent again under the same numbers.
      await first.send('c1,2026-01-01T00:00:00Z,1000000\n'.repeat(50));
      const second = await open(other, 'asleep', 1_000);
      await second.send(linesOf(1_000, 2_000).join(''));
      await second.durable(1_999);
      process.kill(sleeper.pid, 'SIGCONT');
      expect(await first.closed()).toMatchObject({ ended: 'taken_over', durableLine: 999 });
      await second.send(linesOf(2_000, 2_500).join(''));
      expect(await second.end()).toMatchObject({ ended: 'complete', durableLine: 2_499 });
      await completed(idOf(second), 2_498);
    } finally {
      process.kill(sleeper.pid, 'SIGCONT');
    }
    hold('asleep', 2_500);
    await expectStoresHold(cluster, held);
  });

  test('two senders with one key at both replicas at once end with every line once', async () => {
    const lines = [HEADER, ...linesOf(2, 2_000)];
    let turn = 0;
    const sender = (pieceLines: number) =>
      sendStream({
        connect: () => replicas[(turn += 1) % 2] as Tallyline,
        idempotencyKey: 'both',
        type: 'text/csv',
        query: { mapping: JSON.stringify(mappingOf('both')) },
        lines,
        pieceLines,
        pauseMs: 10,
        overlapLines: 3,
        cuts: [300, 900],
        signal: AbortSignal.timeout(IMPORT_MS_MAX),
      });
    // Who is interrupted comes back, and so interrupts the other: the quicker one gets through first.
    const [quick, slow] = await Promise.all([sender(400), sender(150)]);
    expect(quick.importId).toBe(slow.importId);
    await completed(quick.importId, 1_998);
    hold('both', 2_000);
    await expectStoresHold(cluster, held);
  });

  test('a replica that is told to stop says so, and the stream goes on elsewhere while a consumer dies', async () => {
    const first = await open(replicas[0], 'stopped');
    await first.send(linesOf(2, 2_000).join(''));
    await first.durable(1_000);
    expect(await replicas[0].stop()).toBe(0);
    const last = await first.closed();
    expect(last).toMatchObject({ ended: 'stopping', durableLine: 1_999 });
    const second = await open(replicas[1], 'stopped', 2_000);
    await second.send(linesOf(2_000, 5_000).join(''));
    await consumers[0]?.kill();
    await second.send(linesOf(5_000, 9_000).join(''));
    expect(await second.end()).toMatchObject({ ended: 'complete', durableLine: 8_999 });
    await completed(idOf(second), 8_998);
    hold('stopped', 9_000);
    await expectStoresHold(cluster, held);
    await Promise.all([replace(0), cluster.start('consumers')]);
    await untilShared(cluster, 2);
  });

  test('lines have their source, and a gap, another line and a second header their refusal, at the replica that did not take them', async () => {
    const client = await open(replicas[0], 'sources');
    await client.send(linesOf(2, 600).join(''));
    await client.durable(599);
    client.cut();
    await completed(idOf(client), 598);
    hold('sources', 600);
    const { items } = await api.json<{ items: UsageRecord[] }>(`/v1/records?import=${idOf(client)}&limit=1000`);
    const key = items.find(({ line }) => line === 444)?.key ?? '';
    expect(await api.json<Source>(`/v1/records/${key}/source?context=1`)).toMatchObject({
      line: 444,
      raw: lineOf(444).trim(),
      before: [{ line: 443, raw: lineOf(443).trim() }],
    });
    expect(await (await replicas[1].fetch(`/v1/imports/${idOf(client)}/file`)).text()).toBe([HEADER, ...linesOf(2, 600)].join(''));
    const refused = (fromLine: number, body: string) => openStream(replicas[1].url, optionsOf(replicas[1], 'sources', fromLine), body);
    expect(await refused(602, lineOf(602))).toMatchObject({ status: 409, body: { code: 'stream_gap' } });
    for (const [fromLine, body, code] of [
      [599, 'c9,2026-01-01T00:00:00Z,1\n', 'idempotency_key_reused'],
      [600, HEADER, 'invalid_request'],
    ] as const) {
      const again = await startStream(replicas[1].url, optionsOf(replicas[1], 'sources', fromLine), body);
      expect(await again.end(), code).toMatchObject({ ended: 'refused', durableLine: 599, problem: { code } });
    }
    await completed(idOf(client), 598);
    await expectStoresHold(cluster, held);
  });

  describe('events', () => {
    const TIME = '2026-01-01T00:00:00Z';
    const cloudEvent = (id: string) => ({ specversion: '1.0', source: 'shop', type: 'clouds', subject: 'c1', time: TIME, id });
    const post = (at: Tallyline, body: string, headers: Record<string, string>) =>
      at.json<EventsAnswer>('/v1/events', { method: 'POST', body, headers });

    test('in JSON and in all modes of CloudEvents, at both replicas, are billed once', async () => {
      const own = ['1', '2'].map((id) => ({ id, customer: 'c1', meter: 'clouds', time: TIME, quantity: '0.1' }));
      for (const at of [...replicas, ...replicas]) {
        await post(at, JSON.stringify(own), { 'content-type': 'application/json' });
        await post(at, JSON.stringify({ ...cloudEvent('s'), data: { quantity: 0.1 } }), { 'content-type': 'application/cloudevents+json' });
        await post(at, JSON.stringify([{ ...cloudEvent('b'), data: { quantity: 0.2 } }]), {
          'content-type': 'application/cloudevents-batch+json',
        });
        await post(at, '{"quantity":1.81E-8}', {
          'content-type': 'application/json',
          ...Object.fromEntries(Object.entries(cloudEvent('n')).map(([name, value]) => [`ce-${name}`, value])),
        });
      }
      held['c1 clouds'] = { events: 5, quantity: '0.5000000181' };
      await eventually('both stores have them', () => expectStoresHold(cluster, held).then(() => true, () => false)); // prettier-ignore
      const { items } = await api.json<{ items: UsageRecord[] }>('/v1/records?meter=clouds');
      const key = items.find(({ id }) => id === 'shop|s')?.key ?? '';
      expect((await api.json<Source>(`/v1/records/${key}/source?context=0`)).raw).toContain('"id":"s"');
    });

    test('that were acknowledged survive the death of their replica; the others are sent again to the next', async () => {
      const send = async (at: Tallyline, n: number) => {
        const event = { id: `e${n}`, customer: 'c2', meter: 'survivors', time: TIME, quantity: 2 };
        await post(at, JSON.stringify(event), { 'content-type': 'application/json' });
      };
      const sent = Array.from({ length: 400 }, (_, n) => ({ n, answer: send(replicas[0], n) }));
      await Promise.any(sent.map(({ answer }) => answer));
      await replicas[0].kill();
      const outcomes = await Promise.all(sent.map(({ n, answer }) => answer.then(() => undefined, () => n))); // prettier-ignore
      const unanswered = outcomes.filter((n) => n !== undefined);
      expect(unanswered.length).toBeLessThan(sent.length);
      await Promise.all(unanswered.map((n) => send(replicas[1], n)));
      held['c2 survivors'] = { events: 400, quantity: '800' };
      await eventually('both stores have them', () => expectStoresHold(cluster, held).then(() => true, () => false)); // prettier-ignore
      await replace(0);
    });
  });
});
