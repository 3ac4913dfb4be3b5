/** The floor of a billing run: the hour buckets of the same customers, read from ClickHouse and nothing else done with them. */
import { join } from 'node:path';
import { pino } from 'pino';
import { openChdb } from '../platform/clickhouse/chdb.ts';
import { PAGE_ROWS_MAX } from '../platform/clickhouse/clickhouse.ts';
import { customerName, HOURS, BILLED_METERS } from './billing-usage.ts';

/** Of one query: as many customers as fill a page. */
const RANGE_CUSTOMERS = Math.floor(PAGE_ROWS_MAX / (HOURS * BILLED_METERS.length));

/** Buckets per second. The program must not run meanwhile: the engine has its directory for itself. */
export async function bucketFloor(dataDirectory: string, customers: number): Promise<number> {
  const clickhouse = await openChdb({ directory: join(dataDirectory, 'clickhouse'), logger: pino({ level: 'silent' }) });
  try {
    const beganAt = performance.now();
    let buckets = 0;
    for (let from = 0; from < customers; from += RANGE_CUSTOMERS) {
      const rows = await clickhouse.query({
        name: 'bench_buckets',
        sql: `SELECT customer, meter, toUnixTimestamp64Milli(toStartOfInterval(slot, INTERVAL 3600000 MILLISECOND)) AS hour,
                     toString(sum(quantity)) AS total, sum(events) AS event_count
                FROM tallyline.usage_slots WHERE customer >= {from:String} AND customer < {to:String} GROUP BY customer, meter, hour`,
        params: { from: customerName(from), to: customerName(Math.min(from + RANGE_CUSTOMERS, customers)) },
      });
      buckets += rows.length;
    }
    return buckets / ((performance.now() - beganAt) / 1000);
  } finally {
    await clickhouse.close();
  }
}
