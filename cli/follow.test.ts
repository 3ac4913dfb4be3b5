import { describe, expect, it } from 'vitest';
import { ClientError } from './client.ts';
import { follow } from './follow.ts';

/** Answers one after another; errors are thrown. */
async function followed(answers: (string | Error)[]): Promise<{ said: string[]; end: string | Error }> {
  const said: string[] = [];
  const left = [...answers];
  const end = await follow({
    ask: async () => {
      const answer = left.shift() ?? new Error('asked too often');
      if (answer instanceof Error) throw answer;
      return answer;
    },
    isDone: (answer) => answer === 'done',
    describe: (answer) => `it is ${answer}`,
    progress: (line) => said.push(line),
  }).catch((error: unknown) => error as Error);
  expect(left).toEqual([]);
  return { said, end };
}

const away = new ClientError('nobody is there');
const restarting = new ClientError('come back later', { status: 503 });
const refused = new ClientError('not like that', { status: 409 });

describe('following', () => {
  it('ends with the answer that is the end, and says what has changed, once', async () => {
    expect(await followed(['done'])).toEqual({ said: [], end: 'done' });
    expect(await followed(['begun', 'begun', 'half', 'done'])).toEqual({ said: ['it is begun', 'it is half'], end: 'done' });
  });

  it('waits for what restarts', async () => {
    expect(await followed(['begun', away, away, restarting, 'begun', 'done'])).toEqual({
      said: ['it is begun', 'waiting: nobody is there', 'waiting: come back later', 'it is begun'],
      end: 'done',
    });
  });

  it('gives up on what does not pass', async () => {
    expect(await followed(['begun', refused])).toEqual({ said: ['it is begun'], end: refused });
    const broken = new TypeError('a fault of ours');
    expect(await followed([broken])).toEqual({ said: [], end: broken });
  });
});
