/** Why signing in with the identity provider did not come about, in words. */
import type { OpenIdProblem } from '../types.ts';

const PROBLEM_WORDS: Readonly<Record<OpenIdProblem, string>> = {
  unknown_user: 'Nobody of this e-mail address has been invited. An administrator can invite you.',
  unverified_email: 'Your identity provider does not vouch for your e-mail address. Confirm the address there first.',
  user_disabled: 'This account may not come in any more. Ask an administrator.',
  sign_in_expired: 'Signing in took too long, or was begun in another browser. Try once more.',
  provider_refused: 'Your identity provider refused. Try once more, or ask whoever runs it.',
  provider_unavailable: 'Your identity provider does not answer. Try again shortly, or use a password.',
};

/** Of the code in the address; undefined where it is none of ours. */
export function problemWords(code: string | null): string | undefined {
  return code !== null && Object.hasOwn(PROBLEM_WORDS, code) ? PROBLEM_WORDS[code as OpenIdProblem] : undefined;
}
