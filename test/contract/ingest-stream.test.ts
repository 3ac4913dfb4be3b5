/** Streams on a real Postgres, log and file store: what is taken, and what is acknowledged. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CSV, MAPPING, openTestIngest, type TestIngest } from '../support/ingest.ts';
import { openStream, startStream } from '../support/stream-client.ts';
import { count, idOf, keyed, linesOf, lookInto, optionsOf, rowsOf } from '../support/streams.ts';

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
  test('acknowledges lines one by one, once the log and the file store have them', async () => {
    const client = await startStream(url, optionsOf({ query: { mapping: MAPPING } }), CSV);
    const id = idOf(client);
    for (let n = 0; n < 3; n += 1) {
      await client.send(rowsOf(1, n));
      expect(await client.durable(n + 2)).toMatchObject({ accepted: n + 1, rejected: 0, known: 0 });
      expect(linesOf(await look.eventsOf(id))).toEqual(count(2, n + 3));
      expect(await look.contentOf(id, 'original')).toBe(CSV + rowsOf(n + 1));
    }
    expect(await look.importOf(id)).toMatchObject({ status: 'publishing', form: 'stream', identity: 'id-column' });
    expect(await client.end()).toMatchObject({ durableLine: 4, accepted: 3, ended: 'complete' });
    expect(await look.importOf(id)).toMatchObject({ status: 'settling', rows_read: '3', events_published: '3', lease_owner: null });
  });

  test('takes a last line without an ending, and keeps it with one', async () => {
    const client = await startStream(url, keyed('no-ending'), CSV + rowsOf(2).trimEnd());
    expect(await client.end()).toMatchObject({ durableLine: 3, accepted: 2, ended: 'complete' });
    expect(await look.contentOf(idOf(client), 'original')).toBe(CSV + rowsOf(2));
  });

  test('rejects bad rows with their lines and goes on', async () => {
    const bad = 'x,c1,yesterday,1\ny,c1,2026-01-01T00:00:00Z\n';
    const client = await startStream(url, optionsOf({ query: { mapping: MAPPING } }), CSV + rowsOf(1));
    await client.send(bad + rowsOf(1, 5));
    expect(await client.durable(5)).toMatchObject({
      rejected: 2,
      errors: [
        { line: 3, column: 'time', code: 'invalid_time' },
        { line: 4, code: 'too_few_cells' },
      ],
    });
    expect(await client.end()).toMatchObject({ accepted: 2, rejected: 2 });
    const id = idOf(client);
    const row = await look.importOf(id);
    expect(row).toMatchObject({ rows_read: '4', rows_rejected: '2', events_published: '2' });
    expect(row['errors']).toMatchObject([
      { code: 'invalid_time', count: 1, examples: [{ line: 3, raw: 'x,c1,yesterday,1' }] },
      { code: 'too_few_cells' },
    ]);
    const rejected = (await look.contentOf(id, 'rejected')).split('\n');
    expect(rejected[0]).toBe('id,customer,time,quantity,error_line,error_column,error_code,error_message');
    expect(rejected[1]).toMatch(/^x,c1,yesterday,1,3,time,invalid_time,/);
    expect(rejected).toHaveLength(4);
  });

  test('counts the physical lines of quoted cells, whatever the chunks it comes in', async () => {
    const quoted = `q,"c\n""1""\n",2026-01-01T00:00:00Z,1\n`;
    const client = await startStream(url, keyed('quoted'), CSV + rowsOf(1));
    for (const character of quoted) await client.send(character);
    expect(await client.durable(5)).toMatchObject({ durableLine: 5, accepted: 2 });
    await client.send(rowsOf(1, 1));
    expect(await client.end()).toMatchObject({ durableLine: 6, accepted: 3 });
    const events = await look.eventsOf(idOf(client));
    expect(events.map(({ line, customer }) => [line, customer])).toEqual([
      [2, 'c0'],
      [3, 'c\n"1"\n'],
      [6, 'c1'],
    ]);
  });

  test('ends where an open quote leaves it in doubt, and goes on behind the last line before it', async () => {
    const client = await startStream(url, keyed('open-quote'), CSV + rowsOf(2));
    await client.durable(3);
    await client.send('x,"open,2026-01-01T00:00:00Z,1\nno row\nat all\n');
    const last = await client.end();
    expect(last).toMatchObject({
      ended: 'refused',
      durableLine: 3,
      problem: { code: 'unclosed_quote', detail: expect.stringContaining('4') as string },
    });
    const mended = await startStream(url, keyed('open-quote', { fromLine: '4' }), rowsOf(1, 2));
    expect(await mended.end()).toMatchObject({ ended: 'complete', durableLine: 4 });
    expect(linesOf(await look.eventsOf(idOf(client)))).toEqual([2, 3, 4]);
  });

  test('has ids of its key and lines where no column is mapped, the same for a line sent twice', async () => {
    const mapping = JSON.stringify({
      customer: 'customer',
      time: 'time',
      measures: [{ meter: { const: 'calls' }, quantity: { const: '1' } }],
    });
    const body = 'customer,time\n' + 'c1,2026-01-01T00:00:00Z\n'.repeat(3);
    const client = await startStream(url, keyed('ids', { mapping }), body);
    await client.end();
    const events = await look.eventsOf(idOf(client));
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    expect(events.map(({ id }) => id.split(':')[1])).toEqual(['2', '3', '4']);
    expect(await look.importOf(idOf(client))).toMatchObject({ identity: 'key' });
    const none = await openStream(url, optionsOf({ query: { mapping } }), body);
    expect(none).toMatchObject({ status: 422, body: { code: 'mapping_incomplete', errors: [{ path: 'id' }] } });
    const row = await openStream(
      url,
      keyed('row', { mapping: JSON.stringify({ ...(JSON.parse(mapping) as object), identity: 'row' }) }),
      body,
    );
    expect(row).toMatchObject({ status: 422, body: { errors: [{ path: 'identity' }] } });
  });

  test.each([
    [{ type: 'application/json' }, '{}', 415, 'unsupported_media_type'],
    [{ headers: { 'content-encoding': 'gzip' } }, 'x', 415, 'unsupported_media_type'],
    [{ query: { mapping: MAPPING, encoding: 'windows-1252' } }, CSV + rowsOf(1), 422, 'unsupported_encoding'],
    [{ query: { mapping: MAPPING } }, CSV.replace('time', 'when') + rowsOf(1), 422, 'mapping_incomplete'],
    [{ type: 'application/x-ndjson', query: { delimiter: ';' } }, '{}\n', 400, 'invalid_request'],
    [{ query: { bogus: '1' } }, CSV, 400, 'invalid_request'],
  ])('%j is refused before anything begins', async (options, body, status, code) => {
    expect(await openStream(url, optionsOf(options), body)).toMatchObject({ status, body: { code } });
  });
});
