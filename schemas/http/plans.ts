/** `/v1/plans`: prices per meter. docs and billing rules: docs/billing.md */
import { Type } from 'typebox';
import { Instant, List, nullable, strictObject } from './common.ts';

/** Price and quantity fields of a plan: non-negative decimals, at most 20 integer and 18 fraction digits. */
const Amount = Type.String({ pattern: '^\\d{1,20}(\\.\\d{1,18})?$', examples: ['0.10'] });
const Quantity = Type.String({ pattern: '^\\d{1,20}(\\.\\d{1,18})?$', examples: ['1000'] });
const Meter = Type.String({ minLength: 1, maxLength: 256 });
const base = { meter: Meter, description: Type.Optional(Type.String({ maxLength: 500 })) };

export const Tier = strictObject(
  { upTo: nullable(Quantity), unitPrice: Amount, flatFee: Type.Optional(Amount) },
  'A tier includes its upTo; the last one has null.',
);
export type Tier = Type.Static<typeof Tier>;

const PerUnit = strictObject({ ...base, model: Type.Literal('per_unit'), unitPrice: Amount, included: Type.Optional(Quantity) });
const Graduated = strictObject({ ...base, model: Type.Literal('graduated'), tiers: Type.Array(Tier, { minItems: 1, maxItems: 100 }) });

export const Price = Type.Union([PerUnit, Graduated]);
export type Price = Type.Static<typeof Price>;

export const PlanDefinition = strictObject({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', examples: ['USD'] }),
  prices: Type.Array(Price, { maxItems: 1000 }),
});
export type PlanDefinition = Type.Static<typeof PlanDefinition>;

export const Plan = Type.Object({ id: Type.String(), ...PlanDefinition.properties, updatedAt: Instant });
export type Plan = Type.Static<typeof Plan>;
export const PlanList = List(Plan);
