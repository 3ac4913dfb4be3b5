/** Usage events for the tests of the ClickHouse contract. Each test has customers of its own, so that one store serves them all. */
import type { ClickHouse, ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';

export const COLUMNS = ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'] as const;

export interface Row {
  customer: string;
  meter?: string;
  time?: string;
  quantity?: string;
  offset?: number;
}

export function tsv(rows: readonly Row[]): string {
  return rows
    .map(({ customer, meter = 'requests', time = '2026-03-04 05:06:07.123456', quantity = '1', offset = 0 }) => {
      return `${customer}\t${meter}\t${time}\t${quantity}\t1\t0\t${offset}\t0\n`;
    })
    .join('');
}

export type UsageFixture = ReturnType<typeof createUsageFixture>;

export function createUsageFixture(clickhouse: () => ClickHouse) {
  let serial = 0;
  const one = async <T>(sql: string, params: NonNullable<ClickHouseQuery['params']>): Promise<T> => {
    const [row] = await clickhouse().query<T>({ name: 'contract', sql, params });
    if (row === undefined) throw new Error('the query has no row');
    return row;
  };
  return {
    clickhouse,
    /** A customer that no other test has. */
    customer: () => `customer-${(serial += 1)}`,
    insert: (rows: readonly Row[], token: string) =>
      clickhouse().insert({ table: 'tallyline.usage_events', columns: COLUMNS, tsv: tsv(rows), rows: rows.length, token }),
    /** The one row of a query. */
    one,
    countOf: async (id: string) =>
      (await one<{ n: string }>('SELECT count() AS n FROM tallyline.usage_events WHERE customer = {id:String}', { id })).n,
  };
}
