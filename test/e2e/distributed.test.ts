/** Every role a process of its own: real Kafka, real Postgres, the real ClickHouse engine behind HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { queryDatabase } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';

const ROWS = 60_000;
const MAPPING: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }] };

describe.skipIf(!kafkaAvailable)('ingest, two consumers and api as separate processes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.close());

  test('bill a file once, also when one consumer is killed in the middle and the file is sent again', async () => {
    const { start } = cluster;
    const [ingest, api, first] = [await start('ingest'), await start('api,dashboard'), await start('consumers')];
    const second = await start('consumers');
    const text = `id,customer,time,quantity\n${Array.from({ length: ROWS }, (_, n) => `${n},customer-${n % 97},2026-01-${String((n % 28) + 1).padStart(2, '0')}T05:00:00Z,0.25\n`).join('')}`;

    const { id } = await importFile(ingest, text, { mapping: MAPPING, wait: false });
    await eventually('events are accepted', async () => (await ingest.json<Import>(`/v1/imports/${id}`)).events.accepted > 0);
    await first.kill();
    const done = await eventually('the other consumer takes over and the import completes', async () => {
      const view = await ingest.json<Import>(`/v1/imports/${id}`);
      return (view.status === 'complete' || view.status === 'failed') && view;
    });
    expect(done).toMatchObject({
      status: 'complete',
      rows: { read: ROWS, new: ROWS, known: 0, conflict: 0, rejected: 0 },
      events: { published: ROWS, accepted: ROWS, duplicate: 0, conflict: 0, dead: 0 },
    });
    expect(await usageTotals(api)).toEqual({ calls: '15000' });

    const again = await importFile(ingest, text, { mapping: MAPPING });
    expect(again.events).toMatchObject({ published: ROWS, accepted: 0, duplicate: ROWS });
    expect(await usageTotals(api)).toEqual({ calls: '15000' });
    const { rows } = await queryDatabase<{ rows: string; quantity: string }>(
      cluster.postgresUrl,
      `SELECT count(*) AS rows, trim_scale(sum(quantity))::text AS quantity FROM usage_records`,
    );
    expect(rows).toEqual([{ rows: String(ROWS), quantity: '15000' }]);
    expect((await fetch(`${api.url}/imports`, { headers: { accept: 'text/html' } })).headers.get('content-type')).toContain('text/html');
    expect(second.output()).not.toContain('"level":"fatal"');
  });
});
