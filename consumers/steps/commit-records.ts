/**
 * Step 2: one batch of events into Postgres, in one transaction together with the consumer's offset.
 *
 * Whatever fails, the transaction is not there: the batch is read again from the offset that is. A process that lost the
 * partition finds another offset than it expects and gives up (`fenced`).
 */
import type { Postgres, Transaction } from '../../platform/postgres/postgres.ts';
import { addCounts } from './add-counts.ts';
import { positionKey, type DecodedBatch } from './decode.ts';
import { insertEvents, type Inserted } from './insert-events.ts';
import type { InsertPath } from './insert-path.ts';
import { advanceRecords, lockRecords } from './offsets.ts';
import { recountRows, storeDeadLetters } from './store-dead-letters.ts';

export interface CommittedBatch {
  fenced: boolean;
  /** Positions (`offset:index`) that were not accepted; rollups leaves them out. */
  dropped: ReadonlySet<string>;
}

export async function commitRecords(
  postgres: Postgres,
  epoch: number,
  batch: DecodedBatch,
  unseen: { customers: string[]; meters: string[] },
  path: InsertPath,
): Promise<CommittedBatch> {
  return postgres.transaction(async (transaction) => {
    if ((await lockRecords(transaction, epoch, batch.partition)) !== batch.firstOffset) return { fenced: true, dropped: new Set<string>() };

    const inserted = await insertEvents(transaction, epoch, batch, path);
    const dead = await storeDeadLetters(transaction, epoch, batch);
    const dropped = await markDropped(transaction, epoch, batch, inserted);
    await nameUnseen(transaction, unseen);
    await addCounts(transaction, epoch, batch, { ...inserted, dead });
    await recountRows(transaction, [...inserted.released.keys()]);
    await advanceRecords(transaction, epoch, batch.partition, batch.nextOffset, batch.tail);
    return { fenced: false, dropped };
  });
}

/** Positions as arrays in Postgres' own text: the driver's way through ten thousand numbers costs more than all else here. */
async function markDropped(
  transaction: Transaction,
  epoch: number,
  batch: DecodedBatch,
  { refused, late }: Inserted,
): Promise<ReadonlySet<string>> {
  const positions = [
    ...refused.flatMap(({ offsets, indexes }) => offsets.map((offset, k) => ({ offset, index: indexes[k] as number }))),
    ...late.map(({ offset, idx }) => ({ offset: Number(offset), index: idx })),
    ...batch.dead.map(({ offset, index }) => ({ offset, index })),
  ].sort((a, b) => a.offset - b.offset || a.index - b.index);
  if (positions.length === 0) return new Set();
  await transaction.query(
    `INSERT INTO log_marks (epoch, partition, first_offset, next_offset, offsets, indexes) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      epoch,
      batch.partition,
      batch.firstOffset,
      batch.nextOffset,
      `{${positions.map(({ offset }) => offset).join()}}`,
      `{${positions.map(({ index }) => index).join()}}`,
    ],
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
