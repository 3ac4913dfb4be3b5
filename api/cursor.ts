/** Opaque names of places in a list: base64url of what a keyset needs, checked on the way back in. */
import { ProblemError } from '../core/errors.ts';

/** Packs the parts; the kind keeps a cursor of one list from being used on another. */
export function encodeOpaque(kind: string, parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([kind, ...parts.map(String)])).toString('base64url');
}

/** The parts, when `text` is one of ours of that kind and each part matches its pattern; undefined otherwise. */
export function decodeOpaque(kind: string, text: string, patterns: readonly RegExp[]): string[] | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== patterns.length + 1 || parts[0] !== kind) return undefined;
  const values = parts.slice(1) as unknown[];
  return values.every((value, i): value is string => typeof value === 'string' && patterns[i]?.test(value) === true) ? values : undefined;
}

/** Where a list that is ordered by its ids goes on; '' at its beginning. */
export function readIdCursor(kind: string, cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const [id] = decodeOpaque(kind, cursor, [/^[^\0]{1,300}$/su]) ?? [];
  if (id === undefined) throw invalidCursor();
  return id;
}

export function invalidCursor(): ProblemError {
  const message = 'is not a cursor of this list; pass nextCursor of the page before, unchanged';
  return new ProblemError('invalid_request', `cursor ${message}.`, { errors: [{ path: 'cursor', code: 'invalid_cursor', message }] });
}

/** A page from one row more than asked for: whether there is a next page is known without counting. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursor: (row: Row) => string,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
