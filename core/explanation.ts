/** The arithmetic of an invoice's line, written out: what a person needs to check it with a pocket calculator. */
import type { InvoiceLine, InvoiceTier } from '../schemas/http/invoices.ts';
import { addDecimals, multiplyDecimals } from './decimal.ts';

export interface FormulaStep {
  /** Such as `250 × 0.08 + 5 = 25`. */
  text: string;
  /** Its exact result; the steps add up to the line's exact amount. */
  exact: string;
}

type ExplainedLine = Pick<InvoiceLine, 'tiers' | 'pricing' | 'exactAmount' | 'share' | 'quantity'>;

export function formulaOf(line: ExplainedLine): FormulaStep[] {
  const { pricing, exactAmount, share, quantity } = line;
  switch (pricing) {
    case 'unpriced':
      return [{ text: `${quantity} × 0 = 0: the plan has no price for it`, exact: '0' }];
    case 'covered':
      return [{ text: `${quantity} × 0 = 0: a fixed fee covers it`, exact: '0' }];
    case 'flat':
      return [
        {
          text: share === undefined ? `fixed fee = ${exactAmount}` : `fixed fee × ${share.seconds} s ÷ ${share.of} s = ${exactAmount}`,
          exact: exactAmount,
        },
      ];
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return line.tiers.map(tierStep);
  }
}

function tierStep({ quantity, unitPrice, flatFee, packageSize, packages }: InvoiceTier): FormulaStep {
  const units = packages ?? quantity;
  const exact = addDecimals(multiplyDecimals(units, unitPrice), flatFee ?? '0');
  const fee = flatFee === undefined ? '' : ` + ${flatFee}`;
  const what = packageSize === undefined ? '' : ` (started packages of ${packageSize} in ${quantity})`;
  return { text: `${units}${what} × ${unitPrice}${fee} = ${exact}`, exact };
}
