/** Cursors of lists that are kept by number. */
import { decodeOpaque, invalidCursor } from '../cursor.ts';

/** The number that the page goes on from; undefined: the first page. */
export function readNumberCursor(kind: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [id] = decodeOpaque(kind, cursor, [/^\d{1,18}$/]) ?? [];
  if (id === undefined) throw invalidCursor();
  return id;
}
