/**
 * The records consumer of one partition: reads events from the log, persists them in Postgres, hands them on to rollups.
 *
 * decode → commit (rows, witnesses, conflicts, dead letters, counts, offset: one transaction) → hand over
 * control message → commit (what it changes, offset: one transaction)
 *
 * A failure before the commit leaves nothing; after it, rollups finds the same events in the log.
 */
import type { Logger } from 'pino';
import type { LogBatch, PartitionReader } from '../platform/event-log/event-log.ts';
import { announceMoment } from '../platform/moments.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Handoff, RollupBatch } from './handoff.ts';
import { retry } from './retry.ts';
import { commitControl } from './steps/commit-control.ts';
import { commitRecords } from './steps/commit-records.ts';
import { cutAtControls, type ControlSegment } from './steps/cut-at-controls.ts';
import { decodeBatch, withoutDropped } from './steps/decode.ts';
import { InsertPath } from './steps/insert-path.ts';
import { readOffset, RECORDS } from './steps/offsets.ts';

/** Events per transaction: larger gains next to nothing (measured 10k to 20k: 1 %), smaller doubles the cost per row. */
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
  /** Partitions of the log. */
  partitions: number;
}

export async function consumeRecords(reader: PartitionReader, signal: AbortSignal, dependencies: RecordsDependencies): Promise<void> {
  const { postgres, logger, epoch, handoff } = dependencies;
  const memory = { customers: new Seen(), meters: new Seen(), path: new InsertPath() };
  const { partition } = reader;
  const readStart = () => retry('records: read offset', logger, signal, () => readOffset(postgres, RECORDS, epoch, partition));
  let offset = await readStart();
  while (!signal.aborted && offset !== undefined) {
    const from: number = offset;
    const batch = await retry('records: read log', logger, signal, () =>
      reader.read(from, { maxEvents: BATCH_EVENTS, waitMs: READ_WAIT_MS, signal }),
    );
    if (!batch) continue;
    for (const segment of cutAtControls(batch)) {
      const outcome: Outcome | undefined = segment.control
        ? await handleControl(segment, signal, dependencies)
        : await handleEvents(segment.batch, signal, dependencies, memory);
      if (!outcome) return;
      if (outcome.fenced) {
        // Either our own commit went through although its answer was lost, or somebody else has the partition: start from what is.
        logger.warn({ partition, offset }, 'records: the offset moved under us, reading it again');
        offset = await readStart();
        break;
      }
      if (outcome.rollup) handoff.offer(outcome.rollup);
      else handoff.wake();
      offset = outcome.nextOffset;
    }
  }
}

interface Outcome {
  fenced: boolean;
  nextOffset: number;
  /** What rollups has to insert; a control message it reads from the log itself. */
  rollup?: RollupBatch;
}

async function handleEvents(
  batch: LogBatch,
  signal: AbortSignal,
  { postgres, logger, epoch }: RecordsDependencies,
  { customers, meters, path }: { customers: Seen; meters: Seen; path: InsertPath },
): Promise<Outcome | undefined> {
  const decoded = decodeBatch(batch, epoch, path.recentKeys);
  const unseen = { customers: customers.unseen(decoded.customers), meters: meters.unseen(decoded.meters) };
  const committed = await retry('records: commit', logger, signal, () => commitRecords(postgres, epoch, decoded, unseen, path));
  if (!committed) return undefined;
  const { partition, nextOffset, dead } = decoded;
  if (committed.fenced) return { fenced: true, nextOffset };
  announceMoment('recorded');
  if (dead.length > 0) logger.error({ partition, dead: dead.length, code: dead[0]?.failure.code }, 'records: dead letters');
  customers.add(unseen.customers);
  meters.add(unseen.meters);
  return {
    fenced: false,
    nextOffset,
    rollup: committed.dropped.size === 0 ? decoded.rollup : withoutDropped(decoded.rollup, committed.dropped),
  };
}

async function handleControl(
  segment: ControlSegment,
  signal: AbortSignal,
  { postgres, logger, epoch, partitions }: RecordsDependencies,
): Promise<Outcome | undefined> {
  const committed = await retry('records: commit control', logger, signal, () => commitControl(postgres, epoch, partitions, segment));
  if (!committed) return undefined;
  announceMoment('control-recorded');
  const { control, partition, offset, nextOffset } = segment;
  if (!committed.fenced && !committed.applied) {
    if (control.kind === 'undo')
      logger.error({ partition, offset, control }, 'records: an undo of an import that is not being undone, left aside');
    else logger.info({ partition, offset, control }, 'records: a conflict that is decided, or gone, left aside');
  }
  return { fenced: committed.fenced, nextOffset };
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
