/** `rebuild`: ClickHouse anew from Postgres, while everything runs. */
import type { Pipeline, Rebuild } from '../../schemas/http/operations.ts';
import { type Command, NO_WAIT } from '../command.ts';
import { follow } from '../follow.ts';
import { counted } from '../text.ts';

export const rebuild: Command = {
  usage: 'rebuild [--no-wait]',
  summary: 'builds ClickHouse anew from the rows in Postgres; everything goes on meanwhile',
  operands: { min: 0, max: 0 },
  ...NO_WAIT,
  async run({ flags }, { client, progress }) {
    const asked = await client.post<Rebuild>('/v1/clickhouse/rebuild');
    if (flags['no-wait'] === true) return { isGood: true, answer: asked, text: `Rebuild ${asked.id} of ClickHouse: ${asked.state}.` };
    const ended = await follow({
      // One at a time is open. A later one that somebody asked for meanwhile builds the same.
      ask: async () => (await client.get<Pipeline>('/v1/pipeline')).rebuild ?? asked,
      isDone: ({ state }) => state === 'done' || state === 'failed',
      describe: ({ id, state, rowsCopied }) => `rebuild ${id}: ${state}, ${counted(rowsCopied, 'row')} copied`,
      progress,
    });
    return {
      isGood: ended.state === 'done',
      answer: ended,
      text:
        ended.state === 'done'
          ? `ClickHouse is rebuilt: ${counted(ended.rowsCopied, 'row')} copied.`
          : `Rebuild ${ended.id} has failed: ${ended.failure ?? 'no reason is known'}. ClickHouse is as it was before.`,
    };
  },
};
