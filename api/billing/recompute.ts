/** Whether a final invoice still follows from its rows and terms, and still is what its hash stands for; where not, what differs. */
import { chargesOf, dueOf, sumCharges, type Charge } from '../../core/due.ts';
import { formatDecimal } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText } from '../../core/window.ts';
import type { Recomputed } from '../../schemas/http/invoice-life.ts';
import { chargeTexts, readCharges } from '../queries/invoice-charges.ts';
import type { BillingStores } from './due.ts';
import { hashOf } from './finalize.ts';
import { rateCustomer } from './rate.ts';
import { requireInvoice } from './read-invoice.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

/**
 * By all usage of now: rows that came or went since show as differences, which the customer's next invoice adjusts. Adjustments for
 * earlier periods are compared by hash alone. Throws `not_found`, and `conflict` for a draft.
 */
export async function recomputeInvoice(stores: BillingStores, scope: EveryCustomer, id: string): Promise<Recomputed> {
  const stored = await requireInvoice(stores.postgres, scope, id);
  const { terms, contentHash: storedHash, period, currency, snapshot } = stored;
  if (terms === null || storedHash === null)
    throw new ProblemError('conflict', `Invoice ${id} is a draft; it is computed anew whenever it is read.`);
  const charges = (await readCharges(stores.postgres, scope, 'invoice', [id])).get(id) ?? [];
  const computedHash = hashOf({ snapshot, terms, charges: chargeTexts(charges) });
  const { rated, asOf } = await rateCustomer(stores, { scope, customer: stored.customer, period, terms: terms.billing });
  const own = charges.filter((charge) => charge.period.from === period.from);
  const adjusted = charges.filter((charge) => charge.period.from !== period.from);
  const now = chargesOf(rated);
  const differences = dueOf(now, [{ status: 'final', charges: own }]);
  const agrees = storedHash === computedHash;
  return {
    follows: agrees && differences.length === 0,
    hash: { stored: storedHash, computed: computedHash, agrees },
    asOf,
    total: { stored: snapshot.total, computed: formatMinor(sumCharges(now) + sumCharges(adjusted), currency) },
    differences: differences.map((difference) => differenceText(difference, currency)),
  };
}

function differenceText({ key, kind, meter, quantity, amount, hours }: Charge, currency: string): Recomputed['differences'][number] {
  return {
    key,
    kind,
    meter: meter ?? null,
    quantity: formatDecimal(quantity, QUANTITY_SCALE),
    amount: formatMinor(amount, currency),
    hours: hours.map((hour) => ({
      start: instantText(hour.start),
      end: instantText(hour.end),
      quantity: formatDecimal(hour.quantity, QUANTITY_SCALE),
      amount: formatMinor(hour.amount, currency),
    })),
  };
}
