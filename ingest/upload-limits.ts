/** How large uploads may be, how many are taken at a time and how slowly they may come. */

export interface UploadLimits {
  /** Largest upload, as it is sent. */
  bytesMax: number;
  /** Largest text inside a .gz, in its own encoding. */
  unpackedBytesMax: number;
  /** A .gz may unpack to this many times its size. */
  gzipRatioMax: number;
  /** In this process; dry runs and inspections among them. */
  uploadsMax: number;
  /** On the average of a window; 0 = as slowly as they like. */
  bytesPerSecondMin: number;
  rateWindowMs: number;
}

/** Where nothing else is configured. */
export const UPLOAD_LIMITS: UploadLimits = {
  bytesMax: 50_000_000_000,
  unpackedBytesMax: 50_000_000_000,
  // Usage files shrink 5 to 40 times, a bomb 1,000 times.
  gzipRatioMax: 200,
  // Each takes some 2 MB while it arrives, and up to 70 MB while the ids of a large file are compared.
  uploadsMax: 16,
  // A seventh of a modem, for longer than networks take to mend themselves: what is slower is dead, or slow on purpose.
  bytesPerSecondMin: 1_000,
  rateWindowMs: 30_000,
};
