/** Who used most, in one query however many customers there are. */
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { conditionsOf, type UsageSelection } from './usage.ts';

/** What customers are compared by. `count`: events, of whichever meter. */
export type Measure = 'sum' | 'count' | 'max';

export interface CustomerSize {
  customer: string;
  /** By the measure: exact, a sum or a maximum with 18 fraction digits, padded. */
  size: string;
  events: string;
}

export interface LargestCustomers {
  /** Largest first, those of equal size by id; as many as were asked for, and the next one, where there are so many. */
  largest: CustomerSize[];
  /** Of all customers with usage. `size` is the sum of their sizes. */
  all: { customers: number; size: string; events: string };
}

interface SizeRow {
  customer_id: string;
  size_text: string;
  event_count: string;
  all_customers: string;
  all_size: string;
  all_events: string;
}

const SIZES: Readonly<Record<Measure, string>> = {
  sum: 'sum(toDecimal256(e.quantity, 18))',
  count: 'count()',
  max: 'toDecimal256(max(e.quantity), 18)',
};

/** The windows are consecutive; only where the first begins and the last ends matters. */
export async function findLargestCustomers(
  clickhouse: ClickHouse,
  selection: Omit<UsageSelection, 'byCustomer' | 'withoutMax'>,
  { measure, limit }: { measure: Measure; limit: number },
): Promise<LargestCustomers> {
  const { conditions, params } = conditionsOf(selection, selection.windows);
  const rows = await clickhouse.query<SizeRow>({
    name: 'largest_customers',
    sql: `
      SELECT
        customer_id,
        toString(size) AS size_text,
        event_count,
        count() OVER () AS all_customers,
        toString(sum(size) OVER ()) AS all_size,
        sum(event_count) OVER () AS all_events
      FROM (
        SELECT e.customer AS customer_id, ${SIZES[measure]} AS size, count() AS event_count
        FROM tallyline.usage_events AS e
        WHERE ${conditions.join(' AND ')}
        GROUP BY customer_id)
      ORDER BY size DESC, customer_id
      LIMIT {limit:UInt32}`,
    params: { ...params, limit: limit + 1 },
  });
  const [first] = rows;
  return {
    largest: rows.map(({ customer_id, size_text, event_count }) => ({ customer: customer_id, size: size_text, events: event_count })),
    all: { customers: Number(first?.all_customers ?? 0), size: first?.all_size ?? '0', events: first?.all_events ?? '0' },
  };
}
