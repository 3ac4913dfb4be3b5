/** The suspected doubles of an import, page by page, with bounded work for each. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { CHUNK_OFFSETS, findDoubles, readExtents, type DoubleRow } from '../../platform/suspected-doubles.ts';
import type { SuspectedDouble, SuspectedDoubleList } from '../../schemas/http/suspected-doubles.ts';
import { decodeOpaque, encodeOpaque } from '../cursor.ts';

/** Where there are many doubles, the page is full after a few events; chunks grow tenfold as long as it is not. */
const FIRST_OFFSETS = 1_000;
/** Looked through for one page, some seconds: where doubles are rare, a page may have few of them, or none, and go on all the same. */
const PAGE_OFFSETS = 5 * CHUNK_OFFSETS;

/** In the log: the next event to look at is behind (offset, index) of a partition. */
export interface DoublesPlace {
  epoch: number;
  partition: number;
  offset: string;
  index: number;
}

export function encodeDoublesPlace({ epoch, partition, offset, index }: DoublesPlace): string {
  return encodeOpaque('double', [epoch, partition, offset, index]);
}

export function decodeDoublesPlace(cursor: string): DoublesPlace | undefined {
  const [epoch, partition, offset, index] = decodeOpaque('double', cursor, [/^\d{1,9}$/, /^\d{1,5}$/, /^\d{1,18}$/, /^-?\d{1,9}$/]) ?? [];
  if (epoch === undefined || partition === undefined || offset === undefined || index === undefined) return undefined;
  return { epoch: Number(epoch), partition: Number(partition), offset, index: Number(index) };
}

export async function listDoubles(
  postgres: Queryable,
  _scope: EveryCustomer,
  importId: string,
  { after, limit }: { after: DoublesPlace | undefined; limit: number },
): Promise<SuspectedDoubleList> {
  const items: SuspectedDouble[] = [];
  let [looked, size] = [0, FIRST_OFFSETS];
  for (const extent of await readExtents(postgres, importId)) {
    const { epoch, partition } = extent;
    if (after !== undefined && (epoch - after.epoch || partition - after.partition) < 0) continue;
    const place = after?.epoch === epoch && after.partition === partition ? after : undefined;
    const from = place === undefined ? extent.first : Math.max(extent.first, Number(place.offset));
    for (let first = from, next: number; first < extent.next; first = next) {
      if (looked >= PAGE_OFFSETS) return { items, nextCursor: encodeDoublesPlace({ epoch, partition, offset: String(first), index: -1 }) };
      next = Math.min(first + size, extent.next);
      looked += next - first;
      size = Math.min(size * 10, CHUNK_OFFSETS);
      const chunk = { ...extent, first, next };
      const rows = await findDoubles(postgres, importId, chunk, { after: place, limit: limit - items.length + 1 });
      const shown = rows.slice(0, limit - items.length);
      items.push(...shown.map(toDouble));
      if (rows.length === shown.length) continue;
      const last = shown.at(-1);
      // Full before this chunk: it begins anew with the next page.
      const behind = last === undefined ? { offset: String(first), index: -1 } : { offset: last.offset, index: last.idx };
      return { items, nextCursor: encodeDoublesPlace({ epoch, partition, ...behind }) };
    }
  }
  return { items, nextCursor: null };
}

function toDouble({ line, customer, meter, time, quantity, otherImportId, otherName, otherLine }: DoubleRow): SuspectedDouble {
  return {
    line: Number(line),
    customer,
    meter,
    time: toInstant(time),
    quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE),
    other: { importId: otherImportId, name: otherName, line: Number(otherLine) },
  };
}
