/**
 * The rollups consumer of one partition: follows records, never passes it, and inserts into ClickHouse.
 *
 * collect (from memory, else from the log) → announce PENDING → insert → DONE, offset → trim the log
 * control message                          → announce PENDING → delete, insert → DONE, offset → trim the log
 */
import type { Logger } from 'pino';
import type { ClickHouse } from '../platform/clickhouse/clickhouse.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventLog, PartitionReader } from '../platform/event-log/event-log.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Handoff, RollupBatch } from './handoff.ts';
import { retry } from './retry.ts';
import { cutAtControls, type ControlSegment } from './steps/cut-at-controls.ts';
import { positionKey, rollupRows } from './steps/decode.ts';
import { readOffset, RECORDS } from './steps/offsets.ts';
import { applyControl, planControl } from './steps/rollup-control.ts';
import {
  announceRange,
  finishRange,
  insertDoubtful,
  insertMonth,
  pendingRanges,
  RollupDisagreement,
  ROLLUPS,
  type MonthRows,
  type PlannedRows,
  type RangeKey,
} from './steps/rollup-ranges.ts';

/** Rows per insert: the rate is flat from 50k to 200k rows, memory is not. */
const RANGE_ROWS = 50_000;
/** How long rows may wait for more before they are inserted: many small parts cost ClickHouse more than this costs a reader. */
const LINGER_MS = 250;
/** How long to wait for a hand-over before looking at the records watermark itself. */
const IDLE_MS = 1_000;
/**
 * How long after a look into Postgres rows are sent on trust: less than the shortest session of a group. A process that was asleep for
 * longer may have been replaced, and its insert been undone since.
 */
const HELD_MS_MAX = 5_000;
/** Events of one read from the log when rows are not in memory. */
const READ_EVENTS = 20_000;

export interface RollupsDependencies {
  postgres: Postgres;
  clickhouse: ClickHouse;
  log: EventLog;
  clock: Clock;
  logger: Logger;
  epoch: number;
  /** As in `DoubtStores`. */
  alone: boolean;
  handoff: Handoff;
  /** Called after each range that is DONE. */
  onProgress: () => void;
}

export async function consumeRollups(reader: PartitionReader, signal: AbortSignal, dependencies: RollupsDependencies): Promise<void> {
  const { postgres, log, logger, epoch } = dependencies;
  const { partition } = reader;
  await retry('rollups: recover', logger, signal, () => recover(reader, signal, dependencies));
  let offset = await retry('rollups: read offset', logger, signal, () => readOffset(postgres, ROLLUPS, epoch, partition));
  while (!signal.aborted && offset !== undefined) {
    const collected = await collect(reader, offset, signal, dependencies);
    if (!collected) continue;
    const range: RangeKey = { epoch, partition, firstOffset: offset, nextOffset: collected.nextOffset };
    const done =
      'control' in collected
        ? await followControl(range, collected.offset, signal, dependencies)
        : await insertRange(range, monthRows(collected.batches), signal, dependencies);
    if (signal.aborted) return;
    if (!done) {
      logger.warn({ partition, offset }, 'rollups: the partition moved under us, recovering');
      await retry('rollups: recover', logger, signal, () => recover(reader, signal, dependencies));
      offset = await retry('rollups: read offset', logger, signal, () => readOffset(postgres, ROLLUPS, epoch, partition));
      continue;
    }
    offset = range.nextOffset;
    const trimTo = offset;
    await retry('rollups: trim', logger, signal, () => log.trim(partition, trimTo));
    dependencies.onProgress();
  }
}

