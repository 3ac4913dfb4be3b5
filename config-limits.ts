/** The settings of what is taken in: how large, how fast, how many at a time. Read by config.ts; docs/operations.md has the table. */

/** How large uploads may be, how many are taken at a time, and how slowly they may come. */
export interface UploadLimits {
  /** Largest upload, as it is sent. */
  bytesMax: number;
  /** Largest text inside a .gz, in its own encoding. */
  unpackedBytesMax: number;
  /** A .gz may unpack to this many times its size. */
  gzipRatioMax: number;
  /** Taken at a time by one ingest process; dry runs and inspections among them. */
  uploadsMax: number;
  /** On the average of a window; 0 = as slowly as they like. */
  bytesPerSecondMin: number;
  rateWindowMs: number;
}

export interface IngestLimits {
  uploadLimits: UploadLimits;
  readingLimits: typeof READING_LIMITS;
  /** Streams that may be open in one ingest process. */
  streamsMax: number;
}

/** Reads a variable; what is no whole number within the bounds becomes a fault of the configuration. */
export type ReadInteger = (variable: string, fallback: number, bounds: { min: number; max: number }) => number;

/** Where nothing else is configured. */
export const UPLOAD_LIMITS: UploadLimits = {
  // Some 500 million rows; raise it knowingly.
  bytesMax: 50_000_000_000,
  unpackedBytesMax: 50_000_000_000,
  // Usage files shrink 5 to 40 times, a bomb 1,000 times.
  gzipRatioMax: 200,
  // Each takes some 2 MB while it arrives, and up to 70 MB while the ids of a large file are compared.
  uploadsMax: 16,
  // A seventh of a modem: what is slower is dead, or slow on purpose.
  bytesPerSecondMin: 1_000,
  // Longer than networks take to mend themselves.
  rateWindowMs: 30_000,
};

/** How large the pieces of a file may be: columns of a file, bytes of a cell and of a record in UTF-8. */
export const READING_LIMITS = {
  // Wide exports have a few hundred columns; beyond this a file is more likely misread than real.
  columnsMax: 10_000,
  // The limit of Python's csv module, which real exports keep to; tags and descriptions take a few thousand.
  cellBytesMax: 131_072,
  // As large as an event may be in the log.
  recordBytesMax: 1_048_576,
};

/** Each takes some 8 MB while it is busy: a quarter of a gigabyte, if all of them are. */
export const STREAMS_MAX = 32;

/** Each reader holds two records at most, and there are some dozens of readers. */
const RECORD_BYTES_MOST = 16_777_216;

export function readIngestLimits(integer: ReadInteger): IngestLimits {
  const { columnsMax, cellBytesMax, recordBytesMax } = READING_LIMITS;
  return {
    uploadLimits: readUploadLimits(integer),
    readingLimits: {
      columnsMax: integer('TALLYLINE_COLUMNS_MAX', columnsMax, { min: 1, max: 100_000 }),
      cellBytesMax: integer('TALLYLINE_CELL_BYTES_MAX', cellBytesMax, { min: 100, max: RECORD_BYTES_MOST }),
      recordBytesMax: integer('TALLYLINE_RECORD_BYTES_MAX', recordBytesMax, { min: 1000, max: RECORD_BYTES_MOST }),
    },
    streamsMax: integer('TALLYLINE_STREAMS_MAX', STREAMS_MAX, { min: 1, max: 1_000 }),
  };
}

function readUploadLimits(integer: ReadInteger): UploadLimits {
  const { gzipRatioMax, uploadsMax, bytesPerSecondMin, rateWindowMs } = UPLOAD_LIMITS;
  const bytesMax = integer('TALLYLINE_UPLOAD_BYTES_MAX', UPLOAD_LIMITS.bytesMax, { min: 1, max: Number.MAX_SAFE_INTEGER });
  return {
    bytesMax,
    // Whoever lowers the one has less room for the other too.
    unpackedBytesMax: integer('TALLYLINE_UNPACKED_BYTES_MAX', bytesMax, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    // Deflate cannot do more than 1,032.
    gzipRatioMax: integer('TALLYLINE_GZIP_RATIO_MAX', gzipRatioMax, { min: 1, max: 1_032 }),
    uploadsMax: integer('TALLYLINE_UPLOADS_MAX', uploadsMax, { min: 1, max: 1_000 }),
    bytesPerSecondMin: integer('TALLYLINE_UPLOAD_BYTES_PER_SECOND_MIN', bytesPerSecondMin, { min: 0, max: 1_000_000_000 }),
    rateWindowMs: 1_000 * integer('TALLYLINE_UPLOAD_RATE_WINDOW_SECONDS', rateWindowMs / 1_000, { min: 1, max: 3_600 }),
  };
}
