/** What a dry run found, in the figures and sentences of the page. */
import { sum, subtract } from '../decimal.ts';
import { formatCount, formatDecimal, formatMoney, plural } from '../format.ts';
import { formatRange } from '../time.ts';
import type { DryRun, Effect } from '../types.ts';

export interface MoneyRow {
  customer: string;
  isNew: boolean;
  currency: string;
  before: string;
  after: string;
  /** With its sign. */
  change: string;
  isUnchanged: boolean;
}

/** Per customer and currency, in the order of the server. */
export function moneyRows({ money, customers }: Pick<Effect, 'money' | 'customers'>): MoneyRow[] {
  const fresh = new Set(customers.filter(({ isNew }) => isNew).map(({ id }) => id));
  return money.map(({ customer, currency, before, after }) => ({
    customer,
    isNew: fresh.has(customer),
    currency,
    before: formatMoney(before, currency),
    after: formatMoney(after, currency),
    change: signed(subtract(after, before), currency),
    isUnchanged: subtract(after, before) === '0',
  }));
}

function signed(change: string, currency: string): string {
  return `${change.startsWith('-') || change === '0' ? '' : '+'}${formatMoney(change, currency)}`;
}

/** By currency: what all shown customers pay more or less. */
export function moneyTotals({ money }: Pick<Effect, 'money'>): { currency: string; change: string }[] {
  const currencies = [...new Set(money.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const own = money.filter((row) => row.currency === currency);
    return { currency, change: signed(sum(own.map(({ before, after }) => subtract(after, before))), currency) };
  });
}

/** The one sentence above all figures. */
export function headline({ rows, effect }: Pick<DryRun, 'rows' | 'effect'>): string {
  if (effect.events === 0) return rows.rejected === rows.read ? 'No line of this file can be imported.' : 'This file would change nothing.';
  const count = effect.customers.length;
  const fresh = effect.customers.filter(({ isNew }) => isNew).length;
  const of = `${plural(effect.rows, 'line')} of ${plural(count, 'customer')}${fresh === 0 ? '' : `, ${formatCount(fresh)} of them new`}`;
  const totals = moneyTotals(effect).flatMap(({ change }) => (/[1-9]/.test(change) ? [change] : []));
  return `This file would bill ${of}${totals.length === 0 ? '' : `: ${totals.join(' and ')}`}.`;
}

export function hoursSentence({ hours }: Pick<Effect, 'hours'>): string {
  if (hours === null) return 'It reaches no hour.';
  return `It reaches ${plural(hours.count, 'hour')}: ${formatRange(Date.parse(hours.from), Date.parse(hours.to), 'UTC')}, UTC.`;
}

export function quantityRows({ quantities }: Pick<Effect, 'quantities'>): { meter: string; quantity: string; events: string }[] {
  return quantities.map(({ meter, quantity, events }) => ({
    meter,
    quantity: formatDecimal(quantity),
    events: plural(events, 'event'),
  }));
}

/** Other files that had reported it before; empty where none had. */
export function knownSentence({ rows, knownFrom }: Pick<DryRun, 'rows' | 'knownFrom'>): string {
  if (!rows.known) return '';
  const files = knownFrom.map(({ importId, name }) => (importId === 'dry-run' ? 'this file itself' : (name ?? 'files of others')));
  const where = files.length === 0 ? 'known already' : `in ${files.join(', ')} already`;
  return `${plural(rows.known, 'line is', 'lines are')} ${where}, with the same content: not billed twice.`;
}

/** Null in `suspectedDoubles`: the file has ids, so nothing has to be suspected. */
export function doublesSentence({ suspectedDoubles, doubles }: Pick<DryRun, 'suspectedDoubles' | 'doubles'>): string {
  if (!suspectedDoubles) return '';
  const shown = doubles.length < suspectedDoubles ? ` The first ${formatCount(doubles.length)}:` : '';
  return `${plural(suspectedDoubles, 'event equals', 'events equal')} one of another file in customer, meter, time and quantity. Both would be billed.${shown}`;
}

/** What an invoice that stands already comes to; empty where none is touched. */
export function invoicesSentence({ invoices }: Pick<Effect, 'invoices'>): string {
  const final = invoices.filter(({ status }) => status === 'final').length;
  if (invoices.length === 0) return '';
  const drafts = invoices.length - final;
  const parts = [
    ...(drafts === 0 ? [] : [`${plural(drafts, 'open invoice changes', 'open invoices change')}`]),
    ...(final === 0 ? [] : [`${plural(final, 'final invoice is', 'final invoices are')} adjusted on the next one`]),
  ];
  return `${parts.join(', and ')}.`;
}
