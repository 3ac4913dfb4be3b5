/** `/v1/imports`, `/v1/profiles`: files going in. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, strictObject } from './common.ts';

/** A column by name, or by 1-based position as `#3`. */
const Column = Type.String({ minLength: 1, maxLength: 1000 });
const Const = strictObject({ const: Type.String({ minLength: 1, maxLength: 256 }) });

export const Measure = strictObject({
  meter: Type.Union([strictObject({ column: Column }), Const]),
  quantity: Type.Union([Column, Const]),
  ifEmpty: Type.Optional(Type.Union([Type.Literal('reject'), Type.Literal('skip')])),
});
export type Measure = Type.Static<typeof Measure>;

export const Mapping = strictObject({
  id: Type.Optional(Type.Union([Column, Type.Array(Column, { minItems: 1, maxItems: 16 })])),
  identity: Type.Optional(Type.Union([Type.Literal('row'), Type.Literal('file')])),
  customer: Type.Union([Column, Const]),
  time: Column,
  timeZone: Type.Optional(Type.String({ description: 'IANA zone of times that carry none.' })),
  timeFormat: Type.Optional(Type.String()),
  measures: Type.Array(Measure, { minItems: 1, maxItems: 100 }),
  properties: Type.Optional(Type.Union([Type.Literal('rest'), Type.Array(Column, { maxItems: 1000 })])),
  nullTokens: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
  decimal: Type.Optional(Type.Union([Type.Literal('.'), Type.Literal(',')])),
  thousands: Type.Optional(Type.Union([Type.Literal(','), Type.Literal('.'), Type.Literal(' ')])),
  customerVisible: Type.Optional(Type.Array(Column, { maxItems: 1000 })),
});
export type Mapping = Type.Static<typeof Mapping>;

/** How the bytes of a file are to be read. Every property can be declared; what is not is detected from the head, and holds for the whole file. */
export const Dialect = Type.Object({
  /** `utf-8`, `utf-16le`, `utf-16be`, `windows-1252` or `iso-8859-1`. What is not UTF-8 is kept as it came, and read from a copy in UTF-8. */
  encoding: Type.String(),
  bom: Type.Boolean(),
  delimiter: Type.String(),
  /** Empty: no cell is quoted, and quotes are characters like any other. */
  quote: Type.String(),
  /** Equal to `quote` where quotes are doubled. */
  escape: Type.String(),
  newline: Type.Union([Type.Literal('LF'), Type.Literal('CRLF'), Type.Literal('CR'), Type.Literal('mixed')]),
  header: Type.Boolean(),
  /** Physical lines before the header, or before the first row where there is none: titles, report parameters. */
  skipLines: Type.Integer({ minimum: 0 }),
  /** Lines that begin with it are no rows. Empty: there are none. */
  comment: Type.String(),
  /** Each line ends in one more delimiter, behind which no column stands. */
  trailingDelimiter: Type.Boolean(),
  /** A row with fewer cells than the header: rejected, or (only where declared) as if the missing cells were there and empty. */
  shortRows: Type.Union([Type.Literal('reject'), Type.Literal('pad')]),
});
export type Dialect = Type.Static<typeof Dialect>;

/** How a stored file is read again, for its source lines. */
export type StoredDialect = Dialect;

/** Why a property of the dialect is what it is. `likely`: something else would be possible, and is named in the reason. */
export const DialectChoice = Type.Object({
  property: Type.String(),
  confidence: Type.Union([Type.Literal('declared'), Type.Literal('certain'), Type.Literal('likely')]),
  reason: Type.String(),
});
export type DialectChoice = Type.Static<typeof DialectChoice>;

