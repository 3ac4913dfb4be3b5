/** Secrets that are handed out once. The stores keep hashes only: whoever reads the database cannot come in with what it holds. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits: beyond guessing, so that a plain fast hash of it is enough. */
const TOKEN_BYTES = 32;

export function newToken(prefix = ''): string {
  return prefix + randomBytes(TOKEN_BYTES).toString('base64url');
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Whether what is shown is the secret: that takes the same time wherever the two differ. The secret itself is hashed once, here. */
export function createSecretCheck(secret: string): (shown: string) => boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const expected = hash(secret);
  return (shown) => timingSafeEqual(hash(shown), expected);
}
