/** Who used which meters in a period: what a billing run would meet, without adding anything up. */
import { SLOT_MS, type Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import { type ClickHouse, type ClickHouseQuery, PAGE_ROWS_MAX } from '../../platform/clickhouse/clickhouse.ts';
import { compareText } from '../../platform/usage-cells.ts';

interface UsedRow {
  customer_id: string;
  meter_key: string;
}

/** Meters by customer; whoever used nothing is missing. `customers` in byte order, `period` in whole slots. */
export async function findUsedMeters(
  clickhouse: ClickHouse,
  _scope: EveryCustomer,
  { customers, period }: { customers: readonly string[]; period: Window },
): Promise<Map<string, string[]>> {
  const used = new Map<string, string[]>();
  let after: UsedRow | undefined;
  do {
    const last = after?.customer_id;
    const rest = last === undefined ? customers : customers.filter((customer) => compareText(customer, last) >= 0);
    const rows = await clickhouse.query<UsedRow>(usedQuery(rest, period, after));
    for (const { customer_id, meter_key } of rows) {
      const meters = used.get(customer_id);
      if (meters === undefined) used.set(customer_id, [meter_key]);
      else meters.push(meter_key);
    }
    after = rows.length < PAGE_ROWS_MAX ? undefined : rows.at(-1);
  } while (after !== undefined);
  return used;
}

function usedQuery(customers: readonly string[], period: Window, after: UsedRow | undefined): ClickHouseQuery {
  // The very expression of the projection `slots`, so that buckets are read instead of events.
  const slot = `toStartOfInterval(e.time, INTERVAL ${SLOT_MS} MILLISECOND)`;
  return {
    name: 'used_meters',
    sql: `
      SELECT e.customer AS customer_id, toString(e.meter) AS meter_key
      FROM tallyline.usage_events AS e
      WHERE e.customer IN {customers:Array(String)}
        AND ${slot} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ${slot} < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        ${after === undefined ? '' : 'AND (e.customer, toString(e.meter)) > ({afterCustomer:String}, {afterMeter:String})'}
      GROUP BY customer_id, meter_key
      ORDER BY customer_id, meter_key
      LIMIT {limit:UInt32}`,
    params: {
      customers,
      from: period.from,
      to: period.to,
      limit: PAGE_ROWS_MAX,
      ...(after === undefined ? {} : { afterCustomer: after.customer_id, afterMeter: after.meter_key }),
    },
  };
}
