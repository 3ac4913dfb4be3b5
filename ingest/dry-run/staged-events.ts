/**
 * What would become of events: each is looked up in Postgres by its identity, as the records consumer would do it, and judged by the same
 * rules. Nothing of it stays but the sums of what would be accepted, in the working tables of the dry run.
 */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { doublesOf } from '../../platform/suspected-doubles.ts';
import { decodeUsageEvent } from '../../schemas/usage-event.ts';

/** Doubles told of one by one; there is one list for people, who judge a few by hand. */
export const DOUBLES_SHOWN_MAX = 100;

export interface Outcome {
  accepted: number;
  duplicate: number;
  conflict: number;
  rowsNew: number;
  rowsConflict: number;
  /** Accepted events that equal one of another import in customer, meter, time and quantity. */
  doubles: number;
  /** Rows written into the working tables. */
  cells: number;
  events: number;
  /** Duplicates by the import of the accepted event; null: of the file itself. */
  knownFrom: { importId: string | null; events: number }[];
  shown: ShownDouble[];
}

export interface ShownDouble {
  line: number;
  customer: string;
  meter: string;
  time: string;
  quantity: string;
  importId: string;
  otherLine: number;
}

export interface StagedBatch {
  payloads: readonly string[];
  occurrences: Uint32Array;
  /** Number of the first one in the file. */
  first: number;
}

export interface StagingOptions {
  /** Names of the working tables. */
  tables: { cells: string; events: string };
  /** Whether ids are made by us: only then two of them can stand for one event. */
  findDoubles: boolean;
  /** Doubles still to be shown. */
  showMax: number;
}

/** The rows of a batch never reach into the next one, so they are counted here. */
export async function judgeEvents(transaction: Transaction, batch: StagedBatch, options: StagingOptions): Promise<Outcome> {
  await transaction.query(`
    CREATE TEMPORARY TABLE IF NOT EXISTS dry_run_staged (
      n bigint, customer text COLLATE "C", id text COLLATE "C", meter text COLLATE "C", time timestamptz, quantity numeric,
      properties text, line bigint, occurrence integer
    ) ON COMMIT DELETE ROWS`);
  await transaction.copyFrom(
    'COPY dry_run_staged (n, customer, id, meter, time, quantity, properties, line, occurrence) FROM STDIN',
    copyRows(batch),
  );
  const { rows } = await transaction.query<Outcome & { [column: string]: unknown }>(judgement(options), [
    options.findDoubles,
    options.showMax,
  ]);
  const [outcome] = rows;
  if (outcome === undefined) throw new Error('the statement returned no row');
  return outcome;
}

// LATERAL with LIMIT is one look into an index per event, whatever the planner thinks of the staged rows.
const judgement = ({ tables }: StagingOptions) => `
  WITH judged AS MATERIALIZED (
    SELECT s.*, r.import_id AS known_from,
           CASE WHEN r.import_id IS NULL AND s.occurrence = 1 THEN 'accepted'
                WHEN r.import_id IS NULL OR (r.meter = s.meter AND r.time = s.time AND r.quantity = s.quantity AND r.properties = s.properties)
                THEN 'duplicate' ELSE 'conflict' END AS outcome
    FROM dry_run_staged s LEFT JOIN LATERAL (SELECT * FROM usage_records WHERE customer = s.customer AND id = s.id LIMIT 1) r ON true
  ), added AS (
    INSERT INTO ${tables.cells} (customer, meter, slot, quantity, max, events)
    SELECT customer, meter, date_bin('15 minutes', time, 'epoch'::timestamptz), sum(quantity), max(quantity), count(*)
    FROM judged WHERE outcome = 'accepted' GROUP BY 1, 2, 3 RETURNING 1
  ), kept AS (
    INSERT INTO ${tables.events} (n, customer, meter, time, quantity, properties)
    SELECT n, customer, meter, time, quantity, properties FROM judged
    WHERE outcome = 'accepted' AND meter IN (SELECT key FROM meters WHERE aggregation IN ('unique', 'latest')) RETURNING 1
  ), doubled AS MATERIALIZED (
    ${doublesOf(`(SELECT * FROM judged WHERE $1 AND outcome = 'accepted')`, ['n', 'line'])}
  ), lines AS (
    SELECT line, bool_or(outcome = 'accepted') AS is_new, bool_or(outcome = 'conflict') AS is_conflict FROM judged GROUP BY line
  )
  SELECT (SELECT count(*) FROM judged WHERE outcome = 'accepted')::float8 AS accepted,
         (SELECT count(*) FROM judged WHERE outcome = 'duplicate')::float8 AS duplicate,
         (SELECT count(*) FROM judged WHERE outcome = 'conflict')::float8 AS conflict,
         (SELECT count(*) FROM lines WHERE is_new)::float8 AS "rowsNew",
         (SELECT count(*) FROM lines WHERE is_conflict AND NOT is_new)::float8 AS "rowsConflict",
         (SELECT count(*) FROM doubled)::float8 AS doubles,
         (SELECT count(*) FROM added)::float8 AS cells,
         (SELECT count(*) FROM kept)::float8 AS events,
         (SELECT coalesce(jsonb_agg(k), '[]') FROM (
            SELECT known_from::text AS "importId", count(*) AS events FROM judged WHERE outcome = 'duplicate' GROUP BY known_from) k) AS "knownFrom",
         (SELECT coalesce(jsonb_agg(d ORDER BY n), '[]') FROM (
            SELECT n, line, customer, meter, time, quantity::text AS quantity, "otherImport"::text AS "importId", "otherLine"
            FROM doubled ORDER BY n LIMIT $2) d) AS shown`;

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escapeText(value: string): string {
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] as string) : value;
}

function* copyRows({ payloads, occurrences, first }: StagedBatch): Generator<string> {
  for (const [index, payload] of payloads.entries()) {
    const decoded = decodeUsageEvent(payload);
    if (!decoded.ok) throw new Error(`an event of our own cannot be read: ${decoded.failure.message}`);
    const { customer, id, meter, time, quantity, properties, line } = decoded.event;
    yield `${first + index}\t${escapeText(customer)}\t${escapeText(id)}\t${escapeText(meter)}\t${time}\t${quantity}\t${escapeText(properties)}\t${line}\t${occurrences[index] ?? 1}\n`;
  }
}
