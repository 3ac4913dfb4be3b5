/** Health, pipeline, sign-in and the live stream. */
import { Type } from 'typebox';
import { Instant, nullable, strictObject } from './common.ts';

export const Health = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('down')]),
  checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), message: Type.Optional(Type.String()) })),
});

export type Health = Type.Static<typeof Health>;

/** A rebuild of ClickHouse from Postgres. */
export const Rebuild = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('requested'), Type.Literal('copying'), Type.Literal('done'), Type.Literal('failed')]),
  requestedAt: Instant,
  startedAt: nullable(Instant),
  finishedAt: nullable(Instant),
  rowsCopied: Type.Integer(),
  failure: nullable(Type.String()),
});
export type Rebuild = Type.Static<typeof Rebuild>;

export const Pipeline = Type.Object({
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      endOffset: Type.Integer(),
      records: Type.Integer(),
      rollups: Type.Integer(),
      /** Events not yet in Postgres, and not yet in ClickHouse. */
      lag: Type.Object({ records: Type.Integer(), rollups: Type.Integer() }),
    }),
  ),
  deadLetters: Type.Integer(),
  conflicts: Type.Integer(),
  /** The latest one; null: there was none. */
  rebuild: nullable(Rebuild),
  asOf: Instant,
});
export type Pipeline = Type.Static<typeof Pipeline>;

export const SignIn = strictObject({ token: Type.String({ minLength: 20, maxLength: 200 }) });
export const Session = Type.Object({ role: Type.String(), expiresAt: nullable(Instant) });
export type Session = Type.Static<typeof Session>;

/** Data of an SSE message of `GET /v1/live`. */
export const Live = Type.Object({ asOf: Instant, rowsPerSecond: Type.Integer(), lag: Type.Integer() });
export type Live = Type.Static<typeof Live>;
