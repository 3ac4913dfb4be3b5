/** Ingest as processes of their own, while the broker, Postgres and ClickHouse are killed, and while one of them sleeps. */
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import { brokerIsOurs, startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, importPath } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';

const ROWS = 200_000;
const MAPPING: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }] };
const HEADER = 'id,customer,time,quantity\n';
/** Per second. kafkajs tries some six times in as many seconds for each of its three sets of connections; a hot loop tries thousands. */
const ATTEMPTS_MAX = 50;

function rowsOf(count: number, prefix: string): string {
  return Array.from({ length: count }, (_, n) => `${prefix}${n},customer-${n % 97},2026-01-0${(n % 9) + 1}T05:00:00Z,0.25\n`).join('');
}

describe.skipIf(!brokerIsOurs)('ingest', () => {
  let cluster: Cluster;
  let ingest: Tallyline;

  beforeAll(async () => {
    cluster = await startCluster({ proxied: true, partitions: 2, environment: { TALLYLINE_LEASE_SECONDS: '3' } });
    ingest = await cluster.start('ingest');
  });
  afterAll(() => cluster?.close());

  const accept = (text: string, name: string) => importFile(ingest, HEADER + text, { mapping: MAPPING, name, wait: false });
  const importOf = (id: string) => ingest.json<Import>(`/v1/imports/${id}`);

  async function expectRefused(what: string): Promise<void> {
    const refused = await eventually(`${what}: an upload is refused`, async () => {
      const response = await ingest.fetch(importPath({ mapping: MAPPING, wait: false }), {
        method: 'POST',
        body: HEADER + rowsOf(100_000, 'refused-'),
      });
      return response.status === 503 && response;
    });
    expect([refused.headers.get('retry-after'), await refused.json()]).toMatchObject(['5', { code: 'store_unavailable', status: 503 }]);
    // Without its body being asked for, once the server knows: what it has found out about its stores is good for a moment.
    await eventually(`${what}: an upload is refused before its body`, async () => (await answerToHead()).startsWith('HTTP/1.1 503 '));
  }

  /** Of an upload whose sender waits to be told that it may send its body; up to the end of the first answer's head. */
  async function answerToHead(): Promise<string> {
    const { hostname, port } = new URL(ingest.url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    const head = [
      `PUT ${importPath({ mapping: MAPPING, wait: false })} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${ingest.key}`,
      'content-length: 1000000000',
      'expect: 100-continue',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    let answer = '';
    for await (const piece of socket.setEncoding('utf8')) {
      answer += piece;
      if (answer.includes('\r\n\r\n')) break;
    }
    return answer;
  }

  test('accepts and publishes while ClickHouse is away', async () => {
    await cluster.clickhouse.kill();
    const { id } = await accept(rowsOf(1_000, 'a'), 'clickhouse.csv');
    await eventually('it is published', async () => (await importOf(id)).status === 'settling');
    await cluster.clickhouse.start();
  });

  test('refuses while the broker is away, tries at a bounded rate, and finishes what it had accepted', async () => {
    const { id } = await accept(rowsOf(ROWS, 'b'), 'broker.csv');
    await cluster.kafka.kill();
    const [connections, since] = [cluster.proxies.kafka.connections, Date.now()];
    const printed = ingest.output().length;
    await expectRefused('the broker is away');
    await eventually('the publisher gives up for the time being', () =>
      Promise.resolve(/(publishing failed|not acknowledged), trying again/.test(ingest.output().slice(printed))),
    );
    const seconds = Math.ceil((Date.now() - since) / 1_000);
    expect(cluster.proxies.kafka.connections - connections).toBeLessThan(ATTEMPTS_MAX * seconds);
    expect(ingest.output().slice(printed).split('\n').length).toBeLessThan(ATTEMPTS_MAX * seconds);
    await cluster.kafka.restart();
    const published = await eventually(
      'it is published',
      async () => {
        const view = await importOf(id);
        return view.status === 'settling' && view;
      },
      120_000,
    );
    expect([published.rows.read, published.events.published]).toEqual([ROWS, ROWS]);
  });

  test('refuses while Postgres is away, on every route, and finishes what it had accepted', async () => {
    await eventually('uploads are accepted again', async () => {
      const response = await ingest.fetch(importPath({ mapping: MAPPING, wait: false }), {
        method: 'POST',
        body: HEADER + rowsOf(1, 'again'),
      });
      return response.status === 202;
    });
    const { id } = await accept(rowsOf(ROWS, 'c'), 'postgres.csv');
    await cluster.postgres.kill();
    const [connections, since] = [cluster.proxies.postgres.connections, Date.now()];
    const printed = ingest.output().length;
    await expectRefused('Postgres is away');
    const listed = await ingest.fetch('/v1/imports');
    expect([listed.status, listed.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await ingest.fetch('/health/ready')).status).toBe(503);
    expect((await ingest.fetch('/health/live')).status).toBe(200);
    await eventually('the publisher gives up for the time being', () =>
      Promise.resolve(ingest.output().slice(printed).includes('failed, trying again')),
    );
    const seconds = Math.ceil((Date.now() - since) / 1_000);
    expect(cluster.proxies.postgres.connections - connections).toBeLessThan(ATTEMPTS_MAX * seconds);
    expect(ingest.output().slice(printed).split('\n').length).toBeLessThan(ATTEMPTS_MAX * seconds);
    await cluster.postgres.restart();
    await eventually('it is published', async () => (await importOf(id).catch(() => undefined))?.status === 'settling', 120_000);
  });

  test('fails the upload of a process that sleeps, which tells its sender when it wakes up', async () => {
    const other = await cluster.start('ingest');
    const { hostname, port } = new URL(ingest.url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    const head = [
      `PUT ${importPath({ mapping: MAPPING, name: 'asleep.csv', wait: false })} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${ingest.key}`,
      `content-length: ${HEADER.length + 1_000_000}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${HEADER}`);
    const statusOf = async () =>
      (await other.json<{ items: Import[] }>('/v1/imports')).items.find(({ name }) => name === 'asleep.csv')?.status;
    await eventually('it is received', async () => (await statusOf()) === 'received');
    process.kill(ingest.pid, 'SIGSTOP');
    try {
      await eventually('it is given up', async () => (await statusOf()) === 'failed');
    } finally {
      process.kill(ingest.pid, 'SIGCONT');
    }
    socket.write('x'.repeat(1_000_000));
    await eventually('its sender is told', () => Promise.resolve(answer.includes('upload it again')));
    expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5\r\n/);
    socket.destroy();
    expect(await statusOf()).toBe('failed');
  });

  test('has then lost nothing and doubled nothing', async () => {
    await cluster.start('consumers');
    for (const [name, rows] of Object.entries({ 'clickhouse.csv': 1_000, 'broker.csv': ROWS, 'postgres.csv': ROWS })) {
      const done = await eventually(
        `${name} is complete`,
        async () => {
          const { items } = await ingest.json<{ items: Import[] }>('/v1/imports');
          return items.find((item) => item.name === name && item.status === 'complete');
        },
        120_000,
      );
      expect([name, done.rows, done.events]).toEqual([
        name,
        { read: rows, new: rows, known: 0, conflict: 0, rejected: 0 },
        { published: rows, accepted: rows, duplicate: 0, conflict: 0, dead: 0 },
      ]);
    }
  });
});
