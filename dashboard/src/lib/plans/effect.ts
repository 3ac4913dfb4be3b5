/** What saving a plan would do, in sentences. */
import { compare, negate, subtract } from '../decimal.ts';
import { formatMoney, plural } from '../format.ts';
import type { PlanEffect } from '../types.ts';

type RatedDraft = PlanEffect['drafts']['rated'][number];

/** "Saving makes version 4. 2 drafts follow it at once, 12 final invoices stay as they are." */
export function effectSentence({ customers, drafts, finalInvoices }: PlanEffect, version: number): string {
  const made = version === 0 ? 'Saving makes a new plan.' : `Saving makes version ${version + 1}.`;
  if (customers === 0 && drafts.count === 0 && finalInvoices === 0) return `${made} Nobody is on this plan yet, so no invoice changes.`;
  const follow = drafts.count === 0 ? 'No draft changes' : `${plural(drafts.count, 'draft follows', 'drafts follow')} it at once`;
  const kept =
    finalInvoices === 0
      ? 'there is no final invoice by it'
      : `${plural(finalInvoices, 'final invoice stays', 'final invoices stay')} as ${finalInvoices === 1 ? 'it is' : 'they are'}`;
  return `${made} ${follow}; ${kept}.`;
}

/** "+$1.20", "−$3.00", "no change". Undefined where a total could not be told. */
export function changeOf({ before, after, currency }: RatedDraft): string | undefined {
  if (before === null || after === null) return undefined;
  const change = subtract(after, before);
  const direction = compare(after, before);
  if (direction === 0) return 'no change';
  return direction > 0 ? `+${formatMoney(change, currency)}` : `\u2212${formatMoney(negate(change), currency)}`;
}
