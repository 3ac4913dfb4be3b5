/** What becomes of staged events whose key is taken. */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { CONFLICT_KEY, unlessTaken, WITNESS_KEY } from './unless-taken.ts';

/** Events of one import with one fate. */
export interface Refused {
  importId: string;
  /** Of the accepted event; none for a redelivered line of an event that has none. */
  keptImportId: string | undefined;
  outcome: 'duplicate' | 'conflict' | 'redelivered';
  /** Their positions, pair by pair. */
  offsets: readonly number[];
  indexes: readonly number[];
}

/**
 * Equal content = duplicate (kept as a witness), other content = conflict (kept whole), the same line once more = redelivery (kept
 * nowhere, it is already there as row, witness or conflict).
 *
 * Judges all staged events whose key is in `usage_records`. With `sinceOffset` the batch itself has been inserted: then those alone whose
 * key an event of the log from there on has taken, another than themselves.
 */
export async function classifyRefused(
  transaction: Transaction,
  epoch: number,
  partition: number,
  sinceOffset?: number,
): Promise<Refused[]> {
  const byThisBatch = `WHERE r.epoch = $1 AND r.partition = $2 AND r."offset" >= $3 AND NOT (r."offset" = s."offset" AND r.idx = s.idx)`;
  const run = async (settle: string) => {
    // LATERAL with LIMIT is one look into the unique index per row; as a plain join, the planner, who has no statistics of the staged
    // rows, might read all of usage_records instead. Positions by fate: ten thousand rows of an answer cost more than what they say.
    const { rows } = await transaction.query<Fate>(
      `WITH refused AS MATERIALIZED (
         SELECT s.*, r.import_id AS kept_import_id,
                r.meter = s.meter AND r.time = s.time AND r.quantity = s.quantity AND r.properties = s.properties AS same,
                r.import_id = s.import_id AND r.line = s.line AND r.meter = s.meter AS redelivered
         FROM staged s CROSS JOIN LATERAL (SELECT * FROM usage_records WHERE customer = s.customer AND id = s.id LIMIT 1) r
         ${sinceOffset === undefined ? '' : byThisBatch}
       ), ${settle} GROUP BY 1, 2, 3`,
      sinceOffset === undefined ? [] : [epoch, partition, sinceOffset],
    );
    return rows;
  };
  // Lines that come once more after they became a witness or a conflict are rare, and asking for each costs as much as all else here.
  const fates = (await unlessTaken(transaction, [WITNESS_KEY, CONFLICT_KEY], () => run(ALL_NEW))) ?? (await run(SOME_KNOWN));
  return fates.map((fate) => ({
    importId: fate.import_id,
    keptImportId: fate.kept_import_id,
    outcome: fate.outcome,
    offsets: JSON.parse(fate.offsets) as number[],
    indexes: JSON.parse(fate.indexes) as number[],
  }));
}

interface Fate {
  import_id: string;
  kept_import_id: string;
  outcome: Refused['outcome'];
  /** JSON arrays of numbers. */
  offsets: string;
  indexes: string;
  [column: string]: unknown;
}

const WITNESSES = `INSERT INTO witnesses (customer, id, import_id, line, meter, epoch, partition, "offset", idx)
  SELECT customer, id, import_id, line, meter, epoch, partition, "offset", idx FROM refused
  WHERE same AND NOT redelivered ORDER BY customer, id, "offset", idx`;
const CONFLICTS = `INSERT INTO conflicts (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
  SELECT customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx FROM refused
  WHERE NOT same AND NOT redelivered ORDER BY customer, id, "offset", idx`;
const POSITIONS = `json_agg(refused."offset")::text AS offsets, json_agg(refused.idx)::text AS indexes`;

/** Of whom none is a witness or a conflict already. */
const ALL_NEW = `witnessed AS (${WITNESSES}), conflicting AS (${CONFLICTS})
  SELECT import_id, kept_import_id, CASE WHEN redelivered THEN 'redelivered' WHEN same THEN 'duplicate' ELSE 'conflict' END AS outcome, ${POSITIONS}
  FROM refused`;

/** What is one already is a redelivery too. */
const SOME_KNOWN = `witnessed AS (${WITNESSES} ON CONFLICT DO NOTHING RETURNING "offset", idx),
  conflicting AS (${CONFLICTS} ON CONFLICT DO NOTHING RETURNING "offset", idx),
  outcomes AS (SELECT 'duplicate' AS outcome, "offset", idx FROM witnessed UNION ALL SELECT 'conflict', "offset", idx FROM conflicting)
  SELECT refused.import_id, refused.kept_import_id, coalesce(outcomes.outcome, 'redelivered') AS outcome, ${POSITIONS}
  FROM refused LEFT JOIN outcomes ON outcomes."offset" = refused."offset" AND outcomes.idx = refused.idx`;
