/** Whether the usage of a billed period is still what it was when nothing was due of it. */
import { instantText, type Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';

export interface CustomerPeriod {
  customer: string;
  period: Window;
}

/** Customers of one query: their names stay well below the largest statement. */
const CUSTOMERS_PER_QUERY = 500;
const NO_USAGE = '0:0';

const nameOf = ({ customer, period }: CustomerPeriod): string => JSON.stringify([customer, period.from, period.to]);

/** Those of which something may be due: never settled, or with other usage than when they were. */
export async function unsettledPeriods(
  stores: { postgres: Queryable; clickhouse: ClickHouse },
  _scope: EveryCustomer,
  periods: readonly CustomerPeriod[],
): Promise<CustomerPeriod[]> {
  const { rows } = await stores.postgres.query<{ customer: string; from: string; to: string; fingerprint: string }>(
    `SELECT customer, (extract(epoch FROM period_from) * 1000)::bigint::text AS "from",
            (extract(epoch FROM period_to) * 1000)::bigint::text AS "to", fingerprint
       FROM settled_periods WHERE customer = ANY($1)`,
    [[...new Set(periods.map(({ customer }) => customer))]],
  );
  const settled = new Map(
    rows.map(({ customer, from, to, fingerprint }) => [nameOf({ customer, period: { from: Number(from), to: Number(to) } }), fingerprint]),
  );
  const candidates = periods.filter((one) => settled.has(nameOf(one)));
  const now = await readFingerprints(stores.clickhouse, candidates);
  return periods.filter((one) => settled.get(nameOf(one)) === undefined || settled.get(nameOf(one)) !== now.get(nameOf(one)));
}

/** Nothing is due of these now: their documents come to what their usage makes. Rollups of the customer must not move meanwhile. */
export async function settlePeriods(
  stores: { postgres: Queryable; clickhouse: ClickHouse },
  periods: readonly CustomerPeriod[],
): Promise<void> {
  const now = await readFingerprints(stores.clickhouse, periods);
  for (const one of periods) {
    await stores.postgres.query(
      `INSERT INTO settled_periods (customer, period_from, period_to, fingerprint) VALUES ($1, $2, $3, $4)
       ON CONFLICT (customer, period_from, period_to) DO UPDATE SET fingerprint = excluded.fingerprint`,
      [one.customer, instantText(one.period.from), instantText(one.period.to), now.get(nameOf(one)) ?? NO_USAGE],
    );
  }
}

/** A document was voided or added: all periods of the customer have to be rated again. */
export async function unsettle(postgres: Queryable, customer: string): Promise<void> {
  await postgres.query('DELETE FROM settled_periods WHERE customer = $1', [customer]);
}

/** One query for all customers with the same period. The hash takes in each event's place in the log: what takes it over is another one. */
async function readFingerprints(clickhouse: ClickHouse, periods: readonly CustomerPeriod[]): Promise<Map<string, string>> {
  const fingerprints = new Map<string, string>(periods.map((one) => [nameOf(one), NO_USAGE]));
  for (const some of Map.groupBy(periods, ({ period }) => `${period.from} ${period.to}`).values()) {
    const period = some[0]?.period;
    if (period === undefined) continue;
    for (let from = 0; from < some.length; from += CUSTOMERS_PER_QUERY) {
      const rows = await clickhouse.query<{ customer: string; fingerprint: string }>({
        name: 'usage_fingerprint',
        sql: `SELECT customer, concat(toString(count()), ':', toString(sum(cityHash64(toString(meter), time, quantity, epoch, log_partition, log_offset, log_index)))) AS fingerprint
              FROM tallyline.usage_events
              WHERE customer IN {customers:Array(String)}
                AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
              GROUP BY customer`,
        params: {
          customers: some.slice(from, from + CUSTOMERS_PER_QUERY).map(({ customer }) => customer),
          from: period.from,
          to: period.to,
        },
      });
      for (const { customer, fingerprint } of rows) fingerprints.set(nameOf({ customer, period }), fingerprint);
    }
  }
  return fingerprints;
}
