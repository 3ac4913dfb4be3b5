/** Health, pipeline, sign-in and the live stream. */
import { Type } from 'typebox';
import { Instant, nullable } from './common.ts';

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

const Rate = Type.Array(nullable(Type.Number()));

/** Of the last 15 minutes, as this process has seen them; oldest first. Null: nobody looked, or it was another log. */
export const PipelineRates = Type.Object({
  /** What one figure stands for. */
  everySeconds: Type.Integer(),
  /** End of the last one; null while there is none. */
  until: nullable(Instant),
  /** Events a second: into the log, from there to Postgres, and to ClickHouse. */
  published: Rate,
  records: Rate,
  rollups: Rate,
});
export type PipelineRates = Type.Static<typeof PipelineRates>;

export const Pipeline = Type.Object({
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      endOffset: Type.Integer(),
      records: Type.Integer(),
      rollups: Type.Integer(),
      /** Events not yet in Postgres, and not yet in ClickHouse. */
      lag: Type.Object({ records: Type.Integer(), rollups: Type.Integer() }),
      /** Everything of this partition that was durable then is in both stores; the beginning of 1970 where nothing was ever consumed. */
      watermark: Instant,
    }),
  ),
  /** When each consumer last got ahead, in any partition; null: never. */
  movedAt: Type.Object({ records: nullable(Instant), rollups: nullable(Instant) }),
  rates: PipelineRates,
  /** Files whose events are on their way, or are being taken back. */
  imports: Type.Integer(),
  deadLetters: Type.Integer(),
  conflicts: Type.Integer(),
  /** The latest one; null: there was none. */
  rebuild: nullable(Rebuild),
  asOf: Instant,
});
export type Pipeline = Type.Static<typeof Pipeline>;

/** One of the stores behind everything. */
export const StoreState = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  /** Since when it has been so, as far as this process has seen. */
  since: Instant,
  /** What it said; null while it answers. */
  message: nullable(Type.String()),
  /** Bytes its disk still takes; null where that is not known. */
  freeBytes: nullable(Type.Integer()),
});
export const PipelineStores = Type.Object({ stores: Type.Array(StoreState) });
export type PipelineStores = Type.Static<typeof PipelineStores>;

/** What an installation is; never what it keeps secret. */
export const About = Type.Object({
  version: Type.String(),
  /** `embedded`: all stores in one process and one directory. `distributed`: servers of their own, any number of processes. */
  mode: Type.Union([Type.Literal('embedded'), Type.Literal('distributed')]),
  /** Of the process that answers. */
  roles: Type.Array(Type.String()),
  /** Where this process keeps files; in embedded mode everything. */
  dataDirectory: Type.String(),
  startedAt: Instant,
});
export type About = Type.Static<typeof About>;

/** Data of an SSE message of `GET /v1/live`. */
export const Live = Type.Object({
  asOf: Instant,
  rowsPerSecond: nullable(Type.Integer({ description: 'Of all customers; null for one of them.' })),
  lag: nullable(Type.Integer()),
});
export type Live = Type.Static<typeof Live>;
