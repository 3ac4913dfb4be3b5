/** `/v1/usage`, `/v1/records`: what came in, in buckets and row by row. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';
import { AGGREGATIONS } from './customers.ts';

export const Grain = Type.Union([Type.Literal('hour'), Type.Literal('day'), Type.Literal('month')]);

export const UsageQuery = strictObject({
  from: Instant,
  to: Instant,
  grain: Type.Optional(Grain),
  customer: Type.Optional(Type.String({ maxLength: 300 })),
  meter: Type.Optional(Type.String({ maxLength: 256 })),
  groupBy: Type.Optional(
    Type.String({
      pattern: '^(customer|meter)(,(customer|meter))?$',
      description: '`meter` is always grouped by, since meters do not add up.',
    }),
  ),
  timeZone: Type.Optional(Type.String({ maxLength: 64 })),
});

export const UsageBucket = Type.Object({
  start: Instant,
  end: Instant,
  customer: Type.Optional(Type.String()),
  meter: Type.Optional(Type.String()),
  quantity: DecimalString,
  events: Type.Integer(),
});
export type UsageBucket = Type.Static<typeof UsageBucket>;

export const Usage = Type.Object({
  buckets: Type.Array(UsageBucket),
  total: Type.Array(Type.Object({ meter: Type.String(), quantity: DecimalString, events: Type.Integer() })),
  /** How the figures of each meter in the answer were put together. */
  meters: Type.Array(
    Type.Object({
      meter: Type.String(),
      aggregation: Type.Enum(AGGREGATIONS),
      additive: Type.Boolean({
        description:
          'Whether buckets add up over time. Those of max, unique and latest do not: each says what its own time comes to, and the total what all of it does. ' +
          'unique and latest are told for one customer; where the call names none, their events are counted instead.',
      }),
    }),
  ),
  timeZone: Type.String(),
  /** Everything that was durable at this moment is in the figures. */
  asOf: Instant,
});
export type Usage = Type.Static<typeof Usage>;

export const MeterExtents = Type.Object({
  items: Type.Array(
    Type.Object({
      meter: Type.String(),
      from: Instant,
      to: Instant,
      events: Type.Integer(),
    }),
    { description: 'First and last 15 minutes with usage, by meter.' },
  ),
});
export type MeterExtents = Type.Static<typeof MeterExtents>;

export const RecordsQuery = strictObject({
  customer: Type.Optional(Type.String({ maxLength: 300 })),
  meter: Type.Optional(Type.String({ maxLength: 256 })),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  import: Type.Optional(Type.String({ pattern: PATTERNS.number })),
  status: Type.Optional(Type.Union([Type.Literal('accepted'), Type.Literal('conflict'), Type.Literal('voided')])),
  ...Page,
});

export const UsageRecord = Type.Object({
  /** Names the record for ever; opaque. */
  key: Type.String(),
  id: Type.String(),
  customer: Type.String(),
  meter: Type.String(),
  time: Instant,
  quantity: DecimalString,
  properties: Type.Record(Type.String(), Type.String()),
  importId: Type.String(),
  line: Type.Integer(),
  status: Type.Union([Type.Literal('accepted'), Type.Literal('conflict'), Type.Literal('voided')]),
});
export type UsageRecord = Type.Static<typeof UsageRecord>;
export const RecordList = List(UsageRecord);

const Line = Type.Object({ line: Type.Integer(), raw: Type.String() });

export const Source = Type.Object({
  importId: Type.String(),
  fileName: Type.String(),
  line: Type.Integer(),
  /** Name of the column the quantity came from; null when it was a constant. */
  column: nullable(Type.String()),
  header: Type.Array(Type.String()),
  raw: Type.String(),
  /** The cells of the line, in the order of `header`. */
  cells: Type.Array(Type.String()),
  before: Type.Array(Line),
  after: Type.Array(Line),
});
export type Source = Type.Static<typeof Source>;
