/** How large the pieces of a file may be, where nothing else is configured. */
import type { ReadingLimits } from '../../schemas/http/imports.ts';

export const READING_LIMITS: ReadingLimits = {
  // Wide exports have a few hundred columns; beyond this a file is more likely misread than real.
  columnsMax: 10_000,
  // The limit of Python's csv module, which real exports keep to; tags and descriptions take a few thousand.
  cellBytesMax: 131_072,
  // As large as an event may be in the log. A reader holds two of them at most.
  recordBytesMax: 1_048_576,
};
