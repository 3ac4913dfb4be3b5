/** `conflicts` and `resolve`: versions of an event that disagree, and a person's decision. */
import type { Conflict } from '../../schemas/http/conflicts.ts';
import { checkId, type Command, NO_WAIT } from '../command.ts';
import { follow } from '../follow.ts';
import { listCommand } from '../list.ts';
import { instant, printable } from '../text.ts';

const KEEP = ['first', 'this'];

export const conflicts: Command = listCommand<Conflict>({
  name: 'conflicts',
  summary: 'lists the events that wait for a decision, because two lines say different things, newest first',
  path: '/v1/conflicts',
  query: { status: 'open' },
  none: 'There is no conflict to be decided.',
  header: ['id', 'customer', 'event', 'first (billed now)', 'this'],
  row: ({ id, customer, eventId, first, this: other }) => [
    id,
    customer,
    eventId,
    first === null ? 'none' : describe(first),
    describe(other),
  ],
});

export const resolve: Command = {
  usage: 'resolve <conflict> --keep first|this [--no-wait]',
  summary: 'decides which version of an event is billed',
  operands: { min: 1, max: 1 },
  flags: { ...NO_WAIT.flags, keep: { type: 'string' } },
  flagHelp: [
    '--keep first     the version that is billed now stays',
    '--keep this      the version of this conflict is billed instead',
    ...NO_WAIT.flagHelp,
  ],
  check({ operands: [id], flags: { keep } }) {
    if (keep === undefined) return '--keep is missing; it is first or this';
    if (!KEEP.includes(String(keep))) return `--keep is "${String(keep)}"; it is first or this`;
    return checkId('a conflict', id);
  },
  async run({ operands: [id = ''], flags }, { client, progress }) {
    let answer = await client.post<Conflict>(`/v1/conflicts/${id}/resolve`, { keep: flags['keep'] });
    if (flags['no-wait'] !== true) {
      answer = await follow({
        ask: () => client.get<Conflict>(`/v1/conflicts/${id}`),
        isDone: ({ status }) => status !== 'resolving',
        describe: ({ status }) => `conflict ${id}: ${status}`,
        progress,
      });
    }
    const what = `Conflict ${id}, event ${printable(answer.eventId)} of ${printable(answer.customer)}`;
    const billed = answer.first === null ? 'no version is billed' : `billed is ${printable(describe(answer.first))}`;
    return {
      isGood: answer.status !== 'open',
      answer,
      text:
        answer.status === 'resolved'
          ? `${what}: resolved, ${billed}.`
          : `${what}: ${answer.status === 'open' ? 'open again' : 'being resolved'}.`,
    };
  },
};

function describe({ meter, quantity, time, importId, line }: Conflict['this']): string {
  return `${quantity} ${meter} at ${instant(time)}, import ${importId} line ${line}`;
}
