/** Lists that are kept by number, and read from the newest on. */
import { decodeOpaque, encodeOpaque, invalidCursor, toPage } from '../cursor.ts';

/** A page of what `list` answers, `before` a number or from the first one on; `kind` tells the list's cursors from those of others. */
export async function pageByNumber<Item extends { id: string }>(
  kind: string,
  { cursor, limit = 100 }: { cursor?: string | undefined; limit?: number | undefined },
  list: (at: { before: string | undefined; rows: number }) => Promise<Item[]>,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const items = await list({ before: readNumberCursor(kind, cursor), rows: limit + 1 });
  return toPage(items, limit, ({ id }) => encodeOpaque(kind, [id]));
}

function readNumberCursor(kind: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [id] = decodeOpaque(kind, cursor, [/^\d{1,18}$/]) ?? [];
  if (id === undefined) throw invalidCursor();
  return id;
}
