/** What became of a batch's events, added to the counts of their imports. */
import type { Transaction } from '../../platform/postgres/postgres.ts';
import type { DecodedBatch } from './decode.ts';
import type { Inserted } from './insert-events.ts';

interface Changes extends Inserted {
  /** New dead letters, by import. */
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

export async function addCounts(
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
  for (const { importId, keptImportId, outcome, offsets } of refused) {
    const tally = tallyOf(importId);
    tally.accepted -= offsets.length;
    tally[outcome] += offsets.length;
    if (outcome === 'duplicate')
      knownFrom.set(`${importId}:${keptImportId}`, (knownFrom.get(`${importId}:${keptImportId}`) ?? 0) + offsets.length);
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
