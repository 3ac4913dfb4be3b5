/**
 * The real gateway (gateway/Caddyfile, in the Caddy that the machine has) before processes of one role each. `without full duplex`: as for a
 * Caddy that is too old for the option, and as behind any proxy that cannot answer a request that it still takes.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import { caddyAvailable, caddyIsNew } from '../support/caddy.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { queryDatabase } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { importPath, usageTotals } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { startStream, type StreamOptions } from '../support/stream-client.ts';
import { sendStream, type SentStream } from '../support/stream-sender.ts';
import type { Tallyline } from '../support/tallyline.ts';

const IMPORT_MS_MAX = 120_000;
const MAPPING = (meter: string): Mapping => ({
  customer: 'customer',
  time: 'time',
  measures: [{ meter: { const: meter }, quantity: 'quantity' }],
});
const HEADER = 'customer,time,quantity\n';
const lineOf = (n: number) => `c${n % 7},2026-01-01T00:00:00Z,${n}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => lineOf(from + n));
/** Of the lines [2, to). */
const sumTo = (to: number) => String(((to - 1) * to) / 2 - 1);
/** More than the buffers between a sender and a file could hold. */
const LARGE_BYTES = 24_000_000;
/** Wide, so that there are not too many of them to be billed. */
const wideLineOf = (n: number) => `c${n % 7},2026-01-${String(1 + (n % 28)).padStart(2, '0')}T00:00:00Z,${n},${'.'.repeat(1_000)}\n`;

