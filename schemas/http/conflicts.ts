/** `/v1/conflicts`: versions of an event that disagree, for a person to decide. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, Page, PATTERNS, strictObject } from './common.ts';

const ConflictStatus = Type.Union([Type.Literal('open'), Type.Literal('resolving'), Type.Literal('resolved')]);

export const ConflictsQuery = strictObject({
  status: Type.Optional(ConflictStatus),
  customer: Type.Optional(Type.String({ maxLength: 300 })),
  import: Type.Optional(Type.String({ pattern: PATTERNS.number, description: 'Imports whose line is in conflict (`this`).' })),
  ...Page,
});

/** One line's word on the event. */
const Version = Type.Object({
  /** Of `/v1/records/{key}`; null where the line is kept as a duplicate only. */
  key: nullable(Type.String()),
  meter: Type.String(),
  time: Instant,
  quantity: DecimalString,
  properties: Type.Record(Type.String(), Type.String()),
  importId: Type.String(),
  line: Type.Integer(),
});

export const Conflict = Type.Object({
  id: Type.String(),
  /** `resolving`: decided, and not carried out yet. */
  status: ConflictStatus,
  customer: Type.String(),
  eventId: Type.String(),
  /** The version that is accepted, and billed, now; null: none is. Of a conflict decided for `this`, that is this one. */
  first: nullable(Version),
  this: Version,
  createdAt: Instant,
  /** Which of the two was kept; null: nobody has decided. */
  keep: nullable(Type.Union([Type.Literal('first'), Type.Literal('this')])),
  resolvedAt: nullable(Instant),
  resolvedBy: nullable(Type.String()),
});
export type Conflict = Type.Static<typeof Conflict>;

export const ConflictList = List(Conflict);

export const Resolution = strictObject({
  keep: Type.Union([Type.Literal('first'), Type.Literal('this')], {
    description: '`first`: the version that is accepted now stays. `this`: this one is billed instead.',
  }),
});
export type Resolution = Type.Static<typeof Resolution>;
