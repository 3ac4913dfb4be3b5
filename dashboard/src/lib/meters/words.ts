/** What a meter's aggregation means, and what changing it does. */
import { plural } from '../format.ts';
import type { Meter, MeterUse } from '../types.ts';

type Aggregation = Meter['aggregation'];

export const AGGREGATIONS: readonly { id: Aggregation; label: string; meaning: string }[] = [
  { id: 'sum', label: 'sum', meaning: 'All quantities of the month, added up.' },
  { id: 'count', label: 'count', meaning: 'How many events there were, whatever their quantities.' },
  { id: 'max', label: 'highest', meaning: 'The largest quantity of the month.' },
  { id: 'unique', label: 'different values', meaning: 'How many different values of a property there were.' },
  { id: 'latest', label: 'latest', meaning: 'The last quantity of the month.' },
];

export function meaningOf({ aggregation, property }: Pick<Meter, 'aggregation' | 'property'>): string {
  if (aggregation === 'unique') return `How many different values of ${property ?? 'a property'} there were.`;
  return AGGREGATIONS.find(({ id }) => id === aggregation)?.meaning ?? aggregation;
}

/** Before it is saved: who follows, and who does not. Empty where quantities stay what they are. */
export function changeSentence(
  before: Pick<Meter, 'aggregation' | 'property'>,
  after: Pick<Meter, 'aggregation' | 'property'>,
  { drafts, finalInvoices }: Pick<MeterUse, 'drafts' | 'finalInvoices'>,
): string {
  if (before.aggregation === after.aggregation && before.property === after.property) return '';
  const follow =
    drafts.count === 0 ? 'No draft bills this meter' : `${plural(drafts.count, 'draft is', 'drafts are')} counted anew like this at once`;
  const stay =
    finalInvoices === 0
      ? 'no final invoice does'
      : `${plural(finalInvoices, 'final invoice stays as it is', 'final invoices stay as they are')}, also where usage comes late`;
  return `${follow}; ${drafts.count === 0 || finalInvoices > 0 ? stay : 'there is no final invoice of it'}.`;
}
