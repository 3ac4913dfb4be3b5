/** Where in the log the events stand that one store lacks. */
import { formatCount } from '../format.ts';
import type { ReconciliationMissing } from '../types.ts';

const LISTED_MAX = 5;

/** "partition 3, offsets 88,201,114–88,201,116"; the store is named where both lack some. */
export function missingText({ ranges, isWhole }: ReconciliationMissing): string {
  const isBoth = new Set(ranges.map(({ store }) => store)).size > 1;
  const texts = ranges.slice(0, LISTED_MAX).map(({ store, partition, firstOffset, lastOffset }) => {
    const offsets =
      firstOffset === lastOffset
        ? `offset ${formatCount(firstOffset)}`
        : `offsets ${formatCount(firstOffset)}\u2013${formatCount(lastOffset)}`;
    const where = `partition ${partition}, ${offsets}`;
    return isBoth ? `${store === 'postgres' ? 'Postgres' : 'ClickHouse'} lacks ${where}` : where;
  });
  if (ranges.length > LISTED_MAX || !isWhole) texts.push('and more');
  return texts.join('; ');
}
