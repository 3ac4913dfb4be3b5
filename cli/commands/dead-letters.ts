/** `dead-letters` and `replay`: messages of the log that were no event, and a second chance for them. */
import type { DeadLetter } from '../../schemas/http/dead-letters.ts';
import { ClientError, type Client } from '../client.ts';
import { checkId, type Command, type Context, NO_WAIT, type Outcome } from '../command.ts';
import { follow } from '../follow.ts';
import { listCommand } from '../list.ts';
import { counted, instant } from '../text.ts';

/** Of one page; each page is replayed and followed before the next is read. */
const PAGE = 200;

export const deadLetters: Command = listCommand<DeadLetter>({
  name: 'dead-letters',
  summary: 'lists the messages of the log that were no event, newest first',
  path: '/v1/dead-letters',
  none: 'There are no dead letters.',
  header: ['id', 'arrived', 'bytes', 'replayed', 'reason'],
  row: ({ id, createdAt, payloadBytes, outcome, code, message }) => [
    id,
    instant(createdAt),
    String(payloadBytes),
    outcome ?? 'no',
    `${message} (${code})`,
  ],
});

export const replay: Command = {
  usage: 'replay <dead letter> | --all [--no-wait]',
  summary: 'puts a dead letter, or all that were not yet, into the log again; those that can be read now are counted',
  operands: { min: 0, max: 1 },
  flags: { ...NO_WAIT.flags, all: { type: 'boolean' } },
  flagHelp: ['--all            every dead letter that was not replayed yet', ...NO_WAIT.flagHelp],
  check({ operands, flags }) {
    if ((operands.length === 1) === (flags['all'] === true)) return 'Either the id of a dead letter or --all is needed';
    return checkId('a dead letter', operands[0]);
  },
  run: ({ operands: [id], flags }, context) => {
    const isFollowed = flags['no-wait'] !== true;
    return id === undefined ? replayAll(context, isFollowed) : replayOne(context, id, isFollowed);
  },
};

async function replayOne(context: Context, id: string, isFollowed: boolean): Promise<Outcome> {
  let letter = await put(context.client, id);
  if (isFollowed) letter = await settled(context, letter);
  return { isGood: letter.outcome !== 'dead', answer: letter, text: `Dead letter ${id}: ${describeOutcome(letter.outcome)}.` };
}

async function replayAll(context: Context, isFollowed: boolean): Promise<Outcome> {
  const { client, progress } = context;
  const answer: { replayed: DeadLetter[]; refused: { id: string; code: string; detail: string }[] } = { replayed: [], refused: [] };
  // Newest first: a letter that dies again is a new one in front of the pages still to come, and is not tried twice.
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: DeadLetter[]; nextCursor: string | null } = await client.get(`/v1/dead-letters?limit=${PAGE}${query}`);
    const sent: DeadLetter[] = [];
    for (const { id } of page.items.filter(({ replayedAt }) => replayedAt === null)) {
      try {
        sent.push(await put(client, id));
      } catch (error) {
        if (!(error instanceof ClientError && error.code === 'unprocessable')) throw error;
        answer.refused.push({ id, code: error.code, detail: error.message });
      }
    }
    if (sent.length > 0) progress(`${counted(answer.replayed.length + sent.length, 'dead letter')} replayed`);
    for (const letter of sent) answer.replayed.push(isFollowed ? await settled(context, letter) : letter);
    cursor = page.nextCursor;
  }
  const outcomes = Map.groupBy(answer.replayed, ({ outcome }) => describeOutcome(outcome));
  const lines = [
    ...[...outcomes].map(([what, letters]) => `${counted(letters.length, 'dead letter')}: ${what}.`),
    ...(answer.refused.length === 0 ? [] : [`${counted(answer.refused.length, 'dead letter')}: still cannot be read.`]),
  ];
  return {
    isGood: answer.refused.length === 0 && answer.replayed.every(({ outcome }) => outcome !== 'dead'),
    answer,
    text: lines.length === 0 ? 'There is no dead letter that was not replayed yet.' : lines.join('\n'),
  };
}

const put = (client: Client, id: string) => client.post<DeadLetter>(`/v1/dead-letters/${id}/replay`);

function settled({ client, progress }: Context, letter: DeadLetter): Promise<DeadLetter> {
  return follow({
    ask: () => client.get<DeadLetter>(`/v1/dead-letters/${letter.id}`),
    isDone: ({ outcome }) => outcome !== 'waiting',
    describe: ({ id }) => `dead letter ${id}: waiting for the consumers`,
    progress,
  });
}

function describeOutcome(outcome: DeadLetter['outcome']): string {
  switch (outcome) {
    case 'accepted':
      return 'replayed, and its event is accepted';
    case 'duplicate':
      return 'replayed; its event was known already';
    case 'conflict':
      return 'replayed; its event is known with another content, which is a conflict to decide';
    case 'voided':
      return 'replayed; its import was undone, so it does not count';
    case 'dead':
      return 'replayed, and dead again';
    case 'waiting':
    case null:
      return 'in the log again';
  }
}
