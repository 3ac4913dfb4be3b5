/** Streams of rows of one file without end, and what became of them, read past Tallyline's own answers. */
import { text } from 'node:stream/consumers';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import { eventually } from './eventually.ts';
import { ADMIN_KEY, MAPPING, rowsOf as rowsFrom, type TestIngest } from './ingest.ts';
import { eventsInLog } from './log-events.ts';
import type { StreamClient, StreamOptions } from './stream-client.ts';

/** Rows [from, from + count). */
export const rowsOf = (count: number, from = 0) =>
  rowsFrom(from + count)
    .split(/(?<=\n)/)
    .slice(from)
    .join('');

export const optionsOf = (options: Partial<StreamOptions> = {}): StreamOptions => ({ key: ADMIN_KEY, ...options });
export const keyed = (key: string, query: Record<string, string> = {}) =>
  optionsOf({ query: { mapping: MAPPING, ...query }, headers: { 'idempotency-key': key } });

export interface ImportRow {
  [column: string]: unknown;
  id: string;
  status: string;
  content_bytes: string;
}

export const linesOf = (events: readonly UsageEvent[]) => [...new Set(events.map(({ line }) => line))];
export const count = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
export const idOf = (client: StreamClient) => client.answers[0]?.importId ?? '';

export function lookInto({ platform }: TestIngest) {
  const importOf = async (id: string): Promise<ImportRow> => {
    const { rows } = await platform.postgres.query<ImportRow>('SELECT * FROM imports WHERE id = $1', [id]);
    if (!rows[0]) throw new Error(`import ${id} is gone`);
    return rows[0];
  };
  return {
    importOf,
    settling: (id: string): Promise<ImportRow> =>
      eventually(`import ${id} settles`, async () => {
        const row = await importOf(id);
        return row.status === 'settling' && row;
      }),
    /** Whatever the log holds of an import, redeliveries included. */
    eventsOf: async (id: string): Promise<UsageEvent[]> => (await eventsInLog(platform.log)).filter(({ importId }) => importId === id),
    contentOf: async (id: string, part: 'original' | 'rejected') => text(await platform.files.read(id, part)),
  };
}
