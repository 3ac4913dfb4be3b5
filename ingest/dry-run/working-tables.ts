/**
 * What a dry run would add to usage, while it runs: sums by customer, meter and 15-minute slot of UTC, and the events of meters that are told
 * from events. In Postgres, because a large file has more of them than memory holds, and they have to be sorted. Unlogged tables of their
 * own: filled in short transactions, dropped at one stroke, and a crash of Postgres empties them.
 */
import type { AddedEvent, AddedSlot, AddedUsage } from '../../core/added-usage.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import { judgeEvents, type Outcome, type StagedBatch } from './staged-events.ts';

/** Customers and meters of the effect: as many as that of an import has. */
const CUSTOMERS_MAX = 1_000;
const METERS_MAX = 1_000;
/** Sums are put together whenever there are twice as many rows as after the last time, and this many at least: some 200 MB. */
const COMPACT_ROWS = 2_000_000;
/** Sums, and events, of one dry run: some 2 GB of each, and minutes to add them up. */
const ROWS_MAX = 20_000_000;
/** Rows of one query, properties included: a few megabytes. */
const PAGE_EVENTS = 5_000;

export type AddedTotals = Pick<Effect, 'customers' | 'hours' | 'quantities'>;

export interface WorkingTables {
  add(batch: StagedBatch, options: { findDoubles: boolean; showMax: number }): Promise<Outcome>;
  /** After the last event. */
  totals(): Promise<AddedTotals>;
  /** Of these customers. After `totals`. */
  usage(customers: readonly string[]): AddedUsage;
  drop(): Promise<void>;
}

/** Also drops what dry runs have left behind whose process was killed. `limits` are for tests. */
export async function createWorkingTables(
  postgres: Postgres,
  importId: string,
  { compactRows = COMPACT_ROWS, rowsMax = ROWS_MAX }: { compactRows?: number; rowsMax?: number } = {},
): Promise<WorkingTables> {
  await dropLeftBehind(postgres);
  const name = `dry_run_${BigInt(importId)}`;
  const tables = { cells: `${name}_cells`, events: `${name}_events` };
  const columns = `customer text COLLATE "C" NOT NULL, meter text COLLATE "C" NOT NULL`;
  await postgres.query(
    `CREATE UNLOGGED TABLE ${tables.cells} (${columns}, slot timestamptz, quantity numeric, max numeric, events bigint)`,
  );
  await postgres.query(
    `CREATE UNLOGGED TABLE ${tables.events} (n bigint, ${columns}, time timestamptz, quantity numeric, properties text)`,
  );
  let [cells, events, compactAt] = [0, 0, compactRows];

  return {
    async add(batch, options) {
      const outcome = await postgres.transaction((transaction) => judgeEvents(transaction, batch, { ...options, tables }));
      [cells, events] = [cells + outcome.cells, events + outcome.events];
      if (cells > compactAt) {
        cells = await postgres.transaction((transaction) => compact(transaction, tables.cells));
        compactAt = Math.max(compactRows, cells * 2);
      }
      if (cells > rowsMax) throw tooMuch(`more than ${rowsMax} sums of a customer, a meter and a quarter of an hour`);
      if (events > rowsMax) throw tooMuch(`more than ${rowsMax} events of meters that count unique values or take the latest`);
      return outcome;
    },
    totals: () =>
      postgres.transaction(async (transaction) => {
        await compact(transaction, tables.cells);
        await transaction.query(`CREATE INDEX ON ${tables.cells} (customer, slot)`);
        await transaction.query(`CREATE INDEX ON ${tables.events} (customer, meter, time, n)`);
        await transaction.query(`ANALYZE ${tables.cells}, ${tables.events}`);
        return readTotals(transaction, tables.cells);
      }),
    usage: (customers) => ({
      customers,
      slots: (customer) => readSlots(postgres, tables.cells, customer),
      events: (selection) => readEvents(postgres, tables.events, selection),
    }),
    async drop() {
      await postgres.query(`DROP TABLE IF EXISTS ${tables.cells}, ${tables.events}`);
    },
  };
}

function tooMuch(what: string): ProblemError {
  return new ProblemError('unprocessable', `The file has ${what}, which a dry run does not add up. Try it out in parts, or import it.`);
}

