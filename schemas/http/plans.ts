/** `/v1/plans`: prices per meter. The rules of billing: docs/billing.md */
import { Type } from 'typebox';
import { decimalPattern, DecimalString, Instant, List, nullable, PATTERNS, strictObject } from './common.ts';
import { InvoiceDiscount, InvoiceLine } from './invoices.ts';

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
export const PlanVersions = List(Plan);

export const ListedPlan = Type.Object({
  ...Plan.properties,
  customers: Type.Object(
    { count: Type.Integer(), first: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })) },
    { description: 'Who is, was or will be on it: how many, and a few of them by id.' },
  ),
  isDefault: Type.Boolean({ description: 'Whether the settings give it to customers that are not set up yet.' }),
});
export type ListedPlan = Type.Static<typeof ListedPlan>;
export const PlanList = List(ListedPlan);

export const PlanWarning = Type.Object({
  path: Type.String(),
  code: Type.String(),
  message: Type.String(),
  near: Type.Array(Type.String(), { description: 'Known meters that may have been meant.' }),
});
export type PlanWarning = Type.Static<typeof PlanWarning>;
const warnings = Type.Array(PlanWarning, {
  description: '`unknown_meter`: neither defined nor seen in usage, so the price may never apply. The plan is kept all the same.',
});

export const KeptPlan = Type.Object({ ...Plan.properties, warnings });
export type KeptPlan = Type.Static<typeof KeptPlan>;

export const PlanPreviewInput = strictObject({
  plan: PlanDefinition,
  quantities: Type.Array(strictObject({ meter: Meter, quantity: Quantity }), {
    maxItems: 1000,
    description: 'What each meter comes to in a whole period; a meter once.',
  }),
});
export type PlanPreviewInput = Type.Static<typeof PlanPreviewInput>;

const PreviewLine = Type.Object({
  ...Type.Pick(InvoiceLine, ['kind', 'meter', 'description', 'quantity', 'unit', 'pricing', 'tiers', 'exactAmount', 'amount']).properties,
  formula: Type.Array(Type.Object({ text: Type.String(), exact: DecimalString }), {
    description: 'One step per tier. Their exact results add up to `exactAmount`, which is rounded once.',
  }),
});

/** Entries as on an invoice; they add up to the total. */
export const PlanPreview = Type.Object({
  currency: Type.String(),
  lines: Type.Array(PreviewLine),
  subtotal: DecimalString,
  discounts: Type.Array(Type.Pick(InvoiceDiscount, ['meter', 'percent', 'offered', 'base', 'amount'])),
  /** Where the minimum was not reached, what tops it up. */
  minimum: nullable(Type.Object({ minimum: DecimalString, base: DecimalString, amount: DecimalString })),
  total: Type.String({ description: 'Before tax, which belongs to the customer.' }),
  warnings,
});
export type PlanPreview = Type.Static<typeof PlanPreview>;

export const PlanEffect = Type.Object({
  customers: Type.Integer({ description: 'Who is, was or will be on the plan.' }),
  drafts: Type.Object(
    {
      count: Type.Integer(),
      rated: Type.Array(
        Type.Object({
          id: Type.String(),
          customer: Type.String(),
          customerName: Type.String(),
          month: Type.String(),
          currency: Type.String(),
          before: nullable(DecimalString),
          after: nullable(DecimalString),
          failure: nullable(Type.String({ description: 'Why a total could not be told.' })),
        }),
      ),
    },
    { description: 'Drafts of those customers, the newest of them rated by the plan as it is and as it would be.' },
  ),
  finalInvoices: Type.Integer({ description: 'Rated by this plan, in any version. None of them changes.' }),
});
export type PlanEffect = Type.Static<typeof PlanEffect>;
