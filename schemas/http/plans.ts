/** `/v1/plans`: prices per meter. The rules of billing: docs/billing.md */
import { Type } from 'typebox';
import { decimalPattern, Instant, List, nullable, PATTERNS, strictObject } from './common.ts';

/** Price and quantity fields of a plan: non-negative decimals, at most 20 integer and 18 fraction digits. */
const Amount = Type.String({ pattern: decimalPattern(20, 18), examples: ['0.10'] });
const Quantity = Type.String({ pattern: decimalPattern(20, 18), examples: ['1000'] });
const Percent = Type.String({ pattern: decimalPattern(3, 18), examples: ['10'], description: 'At most 100.' });
const Meter = Type.String({ minLength: 1, maxLength: 256 });
const description = Type.Optional(Type.String({ maxLength: 500 }));
const base = { meter: Meter, description };

export const Tier = strictObject(
  { upTo: nullable(Quantity), unitPrice: Amount, flatFee: Type.Optional(Amount) },
  'A tier includes its upTo; the last one has null.',
);
export type Tier = Type.Static<typeof Tier>;
const tiers = Type.Array(Tier, { minItems: 1, maxItems: 100 });

const PerUnit = strictObject({ ...base, model: Type.Literal('per_unit'), unitPrice: Amount, included: Type.Optional(Quantity) });
const Graduated = strictObject({ ...base, model: Type.Literal('graduated'), tiers }, 'Each unit at the price of the tier it falls into.');
const Volume = strictObject({ ...base, model: Type.Literal('volume'), tiers }, 'All units at the price of the tier that holds the total.');
const Package = strictObject(
  { ...base, model: Type.Literal('package'), size: Quantity, unitPrice: Amount },
  '`unitPrice` for every started package of `size` units.',
);
const Flat = strictObject(
  { meter: Type.Optional(Meter), description, model: Type.Literal('flat'), amount: Amount },
  'A fixed fee per period. With a meter, it covers all that the meter measures.',
);

export const Price = Type.Union([PerUnit, Graduated, Volume, Package, Flat]);
export type Price = Type.Static<typeof Price>;

export const Discount = strictObject(
  { percent: Type.Optional(Percent), amount: Type.Optional(Amount), meter: Type.Optional(Meter) },
  'Either percent or amount, off the lines of a meter or, without one, off the invoice.',
);
export type Discount = Type.Static<typeof Discount>;

export const PlanDefinition = strictObject({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  currency: Type.String({ pattern: PATTERNS.currency, examples: ['USD'] }),
  prices: Type.Array(Price, { maxItems: 1000 }),
  minimum: Type.Optional(Amount),
  discounts: Type.Optional(Type.Array(Discount, { maxItems: 1000 })),
});
export type PlanDefinition = Type.Static<typeof PlanDefinition>;

export const Plan = Type.Object({
  id: Type.String(),
  version: Type.Integer({ description: 'Counts the changes, from 1. A version never changes; invoices name the one they were rated by.' }),
  ...PlanDefinition.properties,
  updatedAt: Instant,
});
export type Plan = Type.Static<typeof Plan>;
export const PlanList = List(Plan);

export const KeptPlan = Type.Object({
  ...Plan.properties,
  warnings: Type.Array(Type.Object({ path: Type.String(), code: Type.String(), message: Type.String() }), {
    description: '`unknown_meter`: neither defined nor seen in usage, so the price may never apply. The plan is kept all the same.',
  }),
});
export type KeptPlan = Type.Static<typeof KeptPlan>;
