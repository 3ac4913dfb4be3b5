/**
 * Step 2: one batch of events into Postgres, in one transaction together with the consumer's offset.
 *
 * Whatever fails, the transaction is not there: the batch is read again from the offset that is. A process that lost the
 * partition finds another offset than it expects and gives up (`fenced`).
 */
import { announceMoment } from '../../platform/moments.ts';
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import { positionKey, type DecodedBatch } from './decode.ts';
import { dropRedelivered } from './drop-redelivered.ts';
import { advanceRecords, lockRecords } from './offsets.ts';
import { recountRows, releaseDead, storeDeadLetters } from './store-dead-letters.ts';
import { voidLate, type LateEvent } from './void-late.ts';

export interface CommittedBatch {
  fenced: boolean;
  /** Positions (`offset:index`) that were not accepted; rollups leaves them out. */
  dropped: ReadonlySet<string>;
}

interface Refused {
  import_id: string;
  /** Of the accepted event; none for a redelivered line of an event that has none. */
  kept_import_id?: string;
  offset: string;
  idx: number;
  outcome: 'duplicate' | 'conflict' | 'redelivered';
}

/** What became of a batch besides being accepted. */
interface Changes {
  refused: readonly Refused[];
  late: readonly LateEvent[];
  /** Dead letters by import: those that are none any more, and new ones. */
  released: ReadonlyMap<string, number>;
  dead: ReadonlyMap<string, number>;
}

interface Tally {
  accepted: number;
  duplicate: number;
  conflict: number;
  redelivered: number;
  voided: number;
  dead: number;
}

export async function commitRecords(
  postgres: Postgres,
  epoch: number,
  batch: DecodedBatch,
  unseen: { customers: string[]; meters: string[] },
): Promise<CommittedBatch> {
  return postgres.transaction(async (transaction) => {
    if ((await lockRecords(transaction, epoch, batch.partition)) !== batch.firstOffset) return { fenced: true, dropped: new Set<string>() };

    await stage(transaction, batch);
    announceMoment('staged');
    const late = await voidLate(transaction, epoch, batch);
    const redelivered = await dropRedelivered(transaction, batch);
    const events = batch.events - late.length;
    const accepted = await insertStaged(transaction, epoch, batch.partition);
    const refused: Refused[] = redelivered.map((event) => ({ ...event, outcome: 'redelivered' }));
    if (accepted + refused.length !== events) refused.push(...(await classifyRefused(transaction, epoch, batch.partition)));
    if (accepted + refused.length !== events) {
      throw new Error(`partition ${batch.partition}: ${events} events staged, ${accepted} accepted and ${refused.length} refused`);
    }
    const changes = {
      refused,
      late,
      released: await releaseDead(transaction, batch),
      dead: await storeDeadLetters(transaction, epoch, batch),
    };
    const dropped = await markDropped(transaction, epoch, batch, [...refused, ...late]);
    await nameUnseen(transaction, unseen);
    await addCounts(transaction, epoch, batch, changes);
    await recountRows(transaction, [...changes.released.keys()]);
    await advanceRecords(transaction, epoch, batch.partition, batch.nextOffset, batch.tail);
    return { fenced: false, dropped };
  });
}

/** A second as a rule. A process that falls asleep during it counts as busy for Postgres, and would keep its successor out. */
const COPY_SECONDS_MAX = 30;

/** The temporary table belongs to the connection and is empty again after each commit. */
async function stage(transaction: Transaction, batch: DecodedBatch): Promise<void> {
  await transaction.query(`
    CREATE TEMPORARY TABLE IF NOT EXISTS staged (
      customer text COLLATE "C", id text COLLATE "C", meter text COLLATE "C", time timestamptz, quantity numeric,
      properties text, import_id bigint, line bigint, "offset" bigint, idx integer
    ) ON COMMIT DELETE ROWS;
    SET LOCAL statement_timeout = '${COPY_SECONDS_MAX}s'`);
  await transaction.copyFrom(
    `COPY staged (customer, id, meter, time, quantity, properties, import_id, line, "offset", idx) FROM STDIN`,
    batch.copyTexts,
  );
  await transaction.query('SET LOCAL statement_timeout TO DEFAULT');
}

/** Sorted by the unique key, which doubles the rate; position last, so that of equal keys the first delivered wins. */
async function insertStaged(transaction: Transaction, epoch: number, partition: number): Promise<number> {
  const { rowCount } = await transaction.query(
    `INSERT INTO usage_records (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
     SELECT customer, id, meter, time, quantity, properties, import_id, line, $1, $2, "offset", idx
     FROM staged ORDER BY customer, id, "offset", idx
     ON CONFLICT (customer, id) DO NOTHING`,
    [epoch, partition],
  );
  return rowCount;
}

/**
 * What was not inserted: equal content = duplicate (kept as a witness), other content = conflict (kept whole), the same line
 * once more = redelivery (kept nowhere, it is already there as row, witness or conflict).
 */
