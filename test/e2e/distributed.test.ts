/** Every role a process of its own: real Kafka, real Postgres, the real ClickHouse engine behind HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import { queryDatabase } from '../support/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { startClickHouseFront, type ClickHouseFront } from '../support/clickhouse-http.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { kafkaAvailable, startKafka, type TestKafka } from '../support/kafka.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const ROWS = 60_000;
const MAPPING: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'quantity' }] };

describe.skipIf(!kafkaAvailable)('ingest, two consumers and api as separate processes', () => {
  let kafka: TestKafka;
  let postgres: TestPostgres;
  let clickhouse: ClickHouseFront;
  let files: Awaited<ReturnType<typeof makeDataDirectory>>;
  let environment: Record<string, string>;
  const running: Tallyline[] = [];

  const start = async (roles: string) => {
    const tallyline = await startTallyline({ dataDirectory: files.path, env: environment, args: ['--roles', roles] });
    running.push(tallyline);
    return tallyline;
  };

  beforeAll(async () => {
    [kafka, postgres, clickhouse, files] = await Promise.all([
      startKafka(),
      openTestPostgres(),
      startClickHouseFront(),
      makeDataDirectory(),
    ]);
    const { user, password, host, port, database } = await postgres
      .createDatabase(undefined, { migrated: false })
      .then((made) => made.connection);
    environment = {
      TALLYLINE_MODE: 'distributed',
      TALLYLINE_ADMIN_KEY: 'one-key-for-all-processes',
      TALLYLINE_KAFKA_BROKERS: kafka.brokers.join(','),
      TALLYLINE_KAFKA_TOPIC: kafka.name(),
      TALLYLINE_KAFKA_GROUP: kafka.name(),
      TALLYLINE_POSTGRES_URL: `postgres://${user}:${password}@${host}:${port}/${database}`,
      TALLYLINE_CLICKHOUSE_URL: clickhouse.server.url,
      TALLYLINE_CLICKHOUSE_USERNAME: clickhouse.server.username,
      TALLYLINE_CLICKHOUSE_PASSWORD: clickhouse.server.password,
    };
  });

  afterAll(async () => {
    await Promise.all(running.map((tallyline) => tallyline.stop()));
    await Promise.all([kafka?.stop(), postgres?.close(), clickhouse?.close()]);
    await files?.remove();
  });

  test('bill a file once, also when one consumer is killed in the middle and the file is sent again', async () => {
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
      environment['TALLYLINE_POSTGRES_URL'] as string,
      `SELECT count(*) AS rows, trim_scale(sum(quantity))::text AS quantity FROM usage_records`,
    );
    expect(rows).toEqual([{ rows: String(ROWS), quantity: '15000' }]);
    expect((await fetch(`${api.url}/imports`, { headers: { accept: 'text/html' } })).headers.get('content-type')).toContain('text/html');
    expect(second.output()).not.toContain('"level":"fatal"');
  });
});
