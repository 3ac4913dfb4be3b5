/** What saving a customer does to invoices, in words, before it is saved. */
import { plural } from '../format.ts';
import type { CustomerInput } from '../types.ts';

export interface Standing {
  drafts: number;
  finals: number;
  /** Whether there are more invoices than were counted. */
  more: boolean;
}

type Terms = Pick<CustomerInput, 'currency' | 'timeZone' | 'taxRate' | 'plans'>;

/** One sentence per change that invoices feel; none where nothing of the kind changes. */
export function consequences(before: Terms, after: Terms, standing: Standing): string[] {
  const sentences: string[] = [];
  if (before.timeZone !== after.timeZone) {
    const begins =
      standing.finals === 0 ? '' : ' The next month begins where the last final invoice ended, so no hour is billed twice or left out.';
    sentences.push(`Months, days and hours are cut in ${after.timeZone ?? ''} instead of ${before.timeZone ?? ''}.${begins}`);
  }
  if (before.currency !== after.currency) {
    sentences.push(
      `Invoices are made out in ${after.currency ?? ''} instead of ${before.currency ?? ''}. Prices are not converted: each plan has to be in ${after.currency ?? ''}. Credits in ${before.currency ?? ''} stay as they are, and invoices in ${after.currency ?? ''} do not use them.`,
    );
  }
  if (before.taxRate !== after.taxRate) sentences.push(`Tax is ${after.taxRate ?? '0'} % instead of ${before.taxRate ?? '0'} %.`);
  if (JSON.stringify(before.plans) !== JSON.stringify(after.plans))
    sentences.push('Usage is priced by these plans from their days on; a change within a month splits it, each part with its full tiers.');
  if (sentences.length > 0) sentences.push(standingSentence(standing));
  return sentences;
}

function standingSentence({ drafts, finals, more }: Standing): string {
  const least = more ? 'at least ' : '';
  const follow = drafts === 0 ? 'There is no draft yet' : `${least}${plural(drafts, 'draft follows', 'drafts follow')} at once`;
  const stay =
    finals === 0
      ? 'there is no final invoice yet'
      : `${least}${plural(finals, 'final invoice stays as it is', 'final invoices stay as they are')}`;
  return capital(`${follow}; ${stay}.`);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
