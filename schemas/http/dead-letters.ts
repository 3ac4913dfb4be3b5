/** `/v1/dead-letters`: messages of the log that were no event of ours. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, strictObject } from './common.ts';

export const DeadLettersQuery = strictObject(Page);

export const DeadLetter = Type.Object({
  id: Type.String(),
  /** Where it stood in the log. */
  position: Type.Object({ epoch: Type.Integer(), partition: Type.Integer(), offset: Type.Integer(), index: Type.Integer() }),
  code: Type.String(),
  message: Type.String(),
  /** As it came; the first 10,240 characters of it. */
  payload: Type.String(),
  payloadBytes: Type.Integer(),
  createdAt: Instant,
  /** When it was put into the log again; null: never. */
  replayedAt: nullable(Instant),
  /** What became of the event then. `waiting`: records has not got there; null: never replayed. */
  outcome: nullable(
    Type.Union([
      Type.Literal('waiting'),
      Type.Literal('accepted'),
      Type.Literal('duplicate'),
      Type.Literal('conflict'),
      Type.Literal('voided'),
      Type.Literal('dead'),
    ]),
  ),
});
export type DeadLetter = Type.Static<typeof DeadLetter>;

export const DeadLetterList = List(DeadLetter);
