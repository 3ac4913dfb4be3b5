/** What the two readers of .gz uploads have in common: one stores all of the text, the other looks at its beginning. */
import { ProblemError } from '../core/errors.ts';

/** A .gz that cannot be unpacked as a whole: torn, cut short, or with something else behind its end. */
export function corruptGzip(cause: unknown): ProblemError {
  const { code } = cause as { code?: string };
  return new ProblemError(
    'corrupt_gzip',
    `The .gz cannot be unpacked (${code ?? 'Z_DATA_ERROR'}). Pack it again, check it with gzip -t, and upload it once more.`,
    { cause },
  );
}

/**
 * Throws `corrupt_gzip` unless what stands behind the end of the packed text is NUL bytes, with which tapes and block devices fill up.
 * zlib stops at the first of them and says nothing of what follows, which may be the rest of the text.
 */
export async function requirePadding(rest: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const chunk of rest) if (chunk.some((byte) => byte !== 0)) throw corruptGzip(new Error('text behind NUL bytes'));
}

export function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && code.startsWith('Z_');
}
