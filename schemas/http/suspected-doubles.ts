/** `/v1/imports/{id}/suspected-doubles`: events with ids of our making that equal events of other files, for a person to judge. */
import { Type } from 'typebox';
import { DecimalString, Instant, List, Page, strictObject } from './common.ts';

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

export const SuspectedDoubleList = List(SuspectedDouble);
export type SuspectedDoubleList = Type.Static<typeof SuspectedDoubleList>;
export const SuspectedDoublesQuery = strictObject({ ...Page });
