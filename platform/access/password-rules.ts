/**
 * What a new password must be (NIST SP 800-63B, 5.1.1.2): long, and none that is tried first. Nothing is asked of the kinds of its
 * characters, which makes people write `Password1!`.
 */
import { COMMON_PASSWORDS } from './common-passwords.ts';
import { normalized } from './passwords.ts';

/** Characters, as people count them: Unicode code points after normalisation. */
const LENGTH_MIN = 12;
/** A sentence of forty words; beyond it nobody types. */
const LENGTH_MAX = 256;

export interface PasswordFault {
  code: 'too_short' | 'too_long' | 'is_email' | 'common';
  /** What to do about it, after the name of the field. */
  message: string;
}

/** Undefined: it can be used. */
export function passwordFault(password: string, { email }: { email: string }): PasswordFault | undefined {
  const text = normalized(password);
  const length = Array.from(text).length;
  if (length < LENGTH_MIN)
    return {
      code: 'too_short',
      message: `has ${length} ${length === 1 ? 'character' : 'characters'}; use at least ${LENGTH_MIN}, such as three or four words in a row`,
    };
  if (length > LENGTH_MAX) return { code: 'too_long', message: `has ${length} characters; use at most ${LENGTH_MAX}` };
  const plain = text.toLowerCase();
  const address = email.toLowerCase();
  if (plain === address || plain === address.split('@', 1)[0])
    return { code: 'is_email', message: 'is the e-mail address, which anybody may know; use something else' };
  if (isCommon(plain))
    return { code: 'common', message: 'is among the passwords that are tried first; use words that do not belong together' };
  return undefined;
}

function isCommon(plain: string): boolean {
  const letters = plain.replaceAll(/[^\p{L}\p{N}]/gu, '');
  // `Password1234!` is `password1234`.
  return COMMON_PASSWORDS.has(plain) || COMMON_PASSWORDS.has(letters) || new Set(plain).size <= 2;
}
