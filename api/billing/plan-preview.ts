/** What quantities would cost on a plan that need not be stored: a whole period of one customer, rated as any other. */
import { toScaled } from '../../core/decimal.ts';
import { formulaOf } from '../../core/explanation.ts';
import { writeInvoice, type InvoiceInput } from '../../core/invoice.ts';
import type { Rounding } from '../../core/money.ts';
import { rateInvoice } from '../../core/rated-invoice.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Meter } from '../../schemas/http/customers.ts';
import type { PlanPreview, PlanPreviewInput } from '../../schemas/http/plans.ts';

/** Any whole period would do: fixed fees and the minimum are due in full. */
const PERIOD = { from: 0, to: 31 * 86_400_000 };
const HOUR_MS = 3_600_000;

/** Throws `currency_mismatch` and the like never: the plan is one that `checkPlan` finds no fault in. */
export function previewPlan(
  { plan, quantities }: PlanPreviewInput,
  meters: readonly Meter[],
  rounding: Rounding,
): Omit<PlanPreview, 'warnings'> {
  const usage = quantities.map(({ meter, quantity }) => ({
    meter,
    changes: [{ start: PERIOD.from, end: PERIOD.from + HOUR_MS, quantity: toScaled(quantity, QUANTITY_SCALE), events: 1 }],
  }));
  const input: InvoiceInput = {
    customer: { id: '', name: '' },
    period: { ...PERIOD, timeZone: 'UTC' },
    segments: [{ ...PERIOD, plan: { id: '', ...plan } }],
    usage,
    meters: new Map(meters.map((meter) => [meter.key, meter])),
    currency: plan.currency,
    taxRate: '0',
    rounding,
    asOf: PERIOD.to,
  };
  const invoice = writeInvoice(input, rateInvoice(input), { hours: false });
  const [minimum] = invoice.minimums;
  return {
    currency: invoice.currency,
    lines: invoice.lines.map((line) => ({ ...line, formula: formulaOf(line) })),
    subtotal: invoice.subtotal,
    discounts: invoice.discounts,
    minimum: minimum ?? null,
    total: invoice.total,
  };
}