/** A dry run holds an import that is being received for as long as it takes. */
async function dropLeftBehind(postgres: Postgres): Promise<void> {
  const { rows } = await postgres.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relkind = 'r' AND c.relname ~ '^dry_run_\\d+_(cells|events)$' AND pg_table_is_visible(c.oid)
        AND NOT EXISTS (SELECT FROM imports i WHERE i.id = substring(c.relname FROM '\\d+')::bigint AND i.status = 'received')`,
  );
  for (const { name } of rows) await postgres.query(`DROP TABLE IF EXISTS ${name}`);
}

/** One row per customer, meter and slot. Answers how many there are. */
async function compact(transaction: Transaction, cells: string): Promise<number> {
  const { rowCount } = await transaction.query(
    `CREATE UNLOGGED TABLE ${cells}_new AS
     SELECT customer, meter, slot, sum(quantity) AS quantity, max(max) AS max, sum(events)::bigint AS events FROM ${cells} GROUP BY customer, meter, slot`,
  );
  await transaction.query(`DROP TABLE ${cells}`);
  await transaction.query(`ALTER TABLE ${cells}_new RENAME TO ${cells}`);
  return rowCount;
}

async function readTotals(transaction: Transaction, cells: string): Promise<AddedTotals> {
  const { rows: spans } = await transaction.query<{ from: string | null; to: string | null; hours: string }>(
    `SELECT date_trunc('hour', min(slot)) AS "from", date_trunc('hour', max(slot)) + interval '1 hour' AS "to",
            count(DISTINCT date_trunc('hour', slot))::text AS hours FROM ${cells}`,
  );
  const { rows: quantities } = await transaction.query<{ meter: string; quantity: string; events: string }>(
    `SELECT meter, sum(quantity)::text AS quantity, sum(events)::text AS events FROM ${cells} GROUP BY meter ORDER BY meter LIMIT ${METERS_MAX}`,
  );
  const { rows: customers } = await transaction.query<{ id: string; isNew: boolean; events: string }>(
    `SELECT c.customer AS id, c.events::text AS events, NOT EXISTS (SELECT FROM usage_records o WHERE o.customer = c.customer) AS "isNew"
       FROM (SELECT customer, sum(events) AS events FROM ${cells} GROUP BY customer ORDER BY customer LIMIT ${CUSTOMERS_MAX}) c ORDER BY c.customer`,
  );
  const { from = null, to = null, hours = '0' } = spans[0] ?? {};
  return {
    customers: customers.map(({ id, isNew, events }) => ({ id, isNew, events: Number(events) })),
    hours: from === null || to === null ? null : { from: toInstant(from), to: toInstant(to), count: Number(hours) },
    quantities: quantities.map(({ meter, quantity, events }) => ({
      meter,
      quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE),
      events: Number(events),
    })),
  };
}

async function readSlots(postgres: Postgres, cells: string, customer: string): Promise<AddedSlot[]> {
  const { rows } = await postgres.query<{ meter: string; start: string; quantity: string; max: string; events: string }>(
    `SELECT meter, (extract(epoch FROM slot) * 1000)::bigint::text AS start, quantity::text AS quantity, max::text AS max, events::text AS events
       FROM ${cells} WHERE customer = $1 ORDER BY slot, meter`,
    [customer],
  );
  return rows.map(({ meter, start, quantity, max, events }) => ({
    meter,
    start: Number(start),
    quantity: toScaled(quantity, QUANTITY_SCALE),
    max: toScaled(max, QUANTITY_SCALE),
    events: Number(events),
  }));
}

async function* readEvents(
  postgres: Postgres,
  events: string,
  { customer, meter, period }: Parameters<AddedUsage['events']>[0],
): AsyncGenerator<AddedEvent[]> {
  let after: { time: string; n: string } | undefined;
  for (;;) {
    const { rows } = await postgres.query<{ n: string; time: string; text: string; quantity: string; properties: string }>(
      `SELECT n::text AS n, time, to_char(time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS text, quantity::text AS quantity, properties
         FROM ${events} AS e WHERE customer = $1 AND meter = $2 AND time >= $3 AND time < $4
          AND ($5::timestamptz IS NULL OR (time, e.n) > ($5::timestamptz, $6::bigint))
        ORDER BY e.time, e.n LIMIT ${PAGE_EVENTS}`,
      [customer, meter, instantText(period.from), instantText(period.to), after?.time ?? null, after?.n ?? null],
    );
    const page = rows.map(({ text, quantity, properties }) => ({ time: text, quantity: toScaled(quantity, QUANTITY_SCALE), properties }));
    if (page.length > 0) yield page;
    after = rows.at(-1);
    if (rows.length < PAGE_EVENTS) return;
  }
}
