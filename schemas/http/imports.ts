/** `/v1/imports`, `/v1/profiles`: files going in. */
import { Type } from 'typebox';
import { Instant, List, nullable, Page, strictObject } from './common.ts';

/** A column by name, or by 1-based position as `#3`. */
const Column = Type.String({ minLength: 1, maxLength: 1000 });
const Const = strictObject({ const: Type.String({ minLength: 1, maxLength: 256 }) });

/** How numbers are written, where it is not 1234.5. */
const NumberStyle = {
  decimal: Type.Optional(Type.Union([Type.Literal('.'), Type.Literal(',')])),
  /** Between groups of digits. A space stands for no-break ones as well, an apostrophe for the typographic one. */
  thousands: Type.Optional(Type.Union([Type.Literal(','), Type.Literal('.'), Type.Literal(' '), Type.Literal("'")])),
  /** `indian`: 12,34,567. */
  grouping: Type.Optional(Type.Union([Type.Literal('thousand'), Type.Literal('indian')])),
};

export const Measure = strictObject({
  meter: Type.Union([strictObject({ column: Column }), Const]),
  quantity: Type.Union([Column, Const]),
  ifEmpty: Type.Optional(Type.Union([Type.Literal('reject'), Type.Literal('skip')])),
  /** Any of them here replaces all three of the mapping for this measure. */
  ...NumberStyle,
  /** Each quantity ends in `%`: 12.5% is 0.125. */
  percent: Type.Optional(Type.Boolean()),
});
export type Measure = Type.Static<typeof Measure>;

export const Mapping = strictObject({
  id: Type.Optional(Type.Union([Column, Type.Array(Column, { minItems: 1, maxItems: 16 })])),
  identity: Type.Optional(Type.Union([Type.Literal('row'), Type.Literal('file')])),
  customer: Type.Union([Column, Const]),
  /** Several: their cells, joined by one space, are the time. */
  time: Type.Union([Column, Type.Array(Column, { minItems: 2, maxItems: 3 })]),
  timeZone: Type.Optional(Type.String({ description: 'IANA zone of times that carry none.' })),
  timeFormat: Type.Optional(
    Type.String({
      maxLength: 100,
      description: '`epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or a form in the letters of Unicode, such as `dd/MM/yyyy HH:mm:ss`.',
    }),
  ),
  measures: Type.Array(Measure, { minItems: 1, maxItems: 100 }),
  properties: Type.Optional(Type.Union([Type.Literal('rest'), Type.Array(Column, { maxItems: 1000 })])),
  /** Rows with another cell in one of these columns are no usage: rejected as `not_selected`. */
  only: Type.Optional(
    Type.Array(strictObject({ column: Column, in: Type.Array(Type.String({ maxLength: 1000 }), { minItems: 1, maxItems: 1000 }) }), {
      maxItems: 16,
    }),
  ),
  nullTokens: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
  ...NumberStyle,
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
  /** `LF` and `CRLF`: lines end in LF, and a CR right before it belongs to the line ending. `mixed`: in LF, CRLF or a CR alone. */
  newline: Type.Union([Type.Literal('LF'), Type.Literal('CRLF'), Type.Literal('CR'), Type.Literal('mixed')]),
  header: Type.Boolean(),
  /** Physical lines before the header, or before the first row where there is none: titles, report parameters. */
  skipLines: Type.Integer({ minimum: 0 }),
  /** Physical lines that begin with it are no rows, and quotes in them are none. Empty: there are none. */
  comment: Type.String(),
  /** Each line ends in one more delimiter, behind which no column stands. */
  trailingDelimiter: Type.Boolean(),
  /** A row with fewer cells than the header: rejected, or (only where declared) as if the missing cells were there and empty. */
  shortRows: Type.Union([Type.Literal('reject'), Type.Literal('pad')]),
});
export type Dialect = Type.Static<typeof Dialect>;

/** How large the pieces of a file may be. Fixed with the import: whoever resumes it, or shows its lines, has to read the same rows. */
export const ReadingLimits = Type.Object({
  columnsMax: Type.Integer(),
  /** Bytes in UTF-8. */
  cellBytesMax: Type.Integer(),
  recordBytesMax: Type.Integer(),
});
export type ReadingLimits = Type.Static<typeof ReadingLimits>;

/** How a stored file is read again, by whoever resumes its import and for its source lines. Without limits: the default ones. */
export type StoredDialect = Dialect & { limits?: ReadingLimits };

/** Of NDJSON, whose lines are rows of one cell: a character that JSON holds in escapes only, so that no line is ever split. */
export const NDJSON_DELIMITER = '\u0001';

export function isNdjson(dialect: StoredDialect): boolean {
  return dialect.delimiter === NDJSON_DELIMITER;
}

/** Why a property of the dialect is what it is. `likely`: something else would be possible, and is named in the reason. */
export const DialectChoice = Type.Object({
  property: Type.String(),
  confidence: Type.Union([Type.Literal('declared'), Type.Literal('certain'), Type.Literal('likely')]),
  reason: Type.String(),
});
export type DialectChoice = Type.Static<typeof DialectChoice>;

