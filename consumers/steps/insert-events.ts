/**
 * The events of a batch into `usage_records`: those whose key is new there, of equal keys within the batch the first.
 *
 * Nearly always all keys are new. Then the events are copied into the table as they are, which costs two thirds of staging them first and
 * asking for each key. A key that is taken ends such a COPY and undoes it; the batch then goes through the staging table, where each
 * event's fate is decided by itself. Where keys come again shortly after they came first, those that seem to are staged, and the others
 * copied all the same.
 */
import type { LineBytes } from '../../platform/line-bytes.ts';
import { announceMoment } from '../../platform/moments.ts';
import type { Transaction } from '../../platform/postgres/postgres.ts';
import { classifyRefused, type Refused } from './classify-refused.ts';
import { positionKey, rowsWithout, type DecodedBatch } from './decode.ts';
import { dropRedelivered, hasStranded, type RedeliveredEvent } from './drop-redelivered.ts';
import type { InsertPath } from './insert-path.ts';
import { hasCountedDead, releaseDead } from './store-dead-letters.ts';
import { IDENTITY_KEY, unlessTaken } from './unless-taken.ts';
import { findFallen, voidLate, type LateEvent } from './void-late.ts';

/** A second as a rule. A process that falls asleep during it counts as busy for Postgres, and would keep its successor out. */
const COPY_SECONDS_MAX = 30;

const COLUMNS = 'customer, id, meter, time, quantity, properties, import_id, line, epoch, partition, "offset", idx';

/** What became of a batch's events; the others are accepted. */
export interface Inserted {
  refused: readonly Refused[];
  late: readonly LateEvent[];
  /** Dead letters that are none any more, by import. */
  released: ReadonlyMap<string, number>;
}

/** Throws unless every event of the batch is accounted for. */
export async function insertEvents(transaction: Transaction, epoch: number, batch: DecodedBatch, path: InsertPath): Promise<Inserted> {
  const straight = path.isStraight() ? await insertStraight(transaction, epoch, batch, path) : undefined;
  return straight ?? (await insertStaged(transaction, epoch, batch, path));
}

/** Undefined, with nothing inserted, where the batch has to go through staging. */
async function insertStraight(
  transaction: Transaction,
  epoch: number,
  batch: DecodedBatch,
  path: InsertPath,
): Promise<Inserted | undefined> {
  // Of these some are taken out before they are inserted.
  if ((await findFallen(transaction, batch)).length > 0 || (await hasStranded(transaction, batch))) return undefined;
  const refused = await unlessTaken(transaction, [IDENTITY_KEY], () => insertUnsuspected(transaction, epoch, batch));
  if (!refused) {
    path.wasViolated();
    return undefined;
  }
  path.wentStraight(refused.length > 0);
  if (!(await hasCountedDead(transaction, batch))) return { refused, late: [], released: new Map() };
  await stage(transaction, [batch.newRows]);
  return { refused, late: [], released: await releaseDead(transaction, batch) };
}

/** Copies what seems to be new, and decides about the rest of the batch by itself. Throws where a key is taken after all. */
async function insertUnsuspected(transaction: Transaction, epoch: number, batch: DecodedBatch): Promise<Refused[]> {
  const { partition, events, suspects, repeats } = batch;
  await stage(transaction, [batch.suspectRows, batch.repeatedRows]);
  const refused = suspects > 0 ? await classifyRefused(transaction, epoch, partition) : [];
  await copyInto(transaction, 'usage_records', [batch.newRows]);
  announceMoment('staged');
  let accepted = events - suspects - repeats;
  const open = () => events - accepted - countEvents(refused);
  if (suspects > 0 && open() > 0) accepted += await insertStagedRows(transaction);
  if (open() > 0) refused.push(...(await classifyRefused(transaction, epoch, partition, batch.firstOffset)));
  requireAll(batch, accepted, refused, []);
  return refused;
}

