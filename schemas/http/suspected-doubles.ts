/** `/v1/imports/{id}/suspected-doubles`: events with ids of our making that equal events of other files, for a person to judge. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, nullable, Page, strictObject } from './common.ts';

export const SuspectedDouble = Type.Object({
  /** Where it stands in this import. */
  line: Type.Integer(),
  customer: Type.String(),
  meter: Type.String(),
  time: Instant,
  quantity: DecimalString,
  /** The first event of another import that is equal to it in these four. Both are billed. */
  other: Type.Object({ importId: Type.String(), name: Type.String(), line: Type.Integer() }),
});
export type SuspectedDouble = Type.Static<typeof SuspectedDouble>;

/** Of a dry run. Null: of an import that the caller may not see, which for a key that sends are those of other senders. */
export const FirstDouble = Type.Object({
  ...SuspectedDouble.properties,
  other: Type.Object({ importId: nullable(Type.String()), name: nullable(Type.String()), line: nullable(Type.Integer()) }),
});
export type FirstDouble = Type.Static<typeof FirstDouble>;

export const SuspectedDoubleList = List(SuspectedDouble);
export type SuspectedDoubleList = Type.Static<typeof SuspectedDoubleList>;
export const SuspectedDoublesQuery = strictObject({ ...Page });