/** Query parameters that override what would be detected, on `inspect` and on an import alike. `mapping` is JSON. */
export const ReadingOptions = {
  encoding: Type.Optional(
    Type.String({
      maxLength: 40,
      description:
        'utf-8, utf-16 (by its byte order mark), utf-16le, utf-16be, windows-1252 (cp1252) or iso-8859-1 (latin1). UTF-8 and UTF-16 are recognised.',
    }),
  ),
  delimiter: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 10,
      description: 'One ASCII character, or comma, semicolon, tab, pipe, space, colon, tilde, caret. The first four are recognised.',
    }),
  ),
  quote: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 10,
      description: 'One ASCII character (also double, single), or none: no cell is quoted, and quotes are characters like any other.',
    }),
  ),
  escape: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 9,
      description: 'How a quote stands inside quotes: doubled, or behind this ASCII character (also backslash), or none: never.',
    }),
  ),
  newline: Type.Optional(
    Type.String({
      maxLength: 5,
      description: 'LF or CRLF (a CR before LF belongs to the line ending), CR, or mixed: LF, CRLF or a CR alone.',
    }),
  ),
  header: Type.Optional(
    Type.Boolean({ description: 'Whether the first line of the table names the columns. Without names they are #1, #2…' }),
  ),
  skipLines: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1000,
      description: 'Physical lines before the header, or before the first row where there is none.',
    }),
  ),
  comment: Type.Optional(Type.String({ maxLength: 10, description: 'What lines begin with that are no rows, for example #; or none.' })),
  trailingDelimiter: Type.Optional(
    Type.Boolean({ description: 'Whether each line ends in one more delimiter, behind which no column stands.' }),
  ),
  shortRows: Type.Optional(
    Type.Union([Type.Literal('reject'), Type.Literal('pad')], {
      description: 'Rows with fewer cells than the header: rejected, or as if the missing cells were there and empty.',
    }),
  ),
  mapping: Type.Optional(Type.String({ maxLength: 100_000 })),
  profile: Type.Optional(Type.String({ maxLength: 200 })),
};

export const InspectQuery = strictObject({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 50 })),
  ...ReadingOptions,
});
/** Of the file, or of a stream. */
export const IMPORT_NAME_MAX = 400;

export const ImportQuery = strictObject({
  name: Type.Optional(Type.String({ maxLength: IMPORT_NAME_MAX })),
  wait: Type.Optional(Type.Boolean()),
  dryRun: Type.Optional(
    Type.Boolean({
      description:
        'Answers what the import would come to, with its effect, as soon as the file is read. Nothing is published, nothing is kept.',
    }),
  ),
  ...ReadingOptions,
});

/** What may be meant, with the reason. It takes effect only once somebody says so. */
export const Suggestion = Type.Object({
  /** `profile`: a saved or built-in mapping whose columns the header has. `mapping`: properties to add to the mapping. */
  kind: Type.Union([Type.Literal('profile'), Type.Literal('mapping')]),
  profile: nullable(Type.String()),
  /** By path: `timeFormat`, `decimal`, `measures/0/percent`. Empty for a profile. */
  change: Type.Record(Type.String(), Type.Union([Type.String(), Type.Boolean()])),
  /** Of a profile: how many of its columns the header has, of how many. */
  columnsMatched: nullable(Type.Integer()),
  columnsUsed: nullable(Type.Integer()),
  reason: Type.String(),
});
export type Suggestion = Type.Static<typeof Suggestion>;

export const Inspection = Type.Object({
  dialect: Dialect,
  /** One for each property of the dialect. */
  detected: Type.Array(DialectChoice),
  header: Type.Array(Type.String()),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      /** `id`, `customer`, `time`, `meter`, `quantity`, `quantity:<meter>`, `property`, `selection` (a column of `only`), or null when left out. */
      mapsTo: nullable(Type.String()),
      reason: Type.String(),
      samples: Type.Array(Type.String()),
    }),
  ),
  rows: Type.Array(Type.Object({ line: Type.Integer(), cells: Type.Array(Type.String()), problem: Type.Optional(Type.String()) })),
  problems: Type.Array(Type.Object({ code: Type.String(), line: nullable(Type.Integer()), count: Type.Integer(), message: Type.String() })),
  mapping: nullable(Mapping),
  suggestions: Type.Array(Suggestion),
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

export const IMPORT_FORMATS = ['csv', 'ndjson'] as const;
export const IMPORT_FORMS = ['file', 'stream', 'events'] as const;

/** Null and null, in one entry: all imports that the caller may not see, which for a key that sends are those of other senders. */
export const KnownFrom = Type.Object({ importId: nullable(Type.String()), name: nullable(Type.String()), events: Type.Integer() });

export const Import = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** `events`: what a process was sent to `/v1/events`, in one import for an hour. Like a stream it is `publishing` while more may come. */
  form: Type.Enum(IMPORT_FORMS),
  /** Of its lines. `csv` also while a file is received, of which nothing is known yet. */
  format: Type.Enum(IMPORT_FORMATS),
  sha256: nullable(Type.String()),
  bytes: Type.Integer(),
  status: Type.Enum(IMPORT_STATUSES),
  mapping: nullable(Mapping),
  identity: nullable(ImportIdentity),
  suspectedDoubles: nullable(Type.Integer()),
  /** Of whom it has brought usage, those with most events by name. Null until that is counted, and of a dry run; of an undone one as it was. */
  customers: nullable(Type.Object({ count: Type.Integer(), first: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })) })),
  knownFrom: Type.Array(KnownFrom),
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
export const ImportListQuery = strictObject({
  ...Page,
  status: Type.Optional(Type.Enum(IMPORT_STATUSES)),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: IMPORT_NAME_MAX, description: 'A part of the name, in capitals or not.' })),
});

export const Profile = Type.Object({
  name: Type.String(),
  /** Shipped with the program: neither changed nor deleted. */
  builtIn: Type.Boolean(),
  /** What it is for. Of a built-in one only. */
  description: nullable(Type.String()),
  mapping: Mapping,
  /** Null for a built-in one. */
  updatedAt: nullable(Instant),
});
export type Profile = Type.Static<typeof Profile>;
