/** A line's price as a formula that a reader can redo on paper. */
import { isZero } from '../decimal.ts';
import { formatDecimal, formatMoney } from '../format.ts';
import type { InvoiceLine } from '../types.ts';

const TIMES = '\u00d7';

export function formulaOf({ tiers, amount, pricing }: Pick<InvoiceLine, 'tiers' | 'amount' | 'pricing'>, currency: string): string {
  if (pricing === 'unpriced' || tiers.length === 0) return '';
  const included = tiers.filter(({ unitPrice, flatFee }) => isZero(unitPrice) && (flatFee === undefined || isZero(flatFee)));
  const priced = tiers.filter((tier) => !included.includes(tier));
  const terms = priced.map(({ quantity, unitPrice, flatFee, packageSize, packages }) => {
    const units =
      packageSize === undefined ? formatDecimal(quantity) : `${formatDecimal(packages ?? '0')} packages of ${formatDecimal(packageSize)}`;
    const product = `${units} ${TIMES} ${formatMoney(unitPrice, currency)}`;
    return flatFee === undefined || isZero(flatFee) ? product : `${formatMoney(flatFee, currency)} + ${product}`;
  });
  const result = `${terms.length > 0 ? terms.join(' + ') : formatMoney('0', currency)} = ${formatMoney(amount, currency)}`;
  if (included.length === 0) return result;
  const free = `${included.map(({ quantity }) => formatDecimal(quantity)).join(' + ')} included`;
  return terms.length > 0 ? `${free}, then ${result}` : free;
}
