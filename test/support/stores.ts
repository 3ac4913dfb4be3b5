/** What the two stores of a cluster hold, read past Tallyline's own code. */
import { expect } from 'vitest';
import { pino } from 'pino';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { connectClickHouse } from '../../platform/clickhouse/http.ts';
import type { Cluster } from './cluster.ts';
import { queryDatabase } from './embedded-postgres.ts';

/** Sums over a million rows, on a machine that is busy with others. */
const REQUEST_TIMEOUT_MS = 120_000;

/** Customer and meter, with a space between → number of events and the exact sum of their quantities. */
export type Usage = Record<string, { events: number; quantity: string }>;

type Row = { customer: string; meter: string; events: string; quantity: string };

const IN_POSTGRES = `SELECT customer, meter, count(*) AS events, trim_scale(sum(quantity))::text AS quantity FROM usage_records GROUP BY 1, 2`;
const IN_CLICKHOUSE = {
  rows: `SELECT customer, meter, count() AS events, toString(sum(toDecimal256(quantity, 18))) AS quantity FROM tallyline.usage_events GROUP BY 1, 2`,
  slots: `SELECT customer, meter, sum(events) AS events, toString(sum(quantity)) AS quantity FROM tallyline.usage_slots GROUP BY 1, 2`,
};

/** A statement without a result, straight to the server. */
export function commandClickHouse(cluster: Cluster, sql: string): Promise<void> {
  return withClickHouse(cluster, (clickhouse) => clickhouse.command(sql));
}

/** Raw rows in Postgres, raw rows in ClickHouse and its slots: all three hold exactly this. */
export async function expectStoresHold(cluster: Cluster, expected: Usage): Promise<void> {
  const [records, rows, slots] = await Promise.all([
    queryDatabase<Row>(cluster.postgresUrl, IN_POSTGRES).then((result) => result.rows),
    withClickHouse(cluster, (clickhouse) => clickhouse.query<Row>({ name: 'test_rows', sql: IN_CLICKHOUSE.rows })),
    withClickHouse(cluster, (clickhouse) => clickhouse.query<Row>({ name: 'test_slots', sql: IN_CLICKHOUSE.slots })),
  ]);
  expect(usageOf(records), 'rows in Postgres').toEqual(expected);
  expect(usageOf(rows), 'rows in ClickHouse').toEqual(expected);
  expect(usageOf(slots), 'slots in ClickHouse').toEqual(expected);
}

function usageOf(rows: readonly Row[]): Usage {
  return Object.fromEntries(
    rows.map(({ customer, meter, events, quantity }) => [`${customer} ${meter}`, { events: Number(events), quantity }]),
  );
}

async function withClickHouse<T>({ clickhouse: { server } }: Cluster, work: (clickhouse: ClickHouse) => Promise<T>): Promise<T> {
  const clickhouse = connectClickHouse({ ...server, requestTimeoutMs: REQUEST_TIMEOUT_MS, logger: pino({ level: 'silent' }) });
  try {
    return await work(clickhouse);
  } finally {
    await clickhouse.close();
  }
}