async function insertStaged(transaction: Transaction, epoch: number, batch: DecodedBatch, path: InsertPath): Promise<Inserted> {
  await stage(transaction, [batch.newRows, batch.suspectRows, batch.repeatedRows]);
  announceMoment('staged');
  const late = await voidLate(transaction, epoch, batch);
  const stranded = await dropRedelivered(transaction, batch);
  // Known keys first: a file that is uploaded once more has no others.
  const known = await classifyRefused(transaction, epoch, batch.partition);
  const left = rowsLeft(batch, known);
  path.wasStaged(known.length > 0, left.surprised);
  const refused = [...stranded.map(redelivered), ...known];
  let accepted = 0;
  const open = () => batch.events - late.length - accepted - countEvents(refused);
  if (open() > 0) accepted = await insertNew(transaction, late.length + stranded.length === 0 ? left.rows : undefined);
  if (open() > 0) refused.push(...(await classifyRefused(transaction, epoch, batch.partition, batch.firstOffset)));
  requireAll(batch, accepted, refused, late);
  return { refused, late, released: await releaseDead(transaction, batch) };
}

/** Of each key that is not known the first row; and whether any is known that was not suspected. */
function rowsLeft(batch: DecodedBatch, known: readonly Refused[]): { rows: LineBytes[]; surprised: boolean } {
  const taken = new Set(known.flatMap(({ offsets, indexes }) => offsets.map((offset, k) => positionKey(offset, indexes[k] as number))));
  const left = rowsWithout(batch.newRows, taken);
  const surprised = left.lines < batch.events - batch.suspects - batch.repeats;
  return { rows: [left, rowsWithout(batch.suspectRows, taken)], surprised };
}

/** The temporary table belongs to the connection and is empty again after each commit. */
async function stage(transaction: Transaction, rows: readonly Buffer[]): Promise<void> {
  if (rows.every(({ length }) => length === 0)) return;
  await transaction.query(`
    CREATE TEMPORARY TABLE IF NOT EXISTS staged (
      customer text COLLATE "C", id text COLLATE "C", meter text COLLATE "C", time timestamptz, quantity numeric, properties text,
      import_id bigint, line bigint, epoch integer, partition smallint, "offset" bigint, idx integer
    ) ON COMMIT DELETE ROWS`);
  await copyInto(transaction, 'staged', rows);
}

/** False, with nothing done, where a key is taken. */
async function copyAccepted(transaction: Transaction, rows: readonly Buffer[]): Promise<boolean> {
  const copied = await unlessTaken(transaction, [IDENTITY_KEY], async () => {
    await copyInto(transaction, 'usage_records', rows);
    return true;
  });
  return copied === true;
}

async function copyInto(transaction: Transaction, table: string, rows: readonly Buffer[]): Promise<void> {
  if (rows.every(({ length }) => length === 0)) return;
  await transaction.query(`SET LOCAL statement_timeout = '${COPY_SECONDS_MAX}s'`);
  await transaction.copyFrom(`COPY ${table} (${COLUMNS}) FROM STDIN`, rows);
  await transaction.query('SET LOCAL statement_timeout TO DEFAULT');
}

/**
 * What is left of the staged rows, of equal keys the first; answers how many. With `left`, it is that: copied once more, which costs a third
 * less than carrying it over does (measured, 1 % of the keys known).
 */
async function insertNew(transaction: Transaction, left: readonly LineBytes[] | undefined): Promise<number> {
  if (left) {
    const rows = left.map((lines) => lines.bytes());
    if (await copyAccepted(transaction, rows)) return left.reduce((sum, { lines }) => sum + lines, 0);
  }
  return insertStagedRows(transaction);
}

async function insertStagedRows(transaction: Transaction): Promise<number> {
  // Sorted by the unique key, which doubles the rate; position last, so that of equal keys the first delivered wins.
  const { rowCount } = await transaction.query(
    `INSERT INTO usage_records (${COLUMNS}) SELECT ${COLUMNS} FROM staged ORDER BY customer, id, "offset", idx
     ON CONFLICT (customer, id) DO NOTHING`,
  );
  return rowCount;
}

function redelivered({ import_id, offset, idx }: RedeliveredEvent): Refused {
  return { importId: import_id, keptImportId: undefined, outcome: 'redelivered', offsets: [Number(offset)], indexes: [idx] };
}

function requireAll(batch: DecodedBatch, accepted: number, refused: readonly Refused[], late: readonly LateEvent[]): void {
  const rest = countEvents(refused);
  if (accepted + rest + late.length === batch.events) return;
  throw new Error(
    `partition ${batch.partition}: of ${batch.events} events ${accepted} were accepted, ${rest} refused and ${late.length} voided`,
  );
}

function countEvents(refused: readonly Refused[]): number {
  return refused.reduce((sum, { offsets }) => sum + offsets.length, 0);
}
