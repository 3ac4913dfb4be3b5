/** `/v1/settings`: who bills, how documents are numbered, and what holds where a customer has nothing of its own. */
import { Type } from 'typebox';
import { Instant, nullable, PATTERNS, strictObject } from './common.ts';

/** A line of a document; nothing in it that would break it. */
const Line = Type.String({ minLength: 1, maxLength: 200, pattern: PATTERNS.line });

export const Seller = strictObject(
  {
    name: Type.Optional(Line),
    address: Type.Optional(Type.Array(Line, { maxItems: 10, description: 'Line by line.' })),
    taxId: Type.Optional(Line),
    email: Type.Optional(Line),
    phone: Type.Optional(Line),
    website: Type.Optional(Line),
    bankDetails: Type.Optional(Type.Array(Line, { maxItems: 10, description: 'Line by line.' })),
    paymentTerms: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000 })),
  },
  'Who bills, as it stands on invoices.',
);
export type Seller = Type.Static<typeof Seller>;

const Pattern = Type.String({ minLength: 1, maxLength: 100, examples: ['INV-{year}-{number:5}'] });

export const Numbering = strictObject(
  { invoice: Pattern, creditNote: Pattern },
  'Patterns of document numbers: text with `{number}` or `{number:5}` (with leading zeros), `{year}` and `{month}`. Each year (or month) that ' +
    'the pattern names counts from 1, without gaps.',
);
export type Numbering = Type.Static<typeof Numbering>;

const Defaults = {
  plan: nullable(Type.String({ maxLength: 200 })),
  currency: Type.String({ pattern: PATTERNS.currency, examples: ['EUR'] }),
  timeZone: Type.String({ maxLength: 64, examples: ['Europe/Berlin'] }),
};
const Rounding = Type.Union([Type.Literal('half-away'), Type.Literal('half-even')]);

export const SettingsInput = strictObject({
  seller: Type.Optional(Seller),
  numbering: Type.Optional(strictObject({ invoice: Type.Optional(Pattern), creditNote: Type.Optional(Pattern) })),
  defaults: Type.Optional(
    strictObject(
      {
        plan: Type.Optional(Defaults.plan),
        currency: Type.Optional(Defaults.currency),
        timeZone: Type.Optional(Defaults.timeZone),
      },
      'Of customers that are not set up yet, and of what is left out when one is set up.',
    ),
  ),
  billing: Type.Optional(
    strictObject(
      { rounding: Type.Optional(Rounding) },
      'How halves of a minor unit are rounded: away from zero, or to the even neighbour.',
    ),
  ),
});
export type SettingsInput = Type.Static<typeof SettingsInput>;

export const Settings = Type.Object({
  seller: Seller,
  numbering: Numbering,
  defaults: Type.Object(Defaults),
  billing: Type.Object({ rounding: Rounding }),
  /** Null until they are first changed. */
  updatedAt: nullable(Instant),
});
export type Settings = Type.Static<typeof Settings>;
