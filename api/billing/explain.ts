/** Why a line comes to its amount: inputs, formula, rounding, what was left out, and what has changed since. */
import { formatDecimal } from '../../core/decimal.ts';
import { formulaOf } from '../../core/explanation.ts';
import { minorDigits } from '../../core/money.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Explanation } from '../../schemas/http/invoice-life.ts';
import { readLeftOut, type LeftOut } from '../queries/left-out.ts';
import { readUsageChanges } from '../queries/usage-changes.ts';
import { EVERYTHING } from '../queries/watermark.ts';
import { segmentsOf } from './rate.ts';
import type { TracedLine } from './trace.ts';

/**
 * Of a final invoice all of it stands for its `asOf` and is the same for ever: inputs and formula as they were frozen, what was left out as
 * it was counted when the invoice became final. `since` alone moves: what has come and gone after that. Of a draft all stands for now.
 */
export async function explainLine(postgres: Queryable, traced: TracedLine): Promise<Explanation> {
  const { line, hours, meter, terms, period, asOf, currency } = traced;
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
    rounding: { mode: terms.rounding, currency, digits: minorDigits(currency) },
    amount: line.amount,
    leftOut: traced.leftOut ?? (await leftOutNow(postgres, traced, window)),
    since: await changesSince(postgres, traced, window),
  };
}

async function leftOutNow(
  postgres: Queryable,
  { scope, customer, line: { meter } }: TracedLine,
  window: { from: number; to: number },
): Promise<LeftOut> {
  const [leftOut] = await readLeftOut(postgres, scope, customer, [{ meter, window }]);
  if (leftOut === undefined) throw new Error('one line was asked for');
  return leftOut;
}

async function changesSince(postgres: Queryable, traced: TracedLine, window: { from: number; to: number }): Promise<Explanation['since']> {
  const { scope, customer, line, moments } = traced;
  const difference = [{ below: EVERYTHING, weight: 1 }, ...moments.map(({ below, weight }) => ({ below, weight: -weight }))];
  const changes = await readUsageChanges(postgres, { scope, customer, meters: [line.meter], moments: difference }, [window]);
  return changes.flatMap(({ kind, quantity, ...change }) => {
    return kind === 'again' ? [] : [{ kind, ...change, quantity: formatDecimal(quantity, QUANTITY_SCALE) }];
  });
}
