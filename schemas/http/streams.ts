/** `/v1/stream`, `/v1/events`: usage as it happens. */
import { Type } from 'typebox';
import { nullable, strictObject } from './common.ts';
import { IMPORT_NAME_MAX, ReadingOptions } from './imports.ts';

export const StreamQuery = strictObject({
  name: Type.Optional(Type.String({ maxLength: IMPORT_NAME_MAX })),
  fromLine: Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'The number that the first line of the body has in the whole stream; 1 unless said. To resume: `durableLine` + 1 of the last answer. The header of a CSV is line 1, and is not sent again.',
    }),
  ),
  ...ReadingOptions,
});

const Reject = Type.Object({ line: Type.Integer(), column: nullable(Type.String()), code: Type.String(), message: Type.String() });
export type StreamReject = Type.Static<typeof Reject>;

export const STREAM_ENDINGS = ['complete', 'stopping', 'taken_over', 'undone', 'refused', 'failed'] as const;

/** One line of the answer. Counts are of this request; `durableLine` is of the whole stream. */
export const StreamAnswer = Type.Object({
  importId: Type.String(),
  /** Up to and including this line the event log has the events, and the file store the text. A stream is resumed at the next. */
  durableLine: Type.Integer(),
  /** Rows whose events the log has acknowledged. Whether they were known is decided later: see the import. */
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  /** Lines that an earlier request had made durable already, and this one has sent again. */
  known: Type.Integer(),
  /** The first rejected rows since the line of the answer before; all of them are in rejected.csv. */
  errors: Type.Optional(Type.Array(Reject)),
  /** In the last line only: why it is the last. */
  ended: Type.Optional(Type.Enum(STREAM_ENDINGS)),
  problem: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
});
export type StreamAnswer = Type.Static<typeof StreamAnswer>;

export const EventsAnswer = Type.Object({
  /** Events that are in the log and in the file store. Whether they were known is decided later. */
  accepted: Type.Integer(),
  /** The import that they are lines of; null where nothing was accepted. */
  importId: nullable(Type.String()),
  /** Those that were not, by their place in the array, from 0. */
  rejected: Type.Array(
    Type.Object({ index: Type.Integer(), column: nullable(Type.String()), code: Type.String(), message: Type.String() }),
  ),
});
export type EventsAnswer = Type.Static<typeof EventsAnswer>;