/** Announce, insert, finish. False: this process does not hold the partition where it thought it did. */
async function insertRange(
  range: RangeKey,
  months: readonly MonthRows[],
  signal: AbortSignal,
  dependencies: RollupsDependencies,
): Promise<boolean> {
  const { postgres, clickhouse, clock, logger } = dependencies;
  // From before the request on: the answer may have waited for a process that was asleep.
  let heldMs = clock.monotonicMs();
  const announced = await retry('rollups: announce', logger, signal, () => announceRange(postgres, range, months));
  if (!announced) return false;
  for (const rows of months) {
    try {
      if (clock.monotonicMs() - heldMs > HELD_MS_MAX) throw new Error('the partition may have another owner by now');
      await insertMonth(clickhouse, range, rows);
    } catch (error) {
      logger.warn({ err: error, partition: range.partition, month: rows.month }, 'rollups: insert in doubt');
      heldMs = clock.monotonicMs();
      await retry('rollups: insert', logger, signal, () => insertDoubtful(dependencies, range, rows));
      if (signal.aborted) return false;
    }
  }
  return (await retry('rollups: finish', logger, signal, () => finishRange(postgres, range, sumRows(months)))) ?? false;
}

/** The same for a control message, which takes rows back. */
async function followControl(range: RangeKey, offset: number, signal: AbortSignal, dependencies: RollupsDependencies): Promise<boolean> {
  const { postgres, logger, epoch } = dependencies;
  const planned = await retry('rollups: plan control', logger, signal, () => planControl(postgres, epoch, range.partition, offset));
  if (!planned || !(await retry('rollups: announce', logger, signal, () => announceRange(postgres, range, planned)))) return false;
  return (await retry('rollups: control', logger, signal, () => finishControl(range, offset, planned, dependencies))) ?? false;
}

async function finishControl(
  range: RangeKey,
  offset: number,
  planned: readonly PlannedRows[],
  dependencies: RollupsDependencies,
): Promise<boolean> {
  await applyControl(dependencies, range, offset, planned);
  return finishRange(dependencies.postgres, range, sumRows(planned));
}

/**
 * Consecutive batches from `offset` on: until there are enough rows, or no more within the linger time. A control message is never
 * among them: it is not handed over, so it is met only at the beginning, in the log.
 */
async function collect(
  reader: PartitionReader,
  offset: number,
  signal: AbortSignal,
  dependencies: RollupsDependencies,
): Promise<{ nextOffset: number; batches: RollupBatch[] } | ControlSegment | undefined> {
  const { handoff, logger, postgres, epoch, clock } = dependencies;
  const batches: RollupBatch[] = [];
  let nextOffset = offset;
  let rows = 0;
  let lingerUntilMs = 0;
  while (rows < RANGE_ROWS && !signal.aborted) {
    let batch: RollupBatch | ControlSegment | undefined = handoff.take(nextOffset);
    if (!batch && batches.length === 0) {
      const watermark = await retry('rollups: watermark', logger, signal, () => readOffset(postgres, RECORDS, epoch, reader.partition));
      if (watermark !== undefined && watermark > nextOffset) {
        batch =
          handoff.take(nextOffset) ??
          (await retry('rollups: read log', logger, signal, () => readFromLog(reader, nextOffset, watermark, dependencies)));
      }
    }
    if (batch && 'control' in batch) return batch;
    if (batch) {
      if (batches.length === 0) lingerUntilMs = clock.monotonicMs() + LINGER_MS;
      batches.push(batch);
      nextOffset = batch.nextOffset;
      rows += batch.rows;
    } else if (batches.length === 0) {
      await handoff.wait(IDLE_MS, signal);
    } else {
      const restMs = lingerUntilMs - clock.monotonicMs();
      if (restMs <= 0) break;
      await handoff.wait(restMs, signal);
    }
  }
  return batches.length === 0 || signal.aborted ? undefined : { nextOffset, batches };
}

function sumRows(planned: readonly PlannedRows[]): number {
  return planned.reduce((sum, { rows }) => sum + rows, 0);
}

