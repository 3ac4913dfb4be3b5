/** `sign-in-link`: the way back for an administrator who is locked out. */
import type { Command } from '../command.ts';

interface SignInLink {
  url: string;
  expiresAt: string;
}

export const signInLink: Command = {
  usage: 'sign-in-link',
  summary: 'makes a link that signs in as administrator, once, within 24 hours',
  operands: { min: 0, max: 0 },
  flags: {},
  async run(_words, { client }) {
    const answer = await client.post<SignInLink>('/v1/sign-in-links');
    return { isGood: true, answer, text: `Sign in (works once):  ${answer.url}` };
  },
};
