/** `/v1/top`: who, or what, used most; against the period before; and in bars of time. */
import { Type } from 'typebox';
import { CUSTOMER_LENGTH_MAX } from '../usage-event.ts';
import { DecimalString, Instant, nullable, strictObject } from './common.ts';
import { AGGREGATIONS } from './customers.ts';
import { Grain } from './usage.ts';

export const TOP_MAX = 50;

export const TopQuery = strictObject({
  by: Type.Union([Type.Literal('customer'), Type.Literal('meter')]),
  meter: Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'By customer: the meter that is compared. Without it events are counted, since meters do not add up.',
    }),
  ),
  customer: Type.Optional(
    Type.String({ maxLength: CUSTOMER_LENGTH_MAX, description: "That customer's usage alone: its meters, or itself as the only one." }),
  ),
  from: Instant,
  to: Instant,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: TOP_MAX, default: 5 })),
  grain: Type.Optional(Grain),
  timeZone: Type.Optional(Type.String({ maxLength: 64 })),
});

const Figures = {
  /** Put together as `aggregation` says; null where it cannot be told: of all meters, and of others that do not add up. */
  quantity: nullable(DecimalString),
  events: Type.Integer(),
  /** The same of `previous`. */
  previous: nullable(DecimalString),
  previousEvents: Type.Integer(),
};

const Bars = {
  /** One for each of `windows`, "0" where nothing was used. */
  spark: Type.Array(DecimalString),
  sparkEvents: Type.Array(Type.Integer()),
};

export const TopItem = Type.Object({
  id: Type.String(),
  ...Figures,
  /** Of the total, between 0 and 1, to six digits; null where there is none. */
  share: nullable(DecimalString),
  aggregation: Type.Enum(AGGREGATIONS),
  additive: Type.Boolean(),
  ...Bars,
});
export type TopItem = Type.Static<typeof TopItem>;

const Period = Type.Object({ from: Instant, to: Instant });

export const Top = Type.Object({
  /** The largest first; meters by their number of events. */
  items: Type.Array(TopItem),
  others: Type.Object({ count: Type.Integer(), ...Figures, share: nullable(DecimalString) }),
  total: Type.Object({ count: Type.Integer(), ...Figures, ...Bars, previousSpark: Type.Array(DecimalString) }),
  /** How the figures by customer were put together. */
  aggregation: Type.Enum(AGGREGATIONS),
  additive: Type.Boolean(),
  windows: Type.Array(Type.Object({ start: Instant, end: Instant })),
  previous: Type.Object({
    ...Period.properties,
    /** `previous` of the figures goes this far: as much of it as has gone by of a range that is not over. */
    comparedTo: Instant,
  }),
  timeZone: Type.String(),
  asOf: Instant,
});
export type Top = Type.Static<typeof Top>;
