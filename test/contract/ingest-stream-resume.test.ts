/** Streams that are cut, resumed, taken over or left alone: what was acknowledged stays, and nothing is taken twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveEpoch } from '../../consumers/steps/epochs.ts';
import { startPublisher } from '../../ingest/publisher.ts';
import type { Platform } from '../../platform/platform.ts';
import { CSV, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { openStream, startStream } from '../support/stream-client.ts';
import { count, idOf, keyed, linesOf, lookInto, rowsOf } from '../support/streams.ts';

let ingest: TestIngest;
let look: ReturnType<typeof lookInto>;
let url: string;
beforeAll(async () => {
  ingest = await openTestIngest();
  look = lookInto(ingest);
  url = await ingest.serve(ingest.platform);
});
afterAll(() => ingest.close());

describe('a stream', () => {
  test('is cut off: whole lines that had arrived are published, half a line is not', async () => {
    const client = await startStream(url, keyed('cut'), CSV + rowsOf(5));
    await client.durable(6);
    await client.send('half,c1,2026-01-01T00:00:00Z,99');
    client.cut();
    const row = await look.settling(idOf(client));
    expect(row).toMatchObject({ rows_read: '5', lines_received: '6' });
    expect((await look.eventsOf(idOf(client))).map(({ quantity }) => quantity)).toEqual(['1', '1', '1', '1', '1']);
  });

  test('goes on where it was cut, under its key, without the header', async () => {
    const first = await startStream(url, keyed('resumed'), CSV + rowsOf(5));
    await first.durable(6);
    first.cut();
    const id = idOf(first);
    await look.settling(id);
    const second = await startStream(url, keyed('resumed', { fromLine: '7' }), rowsOf(3, 5));
    expect(await second.end()).toMatchObject({ importId: id, durableLine: 9, accepted: 3, known: 0, ended: 'complete' });
    expect(await look.importOf(id)).toMatchObject({ rows_read: '8', events_published: '8' });
    expect(linesOf(await look.eventsOf(id))).toEqual(count(2, 10));
    expect(await look.contentOf(id, 'original')).toBe(CSV + rowsOf(8));
  });

  test('sent again from the start adds only what is new', async () => {
    const first = await startStream(url, keyed('again'), CSV + rowsOf(5));
    await first.end();
    const second = await startStream(url, keyed('again'), CSV + rowsOf(7));
    expect(await second.end()).toMatchObject({ durableLine: 8, accepted: 2, known: 6 });
    expect(await look.eventsOf(idOf(first))).toHaveLength(7);
    const third = await startStream(url, keyed('again', { fromLine: '4' }), rowsOf(2, 2));
    expect(await third.end()).toMatchObject({ durableLine: 8, accepted: 0, known: 2 });
  });

  test('refuses lines that leave a gap, and names the one that is expected', async () => {
    const first = await startStream(url, keyed('gap'), CSV + rowsOf(5));
    await first.durable(6);
    const refused = await openStream(url, keyed('gap', { fromLine: '9' }), rowsOf(1, 8));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'stream_gap', detail: expect.stringContaining('Line 7 is expected') as string },
    });
    // Whoever is at it is left alone.
    await first.send(rowsOf(1, 5));
    expect(await first.end()).toMatchObject({ durableLine: 7, ended: 'complete' });
    expect(await openStream(url, keyed('nobody', { fromLine: '2' }), rowsOf(1))).toMatchObject({
      status: 409,
      body: { code: 'stream_gap' },
    });
  });

  test('refuses a line that was another one before, and the header where it does not belong', async () => {
    const first = await startStream(url, keyed('differs'), CSV + rowsOf(5));
    await first.end();
    const other = await startStream(url, keyed('differs'), CSV + rowsOf(3) + rowsOf(1, 77));
    expect(await other.closed()).toMatchObject({
      ended: 'refused',
      durableLine: 6,
      problem: { code: 'idempotency_key_reused', detail: expect.stringContaining('Line 5') as string },
    });
    const header = await startStream(url, keyed('differs', { fromLine: '7' }), CSV + rowsOf(1, 5));
    expect(await header.closed()).toMatchObject({ ended: 'refused', problem: { code: 'invalid_request' } });
    expect(await look.eventsOf(idOf(first))).toHaveLength(5);
  });

  test('belongs to the last request with its key', async () => {
    const first = await startStream(url, keyed('twice'), CSV + rowsOf(2));
    await first.durable(3);
    const second = await startStream(url, keyed('twice', { fromLine: '4' }), rowsOf(1, 2));
    expect(await first.closed()).toMatchObject({ ended: 'taken_over', durableLine: 3 });
    expect(await second.end()).toMatchObject({ durableLine: 4, ended: 'complete' });
    expect(linesOf(await look.eventsOf(idOf(first)))).toEqual([2, 3, 4]);
  });

  test('goes on at another replica, which fences the first', async () => {
    const other = await ingest.serve(await ingest.replica('second'));
    const first = await startStream(url, keyed('moved'), CSV + rowsOf(2));
    await first.durable(3);
    const second = await startStream(other, keyed('moved', { fromLine: '4' }), rowsOf(1, 2));
    await second.durable(4);
    await first.send('late,c1,2026-01-01T00:00:00Z,1\n');
    expect(await first.closed()).toMatchObject({ ended: 'taken_over', durableLine: 3 });
    expect(await second.end()).toMatchObject({ durableLine: 4, ended: 'complete' });
    expect((await look.eventsOf(idOf(first))).map(({ id }) => id)).toEqual(['0:calls', '1:calls', '2:calls']);
    expect(await look.contentOf(idOf(first), 'original')).toBe(CSV + rowsOf(3));
  });

  test.each(['postgres', 'log'] as const)('says so where the %s goes away, and is resumed when it is back', async (store) => {
    const proxied = await ingest.serve(await ingest.replica(`cut-off-${store}`, { proxied: true }), { leaseSeconds: 3 });
    const first = await startStream(proxied, keyed(`away-${store}`), CSV + rowsOf(2));
    await first.durable(3);
    ingest.proxies[store].set({ kind: 'lost-answer', then: 'cut' });
    await first.send(rowsOf(1, 2));
    const last = await first.closed();
    ingest.proxies[store].set({ kind: 'none' });
    expect(last).toMatchObject({ ended: 'failed', durableLine: 3, problem: { code: 'store_unavailable' } });
    const again = await startStream(url, keyed(`away-${store}`, { fromLine: '4' }), rowsOf(3, 2));
    expect(await again.end()).toMatchObject({ importId: last?.importId, durableLine: 6, ended: 'complete' });
    expect(linesOf(await look.eventsOf(last?.importId ?? ''))).toEqual([2, 3, 4, 5, 6]);
    expect(await look.importOf(last?.importId ?? '')).toMatchObject({ rows_read: '5', events_published: '5' });
  });
});

describe('a stream whose process is gone', () => {
  /** As a process would leave it that was killed between file store and log. */
  async function orphan(key: string): Promise<string> {
    const client = await startStream(url, keyed(key), CSV + rowsOf(3));
    await client.durable(4);
    client.cut();
    const id = idOf(client);
    await look.settling(id);
    const late = await ingest.platform.files.grow(id, 'original', { writer: 90, at: Number((await look.importOf(id)).content_bytes) });
    const more = rowsOf(2, 3);
    await late.append(Buffer.from(`${more}torn,c1,20`));
    await late.close();
    await ingest.platform.postgres.query(
      `UPDATE imports SET status = 'publishing', session = 90, lease_owner = 'dead.streams', lease_until = now() - interval '1 s',
         content_bytes = content_bytes + $2, lines_received = lines_received + 2 WHERE id = $1`,
      [id, more.length],
    );
    return id;
  }

  test('is finished by a publisher as far as the file store has it', async () => {
    const id = await orphan('orphan');
    const other: Platform = await ingest.replica('other');
    const publisher = startPublisher(other, { leaseSeconds: 3 });
    const row = await look.settling(id);
    await publisher.stop();
    expect(row).toMatchObject({ rows_read: '5', events_published: '5', lines_received: '6' });
    expect(linesOf(await look.eventsOf(id))).toEqual(count(2, 7));
  });

  test('is resumed by its sender, who need not know how far it came', async () => {
    const id = await orphan('orphan-resumed');
    const client = await startStream(url, keyed('orphan-resumed', { fromLine: '5' }), rowsOf(4, 3));
    expect(await client.end()).toMatchObject({ importId: id, durableLine: 8, known: 2, accepted: 2 });
    expect(linesOf(await look.eventsOf(id))).toEqual(count(2, 9));
    expect(await look.contentOf(id, 'original')).toBe(CSV + rowsOf(7));
  });

  test('is published again from its first line where the log is another one', async () => {
    const client = await startStream(url, keyed('new-log'), CSV + rowsOf(3) + 'bad,c1,never,1\n' + rowsOf(2, 3));
    const id = (await client.end()).importId;
    const rejected = await look.contentOf(id, 'rejected');
    const before = await look.settling(id);
    const { postgres } = ingest.platform;
    await resolveEpoch(postgres, 'the first log');
    await resolveEpoch(postgres, 'another log');
    expect(await look.importOf(id)).toMatchObject({ status: 'publishing', bytes_read: '0', rows_read: '0', published_to: null });
    const publisher = startPublisher(await ingest.replica('anew'), { leaseSeconds: 3 });
    const after = await look.settling(id);
    await publisher.stop();
    const counts = ['rows_read', 'rows_rejected', 'events_published', 'bytes_read', 'lines_read', 'rejected_bytes', 'errors'];
    for (const name of counts) expect([name, after[name]]).toEqual([name, before[name]]);
    expect(await look.contentOf(id, 'rejected')).toBe(rejected);
    const events = await look.eventsOf(id);
    expect(events).toHaveLength(10);
    expect(linesOf(events)).toEqual([2, 3, 4, 6, 7]);
    const resumed = await startStream(url, keyed('new-log', { fromLine: '8' }), rowsOf(1, 5));
    expect(await resumed.end()).toMatchObject({ durableLine: 8, accepted: 1 });
  });
});