async function classifyRefused(transaction: Transaction, epoch: number, partition: number): Promise<Refused[]> {
  // LATERAL with LIMIT is one look into the unique index per row; as a plain join, the planner, who has no statistics of the staged
  // rows, might read all of usage_records instead.
  const { rows } = await transaction.query<Refused & { [column: string]: unknown }>(
    `WITH refused AS MATERIALIZED (
       SELECT s.*, r.import_id AS kept_import_id,
              r.meter = s.meter AND r.time = s.time AND r.quantity = s.quantity AND r.properties = s.properties AS same,
              r.import_id = s.import_id AND r.line = s.line AND r.meter = s.meter AS redelivered
       FROM staged s CROSS JOIN LATERAL (SELECT * FROM usage_records WHERE customer = s.customer AND id = s.id LIMIT 1) r
       WHERE NOT (r.epoch = $1 AND r.partition = $2 AND r."offset" = s."offset" AND r.idx = s.idx)
     ), witnessed AS (
       INSERT INTO witnesses (customer, id, import_id, line, meter, epoch, partition, "offset", idx)
       SELECT customer, id, import_id, line, meter, $1, $2, "offset", idx FROM refused
       WHERE same AND NOT redelivered ORDER BY customer, id, "offset", idx
       ON CONFLICT DO NOTHING RETURNING "offset", idx
     ), conflicting AS (
       INSERT INTO conflicts (customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx)
       SELECT customer, id, meter, time, quantity, properties, import_id, line, $1, $2, "offset", idx FROM refused
       WHERE NOT same AND NOT redelivered ORDER BY customer, id, "offset", idx
       ON CONFLICT DO NOTHING RETURNING "offset", idx
     ), outcomes AS (
       SELECT 'duplicate' AS outcome, "offset", idx FROM witnessed
       UNION ALL SELECT 'conflict', "offset", idx FROM conflicting
     )
     SELECT refused.import_id, refused.kept_import_id, refused."offset", refused.idx, coalesce(outcomes.outcome, 'redelivered') AS outcome
     FROM refused LEFT JOIN outcomes ON outcomes."offset" = refused."offset" AND outcomes.idx = refused.idx`,
    [epoch, partition],
  );
  return rows;
}

async function markDropped(
  transaction: Transaction,
  epoch: number,
  batch: DecodedBatch,
  refused: readonly { offset: string; idx: number }[],
): Promise<ReadonlySet<string>> {
  const positions = [
    ...refused.map((row) => ({ offset: Number(row.offset), index: row.idx })),
    ...batch.dead.map(({ offset, index }) => ({ offset, index })),
  ].sort((a, b) => a.offset - b.offset || a.index - b.index);
  if (positions.length === 0) return new Set();
  await transaction.query(
    `INSERT INTO log_marks (epoch, partition, first_offset, next_offset, offsets, indexes) VALUES ($1, $2, $3, $4, $5, $6)`,
    [epoch, batch.partition, batch.firstOffset, batch.nextOffset, positions.map((p) => p.offset), positions.map((p) => p.index)],
  );
  return new Set(positions.map((p) => positionKey(p.offset, p.index)));
}

/** Customers and meters that usage shows for the first time. Sorted, so that two partitions cannot wait for each other. */
async function nameUnseen(transaction: Transaction, unseen: { customers: string[]; meters: string[] }): Promise<void> {
  if (unseen.customers.length > 0) {
    await transaction.query(`INSERT INTO customers (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [unseen.customers.toSorted()]);
  }
  if (unseen.meters.length > 0) {
    await transaction.query(`INSERT INTO meters (key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [unseen.meters.toSorted()]);
  }
}

async function addCounts(
  transaction: Transaction,
  epoch: number,
  batch: DecodedBatch,
  { refused, late, released, dead }: Changes,
): Promise<void> {
  const tallies = new Map<string, Tally>();
  const knownFrom = new Map<string, number>();
  const tallyOf = (importId: string) => {
    const tally = tallies.get(importId) ?? { accepted: 0, duplicate: 0, conflict: 0, redelivered: 0, voided: 0, dead: 0 };
    tallies.set(importId, tally);
    return tally;
  };
  for (const [importId, { events }] of batch.imports) tallyOf(importId).accepted = events;
  for (const { import_id } of late) {
    const tally = tallyOf(import_id);
    tally.accepted--;
    tally.voided++;
  }
  for (const { import_id, kept_import_id, outcome } of refused) {
    const tally = tallyOf(import_id);
    tally.accepted--;
    tally[outcome]++;
    if (outcome === 'duplicate')
      knownFrom.set(`${import_id}:${kept_import_id}`, (knownFrom.get(`${import_id}:${kept_import_id}`) ?? 0) + 1);
  }
  for (const [importId, letters] of dead) tallyOf(importId).dead += letters;
  // Perhaps it was counted in another partition: only the sum over all means something.
  for (const [importId, letters] of released) tallyOf(importId).dead -= letters;
  for (const [importId, tally] of tallies) {
    await transaction.query(
      `INSERT INTO import_partitions AS p (import_id, partition, accepted, duplicate, conflict, redelivered, voided, epoch, first_offset, dead)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (import_id, partition) DO UPDATE SET accepted = p.accepted + $3, duplicate = p.duplicate + $4,
         conflict = p.conflict + $5, redelivered = p.redelivered + $6, voided = p.voided + $7, dead = p.dead + $10,
         epoch = coalesce(p.epoch, $8), first_offset = coalesce(p.first_offset, $9)`,
      [
        importId,
        batch.partition,
        tally.accepted,
        tally.duplicate,
        tally.conflict,
        tally.redelivered,
        tally.voided,
        batch.imports.has(importId) ? epoch : null,
        batch.imports.get(importId)?.firstOffset ?? null,
        tally.dead,
      ],
    );
  }
  // In one order everywhere: two partitions may add to the same pairs at the same time.
  for (const [pair, events] of [...knownFrom].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [importId, fromImportId] = pair.split(':');
    await transaction.query(
      `INSERT INTO import_known_from AS k (import_id, from_import_id, events) VALUES ($1, $2, $3)
       ON CONFLICT (import_id, from_import_id) DO UPDATE SET events = k.events + $3`,
      [importId, fromImportId, events],
    );
  }
}
