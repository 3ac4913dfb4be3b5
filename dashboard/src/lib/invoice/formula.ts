/** A line's price as a formula that a reader can redo on paper. */
import { isZero } from '../decimal.ts';
import { formatDecimal, formatMoney } from '../format.ts';
import type { TermName } from '../terms.ts';
import type { InvoiceLine, InvoiceTier } from '../types.ts';
import { durationText } from './clock-changes.ts';

const TIMES = '\u00d7';

type Priced = Pick<InvoiceLine, 'tiers' | 'amount' | 'pricing'>;

export function formulaOf({ tiers, amount, pricing }: Priced, currency: string): string {
  if (pricing === 'unpriced' || tiers.length === 0) return '';
  const included = tiers.filter(({ unitPrice, flatFee }) => isZero(unitPrice) && isZero(flatFee ?? '0'));
  const priced = tiers.filter((tier) => !included.includes(tier));
  const terms = priced.map((tier) => termOf(tier, currency));
  const result = `${terms.length > 0 ? terms.join(' + ') : formatMoney('0', currency)} = ${formatMoney(amount, currency)}`;
  if (included.length === 0) return result;
  const free = `${included.map(({ quantity }) => formatDecimal(quantity)).join(' + ')} included`;
  return terms.length > 0 ? `${free}, then ${result}` : free;
}

function termOf({ quantity, unitPrice, flatFee, packageSize, packages }: InvoiceTier, currency: string): string {
  const units =
    packageSize === undefined
      ? formatDecimal(quantity)
      : `${formatDecimal(packages ?? '0')} package${packages === '1' ? '' : 's'} of ${formatDecimal(packageSize)}`;
  const product = `${units} ${TIMES} ${formatMoney(unitPrice, currency)}`;
  return flatFee === undefined || isZero(flatFee) ? product : `${formatMoney(flatFee, currency)} + ${product}`;
}

/** What a formula alone does not say: how the model picks its price. Empty where there is nothing to add. */
export function pricingNote({ pricing, share, kind }: Pick<InvoiceLine, 'pricing' | 'share' | 'kind'>): string {
  if (kind === 'fee') return share === undefined ? 'fixed fee, for the whole period' : `fixed fee, for ${shareText(share)}`;
  if (pricing === 'covered') return 'covered by its fixed fee';
  if (pricing === 'graduated') return 'each unit at the price of its tier';
  if (pricing === 'volume') return 'all at the price of the tier that the total reaches';
  if (pricing === 'package') return 'each package that was begun is charged';
  return '';
}

/** What explains the note; undefined where quantity × price says it all. */
export function pricingTerm({ pricing, share, kind }: Pick<InvoiceLine, 'pricing' | 'share' | 'kind'>): TermName | undefined {
  if (kind === 'fee') return share === undefined ? 'flat' : 'proration';
  return pricing === 'per_unit' || pricing === 'flat' ? undefined : pricing;
}

/** "15 days of 31 days": what was pro rata, in time. */
export function shareText({ seconds, of }: { seconds: string; of: string }): string {
  return `${durationText(seconds)} of ${durationText(of)}`;
}

/** A share of a fee has no end of digits: of them so many are shown, and a sign that there are more. */
export function shortened(figure: string, digits = 20): string {
  return figure.length <= digits ? figure : `${figure.slice(0, digits)}\u2026`;
}