function monthRows(batches: readonly RollupBatch[]): MonthRows[] {
  const months = new Map<number, { rows: number; tsv: Buffer[] }>();
  for (const batch of batches) {
    for (const [month, { rows, tsv }] of batch.months) {
      const entry = months.get(month) ?? { rows: 0, tsv: [] };
      entry.rows += rows;
      entry.tsv.push(tsv);
      months.set(month, entry);
    }
  }
  return [...months]
    .map(([month, { rows, tsv }]) => ({ month, rows, tsv: Buffer.concat(tsv).toString() }))
    .sort((a, b) => a.month - b.month);
}

/** The way back: events of the log below the records watermark, without the marked ones; or the control message that is next. */
async function readFromLog(
  reader: PartitionReader,
  from: number,
  before: number,
  { postgres, epoch }: RollupsDependencies,
): Promise<RollupBatch | ControlSegment | undefined> {
  const read = await reader.read(from, { maxEvents: READ_EVENTS, beforeOffset: before, waitMs: 0 });
  if (!read) return undefined;
  const segment = cutAtControls(read)[0];
  if (!segment || segment.control) return segment;
  const { batch } = segment;
  const { rows } = await postgres.query<{ offsets: string[]; indexes: number[] }>(
    `SELECT offsets::text[] AS offsets, indexes FROM log_marks WHERE epoch = $1 AND partition = $2 AND first_offset < $3 AND next_offset > $4`,
    [epoch, reader.partition, batch.nextOffset, batch.firstOffset],
  );
  const dropped = new Set(
    rows.flatMap(({ offsets, indexes }) => offsets.map((offset, k) => positionKey(Number(offset), indexes[k] as number))),
  );
  return rollupRows(batch, epoch, dropped);
}

/** Ends what the last owner of the partition had announced and not finished. */
async function recover(reader: PartitionReader, signal: AbortSignal, dependencies: RollupsDependencies): Promise<void> {
  const { postgres, logger, epoch } = dependencies;
  for (const { range, months } of await pendingRanges(postgres, epoch, reader.partition)) {
    const found = await readRange(reader, range, signal, dependencies);
    if (signal.aborted) return;
    if ('control' in found) {
      await finishControl(range, found.offset, await planControl(postgres, epoch, reader.partition, found.offset), dependencies);
    } else {
      await finishEvents(range, months, monthRows(found.batches), dependencies);
    }
    logger.info({ partition: range.partition, first: range.firstOffset, next: range.nextOffset }, 'rollups: finished an interrupted range');
  }
}

async function readRange(
  reader: PartitionReader,
  range: RangeKey,
  signal: AbortSignal,
  dependencies: RollupsDependencies,
): Promise<{ batches: RollupBatch[] } | ControlSegment> {
  const batches: RollupBatch[] = [];
  for (let from = range.firstOffset; from < range.nextOffset && !signal.aborted;) {
    const batch = await readFromLog(reader, from, range.nextOffset, dependencies);
    if (!batch) throw new Error(`partition ${range.partition}: offsets ${from} to ${range.nextOffset} are announced but not in the log`);
    if ('control' in batch) return batch;
    batches.push(batch);
    from = batch.nextOffset;
  }
  return { batches };
}

async function finishEvents(
  range: RangeKey,
  announced: ReadonlyMap<number, number>,
  months: readonly MonthRows[],
  dependencies: RollupsDependencies,
): Promise<void> {
  refuseOtherRows(range, announced, months);
  for (const month of months) await insertDoubtful(dependencies, range, month);
  await finishRange(dependencies.postgres, range, sumRows(months));
}

/** The log has to give, month by month, what was announced: before any of it is inserted. */
function refuseOtherRows(range: RangeKey, announced: ReadonlyMap<number, number>, months: readonly MonthRows[]): void {
  const given = new Map(months.map(({ month, rows }) => [month, rows]));
  for (const month of new Set([...announced.keys(), ...given.keys()])) {
    if (announced.get(month) !== given.get(month))
      throw new RollupDisagreement(range, month, announced.get(month) ?? 0, given.get(month) ?? 0, 'The log');
  }
}
