/** Commands that list what the API lists, newest first, as a table. */
import type { Command } from './command.ts';
import { table } from './text.ts';

/** A screen. */
const LIMIT = 50;
/** Of the API. */
const LIMIT_MAX = 1_000;

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export function listCommand<T>(list: {
  name: string;
  summary: string;
  path: string;
  /** Which of them, of what the API can choose by. */
  query?: Readonly<Record<string, string>>;
  none: string;
  header: readonly string[];
  row: (item: T) => string[];
}): Command {
  return {
    usage: `${list.name} [--limit <n>]`,
    summary: list.summary,
    operands: { min: 0, max: 0 },
    flags: { limit: { type: 'string' } },
    flagHelp: [`--limit <n>      how many, up to ${LIMIT_MAX}; ${LIMIT} otherwise`],
    check({ flags: { limit } }) {
      if (limit === undefined || (/^[1-9]\d{0,3}$/.test(String(limit)) && Number(limit) <= LIMIT_MAX)) return undefined;
      return `--limit is "${String(limit)}"; it takes a whole number from 1 to ${LIMIT_MAX}`;
    },
    async run({ flags }, { client }) {
      const query = new URLSearchParams({ ...list.query, limit: String(flags['limit'] ?? LIMIT) });
      const answer = await client.get<Page<T>>(`${list.path}?${query}`);
      const shown = table(list.header, answer.items.map(list.row));
      const more = answer.nextCursor === null ? '' : `\nThese are the newest ${answer.items.length}; --limit shows more.`;
      return { isGood: true, answer, text: answer.items.length === 0 ? list.none : shown + more };
    },
  };
}
