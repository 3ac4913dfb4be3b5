/**
 * Passwords as Argon2id hashes (RFC 9106), written as PHC strings. Where people type them in two Unicode forms, keyboards differ and not the
 * password: they are compared in form NFC (NIST SP 800-63B, 5.1.1.2).
 */
import { hash, verify } from '@node-rs/argon2';
import { ProblemError } from '../../core/errors.ts';

/** The least that the OWASP Password Storage Cheat Sheet asks for: 19 MiB, two passes, one lane. Some 50 ms. Argon2id is the default. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each takes 19 MiB and a core for as long as it lasts. */
const AT_ONCE_MAX = 2;
/** Some two seconds of work; who comes behind them had better come again. */
const WAITING_MAX = 40;
/** The same as PHC strings have them. */
const CURRENT = `argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}`;
/** Salt and hash of what is compared with where there is no such user, so that it takes as long: of 32 random bytes that nobody kept. */
const NOBODY = 'VCvRXh8axiMl4/4FELyvvg$3rFOnJo0C2Rzrc/dH/rMz8gEBxR5Da5Fv1oL4m96WVM';

export interface Passwords {
  /** A PHC string. */
  hash(password: string): Promise<string>;
  /**
   * `phc` undefined: it is wrong, and takes as long to find out. `inUse`: the parameters (see `parametersOf`) that hashes of others may have.
   * `isOutdated`: it was made with other parameters than are used now.
   */
  verify(password: string, phc: string | undefined, inUse?: readonly string[]): Promise<{ isRight: boolean; isOutdated: boolean }>;
}

/** One per process: what bounds the memory is shared. Throws `sign_in_busy` where too many wait already. */
export function createPasswords(): Passwords {
  const inTurn = createTurns();
  return {
    hash: (password) => inTurn(() => hash(normalized(password), PARAMETERS)),
    verify: (password, phc, inUse = []) =>
      inTurn(async () => {
        let isRight = false;
        for (const compared of comparisons(phc, inUse))
          if ((await verify(compared, normalized(password))) && compared === phc) isRight = true;
        return { isRight, isOutdated: phc !== undefined && parametersOf(phc) !== CURRENT };
      }),
  };
}

export function normalized(password: string): string {
  return password.normalize('NFC');
}

/** Of a PHC string: algorithm, version and parameters, `argon2id$v=19$m=19456,t=2,p=1`. They alone decide how long a comparison takes. */
export function parametersOf(phc: string): string {
  return phc.split('$').slice(1, 4).join('$');
}

/**
 * The hashes that a password is compared with, in order: `phc` itself, and one of nobody's for all other parameters in use. A user whose hash
 * was made with older ones takes as long to refuse as one who does not exist, which would tell them apart otherwise.
 */
export function comparisons(phc: string | undefined, inUse: readonly string[]): string[] {
  const own = phc === undefined ? undefined : parametersOf(phc);
  const all = new Set([CURRENT, ...inUse, ...(own === undefined ? [] : [own])]);
  return [...all].sort().map((parameters) => (parameters === own && phc !== undefined ? phc : `$${parameters}$${NOBODY}`));
}

function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= AT_ONCE_MAX) {
      if (waiting.length >= WAITING_MAX)
        throw new ProblemError('sign_in_busy', 'Too many people are signing in at this moment. Try again in a few seconds.');
      // Whoever ends hands its place on, so that nobody gets in between.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      busy += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
}
