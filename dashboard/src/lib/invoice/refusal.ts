/** Why something was not done to an invoice, in words, with where to go on. */
import type { ApiError } from '../api.ts';
import { address } from '../api.ts';
import { formatClock, formatDay } from '../time.ts';

const HOUR_MS = 3_600_000;

export interface Refusal {
  headline: string;
  detail: string;
  links: { label: string; href: string }[];
  /** Whether the same call may succeed in a moment. */
  isForNow: boolean;
}

/** Ids hold any character, so they come by themselves and not out of the sentence. */
export interface RedCell {
  customer: string;
  meter: string;
  hour: string;
}

const CELLS_SHOWN = 5;
/** What goes on as before in a moment. */
const FOR_NOW = new Set(['store_unavailable', 'stopping', 'unreachable']);

export function refusalOf(error: Pick<ApiError, 'code' | 'message' | 'cells'>, customerName: string): Refusal {
  const { code, message, cells } = error;
  switch (code) {
    case 'reconciliation_red':
      return redRefusal(cells, customerName);
    case 'import_running':
      return {
        headline: 'A file is still coming in.',
        detail: message,
        links: [{ label: 'To the imports', href: '/imports' }],
        isForNow: true,
      };
    case 'behind':
      return {
        headline: 'Not all usage has arrived everywhere yet.',
        detail: message,
        links: [{ label: 'To the pipeline', href: '/pipeline' }],
        isForNow: true,
      };
    case 'period_not_over':
      return { headline: 'The period is not over.', detail: message, links: [], isForNow: false };
    default:
      return { headline: 'It was not done.', detail: message, links: [], isForNow: FOR_NOW.has(code) };
  }
}

export function redRefusal(cells: readonly RedCell[], customerName: string): Refusal {
  const links = cells.slice(0, CELLS_SHOWN).map(({ customer, meter, hour }) => {
    const start = Date.parse(hour);
    const end = start + HOUR_MS;
    return {
      label: `${meter}, ${formatDay(start, 'UTC')} ${formatClock(start, 'UTC')}\u2013${formatClock(end, 'UTC')} UTC`,
      href: address('/records', { customer, meter, from: hour, to: new Date(end).toISOString() }),
    };
  });
  const more = cells.length > CELLS_SHOWN ? ` The first ${CELLS_SHOWN} stand below.` : '';
  return {
    headline: `${cells.length === 1 ? 'One hour' : `${cells.length} hours`} of ${customerName} ${cells.length === 1 ? 'differs' : 'differ'} between the two stores.`,
    detail: `Until they agree, no invoice of this customer can be made final. Rebuilding ClickHouse from Postgres on the pipeline page mends it.${more}`,
    links: [...links, { label: 'To the pipeline', href: '/pipeline' }],
    isForNow: false,
  };
}
