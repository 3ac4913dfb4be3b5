/** A seeded workload with duplicates, conflicts and redeliveries, and what must come of it, worked out by the plainest means. */
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { Counts, TestPipeline } from './consumers.ts';
import { usageEvent } from './usage-event.ts';

const SCALE = 18;

export function randomWorkload(random: () => number, size: { events: number; customers: number; imports: number }): UsageEvent[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const events: UsageEvent[] = [];
  for (let line = 1; events.length < size.events; line += 1) {
    const earlier = events[below(events.length)];
    const source = { importId: String(1 + below(size.imports)), line };
    const kind = random();
    if (earlier && kind < 0.1) events.push({ ...earlier, ...source });
    else if (earlier && kind < 0.15) events.push({ ...earlier, ...source, quantity: `${below(9) + 1}.5` });
    else if (earlier && kind < 0.2) events.push(earlier);
    else {
      const digits = String(below(10 ** 9)).padStart(9, '0');
      const day = String(1 + below(28)).padStart(2, '0');
      const clock = [below(24), below(60), below(60)].map((n) => String(n).padStart(2, '0')).join(':');
      events.push(
        usageEvent({
          ...source,
          id: `id-${line}`,
          customer: `customer-${below(size.customers)}`,
          meter: `meter-${below(3)}`,
          time: `2026-${['09', '10', '11'][below(3)]}-${day}T${clock}.${digits.slice(0, 6)}Z`,
          quantity: `${below(2) === 0 ? '-' : ''}${below(10 ** 6)}.${digits}${below(9) + 1}`,
        }),
      );
    }
  }
  return events;
}

/** `customer meter hour` → quantity in units of 10^-18, and the counts of each import. */
export function expectedSums(events: readonly UsageEvent[]): { hours: Map<string, bigint>; counts: Map<string, Counts> } {
  const kept = new Map<string, UsageEvent>();
  const delivered = new Set<string>();
  const hours = new Map<string, bigint>();
  const counts = new Map<string, Counts>();
  for (const event of events) {
    const { id, customer, meter, time, quantity, properties, importId, line } = event;
    const count = counts.get(importId) ?? { accepted: 0, duplicate: 0, conflict: 0, redelivered: 0 };
    counts.set(importId, count);
    const delivery = JSON.stringify([importId, line, meter]);
    const first = kept.get(JSON.stringify([customer, id]));
    if (delivered.has(delivery)) count.redelivered += 1;
    else if (!first) {
      kept.set(JSON.stringify([customer, id]), event);
      const hour = `${customer} ${meter} ${time.slice(0, 13)}`;
      hours.set(hour, (hours.get(hour) ?? 0n) + scaled(quantity));
      count.accepted += 1;
    } else if (first.meter === meter && first.time === time && first.quantity === quantity && first.properties === properties)
      count.duplicate += 1;
    else count.conflict += 1;
    delivered.add(delivery);
  }
  return { hours: sorted(hours), counts };
}

const SUMS = {
  postgres: `SELECT customer, meter, to_char(date_trunc('hour', time AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24') AS hour, sum(quantity)::text AS quantity
             FROM usage_records GROUP BY 1, 2, 3`,
  // Slots hold no epoch, so these are read from the rows.
  clickhouse: `SELECT customer, meter, formatDateTime(time, '%Y-%m-%dT%H') AS hour, sum(toDecimal256(quantity, 18)) AS quantity
               FROM tallyline.usage_events WHERE epoch = {epoch:UInt32} GROUP BY 1, 2, 3`,
};

export async function storedSums(pipeline: TestPipeline, store: keyof typeof SUMS): Promise<Map<string, bigint>> {
  type Row = { customer: string; meter: string; hour: string; quantity: string };
  const rows =
    store === 'postgres'
      ? await pipeline.query<Row>(SUMS.postgres)
      : await pipeline.platform.clickhouse.query<Row>({ name: 'test_sums', sql: SUMS.clickhouse, params: { epoch: pipeline.epoch } });
  return sorted(new Map(rows.map(({ customer, meter, hour, quantity }) => [`${customer} ${meter} ${hour}`, scaled(quantity)])));
}

function scaled(decimal: string): bigint {
  const [integer = '', fraction = ''] = decimal.split('.');
  return BigInt(integer + fraction.padEnd(SCALE, '0'));
}

function sorted(sums: Map<string, bigint>): Map<string, bigint> {
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
