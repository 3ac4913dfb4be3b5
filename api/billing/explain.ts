/** Why a line comes to its amount: inputs, formula, rounding, and what was left out. */
import { formulaOf } from '../../core/explanation.ts';
import { minorDigits } from '../../core/money.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Explanation } from '../../schemas/http/invoice-life.ts';
import { readLeftOut } from '../queries/left-out.ts';
import { segmentsOf } from './rate.ts';
import type { TracedLine } from './trace.ts';

export async function explainLine(
  postgres: Queryable,
  { invoice, line, hours, meter, below, terms, period, asOf }: TracedLine,
): Promise<Explanation> {
  const window = { from: Date.parse(line.from), to: Date.parse(line.to) };
  const plan = segmentsOf(terms, period).find(({ from }) => from === window.from)?.plan;
  return {
    inputs: {
      meter: line.meter,
      aggregation: meter?.aggregation ?? null,
      property: meter?.property ?? null,
      quantity: line.quantity,
      events: hours.reduce((sum, { events }) => sum + events, 0),
      from: line.from,
      to: line.to,
      pricing: line.pricing,
      plan: plan === undefined ? null : { id: plan.id, version: plan.version },
      asOf,
    },
    formula: formulaOf(line),
    exactAmount: line.exactAmount,
    rounding: { mode: terms.rounding, currency: invoice.currency, digits: minorDigits(invoice.currency) },
    amount: line.amount,
    leftOut: await readLeftOut(postgres, { customer: invoice.customer, meter: line.meter, window, below }),
  };
}
