/** What a rated invoice charges, entry by entry, as it is kept once it is final. */
import { chargesOf } from '../../core/due.ts';
import type { InvoiceInput } from '../../core/invoice.ts';
import type { RatedInvoice } from '../../core/rated-invoice.ts';
import type { StoredCharge } from '../queries/invoice-charges.ts';

/** Lines first, by their number on the invoice; then discounts, minimums and tax; then the adjustments, in the order of the invoice. */
export function invoiceCharges({ period }: Pick<InvoiceInput, 'period'>, rated: RatedInvoice): StoredCharge[] {
  const own = chargesOf(rated).map((charge, at) => {
    const changes = rated.lines[at]?.changes ?? [];
    return { ...charge, period, hours: charge.hours.map((hour, n) => ({ ...hour, events: changes[n]?.events ?? 0 })) };
  });
  const adjusted = rated.adjustments.flatMap((adjustment) =>
    adjustment.charges.map((charge) => ({
      ...charge,
      period: adjustment.period,
      hours: charge.hours.map((hour) => ({ ...hour, events: 0 })),
    })),
  );
  return [...own, ...adjusted].map((charge, at) => ({ ...charge, n: at + 1 }));
}
