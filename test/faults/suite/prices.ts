/** Plans of the suite, and what usage costs on them: worked out by the plainest means, in whole numbers, without a line of the program. */
import type { PlanDefinition } from '../../../schemas/http/plans.ts';
import { CUSTOMERS, METERS } from './workload.ts';

interface Tier {
  /** Included; undefined: without end. */
  upTo?: bigint;
  /** Units of 10^-4. */
  price: bigint;
}

interface Terms {
  plan: string;
  /** By meter. */
  tiers: Record<string, readonly Tier[]>;
  /** Whole percents. */
  discount: bigint;
  tax: bigint;
}

/** Quantities are in units of 10^-18, exact amounts in units of 10^-22, cents in whole numbers. */
const QUANTITY_ONE = 10n ** 18n;
const CENT = 10n ** 20n;

const one = (price: bigint): readonly Tier[] => [{ price }];
const PLAIN = { plan: 'plain', tiers: { calls: one(173n), bytes: one(173n) }, discount: 0n };
const TIERED = {
  plan: 'tiered',
  tiers: { calls: [{ upTo: 1_000n, price: 500n }, { upTo: 20_000n, price: 173n }, { price: 89n }], bytes: one(1n) },
  discount: 10n,
};
/** Every customer on one of the plans, with tax and without. */
const TERMS: readonly Terms[] = CUSTOMERS.map((_, n) => ({ ...(n % 2 === 0 ? PLAIN : TIERED), tax: n < 2 ? 19n : 0n }));

/** Of `PUT /v1/plans/{id}`, by id. */
export function planBodies(): Map<string, PlanDefinition> {
  const bodies = [PLAIN, TIERED].map(({ plan, tiers, discount }): [string, PlanDefinition] => {
    const prices = METERS.map((meter): PlanDefinition['prices'][number] => {
      const steps = (tiers[meter] ?? []).map(({ upTo, price }: Tier) => ({ upTo: upTo?.toString() ?? null, unitPrice: priceText(price) }));
      const [first] = steps;
      if (steps.length === 1 && first !== undefined) return { meter, model: 'per_unit', unitPrice: first.unitPrice };
      return { meter, model: 'graduated', tiers: steps };
    });
    return [plan, { name: plan, currency: 'USD', prices, ...(discount === 0n ? {} : { discounts: [{ percent: String(discount) }] }) }];
  });
  return new Map(bodies);
}

/** Of `PUT /v1/customers/{id}`. */
export function customerBody(customer: string): { plan: string; currency: string; timeZone: string; taxRate: string } {
  const { plan, tax } = termsOf(customer);
  return { plan, currency: 'USD', timeZone: 'UTC', taxRate: String(tax) };
}

/** Before rounding. */
export function exactPrice(customer: string, meter: string, quantity: bigint): bigint {
  const tiers = termsOf(customer).tiers[meter] ?? [];
  if (quantity < 0n) return quantity * (tiers[0]?.price ?? 0n);
  let [exact, from] = [0n, 0n];
  for (const { upTo, price } of tiers) {
    const to = upTo === undefined || quantity < upTo * QUANTITY_ONE ? quantity : upTo * QUANTITY_ONE;
    exact += (to - from) * price;
    from = to;
  }
  return exact;
}

/** A month in cents: lines, discount, tax, each rounded once. `usage`: by meter, of which there were events. */
export function monthTotal(customer: string, usage: ReadonlyMap<string, bigint>): bigint {
  const { discount, tax } = termsOf(customer);
  const subtotal = [...usage].reduce((sum, [meter, quantity]) => sum + rounded(exactPrice(customer, meter, quantity), CENT), 0n);
  const net = subtotal - rounded(subtotal * discount, 100n);
  return net + rounded(net * tax, 100n);
}

/** Halves away from zero. */
function rounded(value: bigint, unit: bigint): bigint {
  const size = value < 0n ? -value : value;
  const whole = (2n * size + unit) / (2n * unit);
  return value < 0n ? -whole : whole;
}

function termsOf(customer: string): Terms {
  const terms = TERMS[CUSTOMERS.findIndex((one) => one === customer)];
  if (terms === undefined) throw new Error(`${customer} is no customer of the suite`);
  return terms;
}

function priceText(price: bigint): string {
  return `0.${String(price).padStart(4, '0')}`;
}