/** Query parameters that override what would be detected, on `inspect` and on an import alike. `mapping` is JSON. */
export const ReadingOptions = {
  encoding: Type.Optional(Type.String({ maxLength: 40 })),
  delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 10 })),
  /** `none`: no cell is quoted. */
  quote: Type.Optional(Type.String({ minLength: 1, maxLength: 4 })),
  escape: Type.Optional(Type.String({ minLength: 1, maxLength: 9 })),
  newline: Type.Optional(Type.String({ maxLength: 5 })),
  header: Type.Optional(Type.Boolean()),
  skipLines: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  comment: Type.Optional(Type.String({ maxLength: 10 })),
  trailingDelimiter: Type.Optional(Type.Boolean()),
  shortRows: Type.Optional(Type.Union([Type.Literal('reject'), Type.Literal('pad')])),
  mapping: Type.Optional(Type.String({ maxLength: 100_000 })),
  profile: Type.Optional(Type.String({ maxLength: 200 })),
};

export const InspectQuery = strictObject({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 50 })),
  ...ReadingOptions,
});
export const ImportQuery = strictObject({
  name: Type.Optional(Type.String({ maxLength: 400 })),
  wait: Type.Optional(Type.Boolean()),
  ...ReadingOptions,
});

export const Inspection = Type.Object({
  dialect: Dialect,
  /** One for each property of the dialect. */
  detected: Type.Array(DialectChoice),
  header: Type.Array(Type.String()),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      /** `id`, `customer`, `time`, `meter`, `quantity`, `quantity:<meter>`, `property`, or null when left out. */
      mapsTo: nullable(Type.String()),
      reason: Type.String(),
      samples: Type.Array(Type.String()),
    }),
  ),
  rows: Type.Array(Type.Object({ line: Type.Integer(), cells: Type.Array(Type.String()), problem: Type.Optional(Type.String()) })),
  problems: Type.Array(Type.Object({ code: Type.String(), line: nullable(Type.Integer()), count: Type.Integer(), message: Type.String() })),
  mapping: nullable(Mapping),
  ready: Type.Boolean(),
});
export type Inspection = Type.Static<typeof Inspection>;

export const ImportErrorGroup = Type.Object({
  code: Type.String(),
  count: Type.Integer(),
  examples: Type.Array(Type.Object({ line: Type.Integer(), column: nullable(Type.String()), message: Type.String(), raw: Type.String() })),
});
export type ImportErrorGroup = Type.Static<typeof ImportErrorGroup>;

export const IMPORT_STATUSES = ['received', 'publishing', 'settling', 'complete', 'failed', 'undoing', 'undone'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export const ImportIdentity = Type.Union([Type.Literal('id-column'), Type.Literal('row'), Type.Literal('file'), Type.Literal('key')]);

export const Import = Type.Object({
  id: Type.String(),
  name: Type.String(),
  sha256: nullable(Type.String()),
  bytes: Type.Integer(),
  status: Type.Enum(IMPORT_STATUSES),
  mapping: nullable(Mapping),
  identity: nullable(ImportIdentity),
  suspectedDoubles: nullable(Type.Integer()),
  knownFrom: Type.Array(Type.Object({ importId: Type.String(), name: Type.String(), events: Type.Integer() })),
  rows: Type.Object({
    read: Type.Integer(),
    new: Type.Optional(Type.Integer()),
    known: Type.Optional(Type.Integer()),
    conflict: Type.Optional(Type.Integer()),
    rejected: Type.Integer(),
  }),
  events: Type.Object({
    published: Type.Integer(),
    accepted: Type.Integer(),
    duplicate: Type.Integer(),
    conflict: Type.Integer(),
    dead: Type.Integer(),
  }),
  progress: Type.Object({
    bytesRead: Type.Integer(),
    bytesTotal: Type.Integer(),
    rowsPerSecond: Type.Integer(),
    etaSeconds: nullable(Type.Integer()),
  }),
  errors: Type.Array(ImportErrorGroup),
  failure: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  createdAt: Instant,
  createdBy: Type.String(),
  completedAt: nullable(Instant),
});
export type Import = Type.Static<typeof Import>;

export const ImportList = List(Import);
export const ImportListQuery = strictObject({ ...Page, status: Type.Optional(Type.String()) });

export const Profile = Type.Object({ name: Type.String(), mapping: Mapping, updatedAt: Instant });
export type Profile = Type.Static<typeof Profile>;