describe.skipIf(!caddyAvailable || !kafkaAvailable).each([...(caddyIsNew ? ['as it is'] : []), 'without full duplex'])(
  'the gateway, %s',
  (how) => {
    const fullDuplex = how === 'as it is';
    let cluster: Cluster;
    let ingest: Tallyline;
    let api: Tallyline;
    let gateway: Gateway;
    beforeAll(async () => {
      cluster = await startCluster({ partitions: 2, environment: { TALLYLINE_LEASE_SECONDS: '3' } });
      ingest = await cluster.start('ingest');
      api = await cluster.start('api,consumers');
      const dashboard = await cluster.start('dashboard');
      gateway = await startGateway({ ingest: ingest.url, api: api.url, dashboard: dashboard.url }, { fullDuplex });
    });
    afterAll(async () => {
      await gateway?.stop();
      await cluster?.close();
    });

    const call = (path: string, init: RequestInit = {}) =>
      fetch(gateway.url + path, { ...init, headers: { authorization: `Bearer ${api.key}`, ...init.headers } });
    const completed = (id: string) =>
      eventually(
        `import ${id} is complete`,
        async () => {
          const view = (await (await call(`/v1/imports/${id}`)).json()) as Import;
          return view.status === 'complete' && view.rows.new !== undefined && view;
        },
        IMPORT_MS_MAX,
      );
    const optionsOf = (meter: string): StreamOptions => ({
      key: api.key,
      headers: { 'idempotency-key': meter },
      query: { mapping: JSON.stringify(MAPPING(meter)) },
      keepAlive: true,
    });
    const send = (meter: string, lines: readonly string[], options: { cuts?: number[]; pieceLines?: number } = {}): Promise<SentStream> =>
      sendStream({
        connect: () => ({ url: gateway.url, key: api.key }),
        idempotencyKey: meter,
        type: 'text/csv',
        query: { mapping: JSON.stringify(MAPPING(meter)) },
        lines,
        pieceLines: 50,
        pauseMs: 5,
        overlapLines: 10,
        cuts: [],
        ...options,
        keepAlive: true,
        signal: AbortSignal.timeout(IMPORT_MS_MAX),
      });
    const linesRead = async (meter: string) => {
      const { rows } = await queryDatabase<{ lines_read: string }>(
        cluster.postgresUrl,
        `SELECT lines_read FROM imports WHERE idempotency_key = '${meter}'`,
      );
      return Number(rows[0]?.lines_read ?? 0);
    };

    test('sends pages to the dashboard, files to ingest, and what an import did to invoices to the api', async () => {
      const page = await call('/imports', { headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
        200,
        expect.stringContaining('text/html'),
        expect.stringContaining('<html'),
      ]);
      const text = HEADER + linesOf(2, 100).join('');
      const imported = await call(importPath({ mapping: { ...MAPPING('routes'), identity: 'row' } }), {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'text/csv' },
      });
      const { id, status } = (await imported.json()) as Import;
      expect([imported.status, status]).toEqual([200, 'complete']);
      for (const path of [
        `/v1/imports/${id}`,
        `/v1/imports/${id}/effect`,
        `/v1/imports/${id}/suspected-doubles`,
        '/v1/profiles',
        '/health/ready',
        '/openapi.json',
      ])
        expect([path, (await call(path)).status]).toEqual([path, 200]);
      // Each role by itself refuses what is the other's.
      expect((await ingest.fetch(`/v1/imports/${id}/effect`)).status).toBe(404);
      expect((await api.fetch(`/v1/imports/${id}`)).status).toBe(404);
      expect(await (await call(`/v1/imports/${id}/file`)).text()).toBe(text);
    });

    test('passes a large upload on while it is sent, and keeps none of it', async () => {
      const upload = request(gateway.url + importPath({ mapping: { ...MAPPING('large'), identity: 'row' }, wait: false }), {
        method: 'POST',
        agent: new Agent({ keepAlive: true }),
        headers: { authorization: `Bearer ${api.key}`, 'content-type': 'text/csv', 'transfer-encoding': 'chunked' },
      });
      const answered = once(upload, 'response');
      let [next, sent] = [2, 0];
      const write = async (until: number) => {
        while (sent < until) {
          const line = wideLineOf(next);
          next += 1;
          sent += line.length;
          if (!upload.write(line)) await once(upload, 'drain');
        }
      };
      upload.write('customer,time,quantity,note\n');
      await write(LARGE_BYTES / 2);
      await eventually('ingest has most of what was sent so far', async () => (await bytesIncoming(cluster)) > LARGE_BYTES / 3);
      await write(LARGE_BYTES);
      upload.end();
      const [response] = (await answered) as [IncomingMessage];
      expect(response.statusCode).toBe(202);
      const [body] = (await once(response.setEncoding('utf8'), 'data')) as [string];
      expect(await completed((JSON.parse(body) as Import).id)).toMatchObject({ rows: { read: next - 2, new: next - 2, rejected: 0 } });
      const residentMb = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1_024;
      // Caddy itself is some 50 MB; the upload would come on top.
      expect(residentMb).toBeLessThan(120);
      expect(await usageTotals(api, { meter: 'large' })).toEqual({ large: sumTo(next) });
    });

    test('brings a stream through whole, whose sender and whose ingest process break off in its middle', async () => {
      const lines = [HEADER, ...linesOf(2, 6_000)];
      const sending = send('stream', lines, { cuts: [700, 2_500] });
      await eventually('half of it is there', async () => (await linesRead('stream')) > 3_000);
      const port = new URL(ingest.url).port;
      await ingest.kill();
      // At its address: the gateway knows no other.
      ingest = await cluster.start('ingest', {}, ['--port', port]);
      const { importId, tries } = await sending;
      expect(tries).toBeGreaterThan(3);
      expect(await completed(importId)).toMatchObject({
        rows: { read: 5_998, new: 5_998, known: 0, conflict: 0, rejected: 0 },
        events: { published: 5_998, accepted: 5_998, duplicate: 0 },
      });
      expect(await usageTotals(api, { meter: 'stream' })).toEqual({ stream: sumTo(6_000) });
      expect(await (await call(`/v1/imports/${importId}/file`)).text()).toBe(lines.join(''));
    });

    test('loses no line of a stream that trickles, over connections that stay open', async () => {
      const { importId, tries } = await send('trickle', [HEADER, ...linesOf(2, 400)], { pieceLines: 2 });
      expect(tries).toBe(1);
      await completed(importId);
      expect(await usageTotals(api, { meter: 'trickle' })).toEqual({ trickle: sumTo(400) });
    });

    test('passes events and progress on as they happen', async () => {
      const leaving = new AbortController();
      const body = JSON.stringify({ id: 'e1', customer: 'c1', meter: 'events', time: '2026-01-01T00:00:00Z', quantity: '3' });
      const answer = await call('/v1/events', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      const { importId } = (await answer.json()) as { importId: string };
      expect(answer.status).toBe(202);
      const progress = await call(`/v1/imports/${importId}/progress`, { signal: leaving.signal });
      const live = await call('/v1/live', { signal: leaving.signal });
      for (const stream of [progress, live]) {
        expect(stream.headers.get('content-type')).toContain('text/event-stream');
        // Both stay open, so what is read has not waited for their end.
        const { value } = (await stream.body?.getReader().read()) ?? {};
        expect(new TextDecoder().decode(value)).toMatch(/^(:|data: \{|retry:)/);
      }
      leaving.abort();
      await eventually('it is counted', async () => (await usageTotals(api, { meter: 'events' }))['events'] === '3');
    });

    if (fullDuplex) {
      test('passes the answers of a stream on while it is sent', async () => {
        const client = await startStream(gateway.url, optionsOf('duplex'), HEADER + lineOf(2));
        for (let n = 3; n < 40; n += 1) {
          await client.send(lineOf(n));
          await client.durable(n);
        }
        expect(await client.end()).toMatchObject({ ended: 'complete', durableLine: 39, accepted: 38 });
        await completed(client.answers[0]?.importId ?? '');
        expect(await usageTotals(api, { meter: 'duplex' })).toEqual({ duplex: sumTo(40) });
      });
    }
  },
);

/** Of uploads that are still arriving. */
async function bytesIncoming({ dataDirectory }: Cluster): Promise<number> {
  const directory = join(dataDirectory, 'files', '.incoming');
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name)).catch(() => ({ size: 0 }))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
