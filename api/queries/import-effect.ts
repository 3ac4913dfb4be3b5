/** The events that are billed because of one import, and those that are billed without it. */
import type { MeteredEvent } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Effect } from '../../schemas/http/effect.ts';

const CUSTOMERS_MAX = 1_000;
const METERS_MAX = 1_000;
/** Rows of one query, properties included: a few megabytes. */
const PAGE_EVENTS = 5_000;

/** With `ofUndo`, events that another import would take over do not count: they stay. Its conflicts are a person's business. */
export interface EffectScope {
  importId: string;
  ofUndo: boolean;
}

/** Rows `r` of the import, $1, that count, $2. */
const OF_IMPORT = `r.import_id = $1::bigint AND NOT ($2::boolean AND EXISTS (
  SELECT FROM witnesses w JOIN imports i ON i.id = w.import_id AND i.status NOT IN ('undoing', 'undone')
   WHERE w.customer = r.customer AND w.id = r.id AND w.import_id <> r.import_id))`;

export type EffectTotals = Pick<Effect, 'rows' | 'events' | 'hours' | 'quantities' | 'customers'>;

export async function readEffectTotals(
  postgres: Queryable,
  _scope: EveryCustomer,
  { importId, ofUndo }: EffectScope,
): Promise<EffectTotals> {
  const values = [importId, ofUndo];
  const { rows: totals } = await postgres.query<{ rows: string; events: string; from: string | null; to: string | null; hours: string }>(
    `SELECT count(DISTINCT r.line)::text AS rows, count(*)::text AS events, date_trunc('hour', min(r.time)) AS "from",
            date_trunc('hour', max(r.time)) + interval '1 hour' AS "to", count(DISTINCT date_trunc('hour', r.time))::text AS hours
       FROM usage_records r WHERE ${OF_IMPORT}`,
    values,
  );
  const { rows: quantities } = await postgres.query<{ meter: string; quantity: string; events: string }>(
    `SELECT r.meter, sum(r.quantity)::text AS quantity, count(*)::text AS events FROM usage_records r WHERE ${OF_IMPORT}
      GROUP BY r.meter ORDER BY r.meter LIMIT ${METERS_MAX}`,
    values,
  );
  const { rows: customers } = await postgres.query<{ id: string; isNew: boolean; events: string }>(
    `SELECT c.customer AS id, c.events::text AS events, NOT EXISTS (
              SELECT FROM usage_records o WHERE o.customer = c.customer AND o.import_id <> $1::bigint) AS "isNew"
       FROM (SELECT r.customer, count(*) AS events FROM usage_records r WHERE ${OF_IMPORT}
              GROUP BY r.customer ORDER BY r.customer LIMIT ${CUSTOMERS_MAX}) AS c ORDER BY c.customer`,
    values,
  );
  const [total] = totals;
  const { from = null, to = null } = total ?? {};
  return {
    rows: Number(total?.rows ?? 0),
    events: Number(total?.events ?? 0),
    hours: from === null || to === null ? null : { from: toInstant(from), to: toInstant(to), count: Number(total?.hours ?? 0) },
    quantities: quantities.map(({ meter, quantity, events }) => ({
      meter,
      quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE),
      events: Number(events),
    })),
    customers: customers.map(({ id, isNew, events }) => ({ id, isNew, events: Number(events) })),
  };
}

/** What the import adds to a customer in a 15-minute slot of UTC. */
export interface EffectSlot {
  meter: string;
  /** Epoch ms. */
  start: number;
  /** At QUANTITY_SCALE. */
  quantity: bigint;
  events: number;
}

/** In time order. A slot per meter and quarter of an hour: some thousands in a month. */
export async function readEffectSlots(
  postgres: Queryable,
  _scope: EveryCustomer,
  { importId, ofUndo }: EffectScope,
  customer: string,
): Promise<EffectSlot[]> {
  const { rows } = await postgres.query<{ meter: string; start: string; quantity: string; events: string }>(
    `SELECT r.meter, (extract(epoch FROM date_bin('15 minutes', r.time, 'epoch'::timestamptz)) * 1000)::bigint::text AS start,
            sum(r.quantity)::text AS quantity, count(*)::text AS events
       FROM usage_records r WHERE ${OF_IMPORT} AND r.customer = $3
      GROUP BY r.meter, date_bin('15 minutes', r.time, 'epoch'::timestamptz) ORDER BY date_bin('15 minutes', r.time, 'epoch'::timestamptz), r.meter`,
    [importId, ofUndo, customer],
  );
  return rows.map(({ meter, start, quantity, events }) => ({
    meter,
    start: Number(start),
    quantity: toScaled(quantity, QUANTITY_SCALE),
    events: Number(events),
  }));
}

interface EventRow {
  time: string;
  quantity: string;
  properties: string;
  epoch: number;
  partition: number;
  place: string;
  idx: number;
  [column: string]: unknown;
}

/** The other events of a customer's meter, in the order in which contributions are told. */
export async function* readEventsWithout(
  postgres: Queryable,
  _scope: EveryCustomer,
  { importId, ofUndo }: EffectScope,
  { customer, meter, period }: { customer: string; meter: string; period: Window },
): AsyncGenerator<(MeteredEvent & { properties: string })[]> {
  let after: EventRow | undefined;
  for (;;) {
    const { rows } = await postgres.query<EventRow>(
      `SELECT r.time, r.quantity::text AS quantity, r.properties, r.epoch, r.partition, r."offset"::text AS place, r.idx
         FROM usage_records r
        WHERE NOT (${OF_IMPORT}) AND r.customer = $3 AND r.meter = $4 AND r.time >= $5 AND r.time < $6
          AND ($7::timestamptz IS NULL OR (r.time, r.epoch, r.partition, r."offset", r.idx) > ($7::timestamptz, $8::integer, $9::smallint, $10::bigint, $11::integer))
        ORDER BY r.time, r.epoch, r.partition, r."offset", r.idx LIMIT ${PAGE_EVENTS}`,
      [
        importId,
        ofUndo,
        customer,
        meter,
        instantText(period.from),
        instantText(period.to),
        after?.time ?? null,
        after?.epoch ?? null,
        after?.partition ?? null,
        after?.place ?? null,
        after?.idx ?? null,
      ],
    );
    if (rows.length > 0) yield rows.map(toEvent);
    after = rows.at(-1);
    if (rows.length < PAGE_EVENTS) return;
  }
}

function toEvent({ time, quantity, properties, epoch, partition, place, idx }: EventRow): MeteredEvent & { properties: string } {
  const [seconds = '', fraction = ''] = toInstant(time).slice(0, -1).split('.');
  return {
    time: `${seconds}.${fraction.padEnd(6, '0')}Z`,
    position: { epoch, partition, offset: BigInt(place), index: idx },
    quantity: toScaled(quantity, QUANTITY_SCALE),
    properties,
  };
}
