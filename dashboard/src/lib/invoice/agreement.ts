/** Whether files and both stores say the same for the hours of an invoice: from a comparison of now, never assumed. */
import { formatCount, plural } from '../format.ts';
import type { Reconciliation } from '../types.ts';

export interface Agreement {
  tone: 'good' | 'bad' | 'waiting';
  text: string;
}

/** `open`: cells in scope that are not decided; `differing` those on record that differ. The files of all imports are in it. */
export function agreementOf({ state, differing, imports, cells, checkedAt }: Reconciliation, hours: number): Agreement {
  if (differing > 0)
    return { tone: 'bad', text: `Postgres and ClickHouse differ in ${plural(differing, 'hour')} of the ${formatCount(hours)}` };
  if (imports.length > 0)
    return { tone: 'bad', text: `${imports[0]?.name ?? 'An import'} does not add up: not every line of it has an outcome` };
  if (cells.length > 0) return { tone: 'waiting', text: `${plural(cells.length, 'hour is', 'hours are')} being compared` };
  if (state !== 'green' || checkedAt === null) return { tone: 'waiting', text: 'Files, Postgres and ClickHouse are being compared' };
  return { tone: 'good', text: `Files, Postgres and ClickHouse agree for all ${formatCount(hours)} hours` };
}
