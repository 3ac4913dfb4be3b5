/** How far the figures go: where the log ends, and where each consumer is. */
import { instantText } from '../../core/window.ts';
import type { Platform } from '../../platform/platform.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import type { AsOfPosition } from './invoices.ts';

/** Beyond every incarnation of the log: of a log that was never consumed there are no rows, and those of all others are whole. */
const EPOCH_MAX = 2_147_483_647;

export interface PartitionWatermark {
  partition: number;
  endOffset: number;
  /** Next offset each consumer will read. */
  records: number;
  rollups: number;
  /** When rollups last advanced here; null when it never has. Epoch milliseconds. */
  rollupsAtMs: number | null;
  /** Likewise, of records. */
  recordsAtMs: number | null;
  /** Everything of this partition that was durable then is in both stores. Epoch milliseconds; 0 where nothing was ever consumed. */
  asOfMs: number;
}

export interface Watermark {
  /** Of the present log; undefined while nothing of it was ever consumed. */
  epoch: number | undefined;
  partitions: PartitionWatermark[];
  /** RFC 3339: what was durable then is in every figure read after this. */
  asOf: string;
}

interface OffsetRow {
  epoch: number;
  consumer: string;
  partition: number;
  nextOffset: string;
  updatedAtMs: string;
  [column: string]: unknown;
}

/** Read it before the figures it is shown with: the other way round it would promise too much. */
export async function readWatermark({ log, postgres, clock }: Pick<Platform, 'log' | 'postgres' | 'clock'>): Promise<Watermark> {
  // In this order, for the same reason: clock, end of the log, consumers.
  const nowMs = clock.now().getTime();
  const [incarnation, ends] = await Promise.all([log.incarnation(), log.endOffsets()]);
  const { rows } = await postgres.query<OffsetRow>(
    `SELECT o.epoch, o.consumer, o.partition, o.next_offset::text AS "nextOffset", floor(extract(epoch FROM o.updated_at) * 1000)::text AS "updatedAtMs"
       FROM consumer_offsets o JOIN log_epochs e ON e.epoch = o.epoch
      WHERE e.incarnation = $1`,
    [incarnation],
  );
  const offsets = new Map(rows.map((row) => [`${row.consumer} ${row.partition}`, row]));
  const partitions = ends.map((endOffset, partition) => {
    const [records, rollups] = [offsets.get(`records ${partition}`), offsets.get(`rollups ${partition}`)];
    const [recordsNext, rollupsNext] = [Number(records?.nextOffset ?? 0), Number(rollups?.nextOffset ?? 0)];
    const rollupsAtMs = rollups === undefined ? null : Number(rollups.updatedAtMs);
    return {
      partition,
      endOffset,
      records: recordsNext,
      rollups: rollupsNext,
      rollupsAtMs,
      recordsAtMs: records === undefined ? null : Number(records.updatedAtMs),
      // A partition that was never consumed holds the figures back to the beginning.
      asOfMs: Math.min(recordsNext, rollupsNext) < endOffset ? Math.min(nowMs, rollupsAtMs ?? 0) : nowMs,
    };
  });
  const asOfMs = Math.min(nowMs, ...partitions.map((partition) => partition.asOfMs));
  return { epoch: rows[0]?.epoch, partitions, asOf: instantText(asOfMs) };
}

/** As a condition on the rows of Postgres, which may hold more than ClickHouse: what both stores have. */
export function cellWatermarkOf({ epoch, partitions }: Watermark): CellWatermark {
  const nextOffsets = partitions.map(({ rollups }) => rollups);
  return epoch === undefined ? EVERYTHING : { epoch, nextOffsets };
}

/** Of one customer, whose partition alone matters: all its events of an incarnation of the log are in that one. */
export function cellWatermarkAt({ epoch, partition, offset }: AsOfPosition): CellWatermark {
  return { epoch, nextOffsets: Array.from({ length: partition + 1 }, () => offset) };
}

/** Beyond all that there is. */
export const EVERYTHING: CellWatermark = { epoch: EPOCH_MAX, nextOffsets: [] };
