/** How the Usage page names what it shows. */
import { plural } from '../format.ts';
import type { Top } from '../types.ts';
import { beforeWords } from './change.ts';
import type { Series, UsageFigures } from './load.ts';

/** A customer by its name; "37 others"; "All customers" where they do not add up. */
export function seriesName(
  { series, top }: Pick<UsageFigures, 'series' | 'top'>,
  customer: string | null,
  nameOf: (customer: string) => string,
): string {
  if (customer !== null) return nameOf(customer);
  return top.additive ? plural(top.total.count - named(series), 'other') : 'Highest of all';
}

function named(series: readonly Series[]): number {
  return series.filter(({ customer }) => customer !== null).length;
}

/** "the 48 h before"; of a month that is not over: "October 2026 at this point". */
export function againstWords({ previous, timeZone }: Pick<Top, 'previous' | 'timeZone'>): string {
  const [from, to, until] = [previous.from, previous.to, previous.comparedTo].map((text) => Date.parse(text));
  const words = beforeWords({ from: from ?? 0, to: to ?? 0 }, timeZone);
  return words.startsWith('the ') || until === to ? words : `${words} at this point`;
}
