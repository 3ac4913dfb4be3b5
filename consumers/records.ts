/**
 * The records consumer of one partition: reads events from the log, persists them in Postgres, hands them on to rollups.
 *
 * decode → commit (rows, witnesses, conflicts, dead letters, counts, offset: one transaction) → hand over
 *
 * A failure before the commit leaves nothing; after it, rollups finds the same events in the log.
 */
import type { Logger } from 'pino';
import type { PartitionReader } from '../platform/event-log/event-log.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Handoff } from './handoff.ts';
import { retry } from './retry.ts';
import { commitRecords, RECORDS } from './steps/commit-records.ts';
import { decodeBatch, rollupRows } from './steps/decode.ts';
import { readOffset } from './steps/offsets.ts';

/** Events per transaction: larger gains little (measured 10k to 20k: 8 %), smaller doubles the cost per row. */
const BATCH_EVENTS = 10_000;
/** How long one read waits for events. Only bounds how soon a lost wake-up is noticed. */
const READ_WAIT_MS = 1_000;
/** Names remembered as known to Postgres, per partition; beyond it the memory starts anew. */
const SEEN_MAX = 100_000;

export interface RecordsDependencies {
  postgres: Postgres;
  logger: Logger;
  epoch: number;
  handoff: Handoff;
}

export async function consumeRecords(
  reader: PartitionReader,
  signal: AbortSignal,
  { postgres, logger, epoch, handoff }: RecordsDependencies,
): Promise<void> {
  const customers = new Seen();
  const meters = new Seen();
  const { partition } = reader;
  let offset = await retry('records: read offset', logger, signal, () => readOffset(postgres, RECORDS, epoch, partition));
  while (!signal.aborted && offset !== undefined) {
    const from: number = offset;
    const batch = await retry('records: read log', logger, signal, () =>
      reader.read(from, { maxEvents: BATCH_EVENTS, waitMs: READ_WAIT_MS, signal }),
    );
    if (!batch) continue;
    const decoded = decodeBatch(batch, epoch);
    const unseen = { customers: customers.unseen(decoded.customers), meters: meters.unseen(decoded.meters) };
    const committed = await retry('records: commit', logger, signal, () => commitRecords(postgres, epoch, decoded, unseen));
    if (!committed) return;
    if (committed.fenced) {
      // Either our own commit went through although its answer was lost, or somebody else has the partition: start from what is.
      logger.warn({ partition, offset }, 'records: the offset moved under us, reading it again');
      offset = await retry('records: read offset', logger, signal, () => readOffset(postgres, RECORDS, epoch, partition));
      continue;
    }
    if (decoded.dead.length > 0)
      logger.error({ partition, dead: decoded.dead.length, code: decoded.dead[0]?.failure.code }, 'records: dead letters');
    customers.add(unseen.customers);
    meters.add(unseen.meters);
    handoff.offer(committed.dropped.size === 0 ? decoded.rollup : rollupRows(batch, epoch, committed.dropped));
    offset = decoded.nextOffset;
  }
}

class Seen {
  readonly #names = new Set<string>();

  unseen(names: ReadonlySet<string>): string[] {
    return [...names].filter((name) => !this.#names.has(name));
  }

  add(names: readonly string[]): void {
    if (this.#names.size > SEEN_MAX) this.#names.clear();
    for (const name of names) this.#names.add(name);
  }
}
