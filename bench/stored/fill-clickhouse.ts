/**
 * Fills ClickHouse with events, as the rollups consumer would have: one insert per partition of the log and contiguous range, one month, one
 * block; merges run beside it and are waited for. A process of its own, as the engine has its directory for itself.
 * `node fill-clickhouse.ts <ClickHouseFill as JSON>` prints a ClickHouseFilled.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openChdb } from '../../platform/clickhouse/chdb.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { EVENTS_COLUMNS, EVENTS_TABLE } from '../../consumers/steps/rollup-ranges.ts';
import { customerIndex, eventsInClickHouse, type StoredEvents } from './events.ts';

export interface ClickHouseFill {
  /** Of the engine. */
  directory: string;
  events: StoredEvents;
  from: number;
  to: number;
  epoch: number;
  /** Partition of the log, by index of the customer. */
  partitionOf: readonly number[];
  /** First offset of the fill, by partition of the log. */
  offsets: readonly number[];
}

export interface FilledRange {
  partition: number;
  firstOffset: number;
  nextOffset: number;
  rows: number;
}

export interface ClickHouseFilled {
  ranges: FilledRange[];
  /** Parts that queries read, in the end. */
  parts: number;
}

/** Of all partitions: the rows of each of two are half of it, and stay one block and one part. */
const CHUNK_EVENTS = 500_000;
/** Merges of 100 million rows go on for a minute or two after the last insert. */
const MERGES_MS_MAX = 600_000;
const LOOK_MS = 500;

async function fill(clickhouse: ClickHouse, { events, from, to, epoch, partitionOf, offsets }: ClickHouseFill): Promise<ClickHouseFilled> {
  const next = [...offsets];
  const ranges: FilledRange[] = [];
  for (let begin = from; begin < to; begin += CHUNK_EVENTS) {
    const count = Math.min(CHUNK_EVENTS, to - begin);
    for (const [partition, rows] of countByPartition(events, begin, begin + count, partitionOf, next.length).entries()) {
      const firstOffset = next[partition] ?? 0;
      if (rows === 0) continue;
      await clickhouse.command(`
        INSERT INTO ${EVENTS_TABLE} (${EVENTS_COLUMNS.join(', ')})
        SELECT customer, meter, time, quantity, ${epoch}, ${partition}, ${firstOffset} + rowNumberInAllBlocks(), 0
        FROM (${eventsInClickHouse(events, begin, count)}) WHERE [${partitionOf.join(',')}][customer_index + 1] = ${partition}
        SETTINGS insert_deduplication_token = 'fill ${epoch}:${partition}:${firstOffset}', max_threads = 1, max_insert_threads = 1,
          max_block_size = ${CHUNK_EVENTS}, max_insert_block_size = ${CHUNK_EVENTS}, min_insert_block_size_rows = ${CHUNK_EVENTS}, min_insert_block_size_bytes = 0`);
      next[partition] = firstOffset + rows;
      ranges.push({ partition, firstOffset, nextOffset: firstOffset + rows, rows });
    }
  }
  await mergesEnd(clickhouse);
  return { ranges, parts: await countParts(clickhouse) };
}

function countByPartition(events: StoredEvents, from: number, to: number, partitionOf: readonly number[], partitions: number): number[] {
  const counts = new Array<number>(partitions).fill(0);
  for (let n = from; n < to; n += 1) {
    const partition = partitionOf[customerIndex(events, n)] ?? 0;
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  return counts;
}

/** None at work twice in a row: one that has ended may be followed by the next. */
async function mergesEnd(clickhouse: ClickHouse): Promise<void> {
  const untilMs = performance.now() + MERGES_MS_MAX;
  for (let idle = 0; idle < 2 && performance.now() < untilMs;) {
    await delay(LOOK_MS);
    const [row] = await clickhouse.query<{ merges: string }>({ name: 'bench_merges', sql: 'SELECT count() AS merges FROM system.merges' });
    idle = row?.merges === '0' ? idle + 1 : 0;
  }
}

async function countParts(clickhouse: ClickHouse): Promise<number> {
  const [row] = await clickhouse.query<{ parts: string }>({
    name: 'bench_parts',
    sql: `SELECT count() AS parts FROM system.parts WHERE database = 'tallyline' AND table = 'usage_events' AND active`,
  });
  return Number(row?.parts);
}

const asked = JSON.parse(process.argv[2] ?? '') as ClickHouseFill;
const clickhouse = await openChdb({ directory: asked.directory, logger: pino({ level: 'silent' }) });
const filled = await fill(clickhouse, asked);
await clickhouse.close();
console.log(JSON.stringify(filled));
process.exit(0);
