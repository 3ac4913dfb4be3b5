import { hash } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { COMMON_PASSWORDS } from './common-passwords.ts';
import { passwordFault } from './password-rules.ts';
import { comparisons, createPasswords, parametersOf } from './passwords.ts';

describe('passwords', () => {
  const passwords = createPasswords();

  it('are kept as Argon2id with the parameters that OWASP asks for, each with a salt of its own', async () => {
    const [one, other] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(other).not.toBe(one);
    expect(await passwords.verify('correct horse', one)).toEqual({ isRight: true, isOutdated: false });
    expect(await passwords.verify('correct horse ', one)).toEqual({ isRight: false, isOutdated: false });
  });

  it('are the same in both forms of Unicode', async () => {
    const phc = await passwords.hash('\u00e9t\u00e9 \u00e0 la mer');
    expect((await passwords.verify('e\u0301te\u0301 a\u0300 la mer', phc)).isRight).toBe(true);
  });

  it('made with other parameters are right and outdated', async () => {
    const phc = await hash('correct horse', { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    expect(await passwords.verify('correct horse', phc)).toEqual({ isRight: true, isOutdated: true });
  });

  it('of nobody are wrong', async () => {
    expect(await passwords.verify('correct horse', undefined)).toEqual({ isRight: false, isOutdated: false });
  });

  it('are compared by the same work for everybody, whatever the hashes of some were made with', async () => {
    const old = [
      { memoryCost: 8192, timeCost: 1, parallelism: 1 },
      { memoryCost: 12_288, timeCost: 3, parallelism: 1 },
    ];
    const phcs = [
      await passwords.hash('correct horse'),
      ...(await Promise.all(old.map((parameters) => hash('correct horse', parameters)))),
    ];
    for (const inUse of [phcs, phcs.slice(1), phcs.slice(1, 2)].map((some) => some.map(parametersOf))) {
      const works = [undefined, ...phcs.filter((phc) => inUse.includes(parametersOf(phc)))].map((phc) =>
        comparisons(phc, inUse).map(parametersOf),
      );
      // Those of nobody are the current ones and all that are in use, each once.
      expect(works[0]).toEqual([...new Set([parametersOf(phcs[0] ?? ''), ...inUse])].sort());
      for (const work of works) expect(work).toEqual(works[0]);
    }
    for (const phc of phcs) {
      expect(comparisons(phc, phcs.map(parametersOf)).filter((compared) => phcs.includes(compared))).toEqual([phc]);
      expect(await passwords.verify('correct horse', phc, phcs.map(parametersOf))).toMatchObject({ isRight: true });
      expect(await passwords.verify('correct house', phc, phcs.map(parametersOf))).toMatchObject({ isRight: false });
    }
    expect(await passwords.verify('correct horse', undefined, phcs.map(parametersOf))).toEqual({ isRight: false, isOutdated: false });
  });

  it('are hashed in turn, and who comes when the queue is full is told to come again', async () => {
    const crowded = createPasswords();
    const answers = await Promise.allSettled(Array.from({ length: 60 }, () => crowded.verify('x', undefined)));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(18);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'sign_in_busy' });
    expect(await crowded.verify('x', undefined)).toEqual({ isRight: false, isOutdated: false });
  });
});

describe('a new password', () => {
  it.each([
    'three plain words',
    '         x y z',
    '密码密码密码一二三四五六',
    '🐎🔋📎✅🐎🔋📎✅🐎🔋📎✅',
    'x'.repeat(100) + 'yz'.repeat(78),
    'PASSWORD horse',
  ])('may be %s', (password) => expect(passwordFault(password, { email: 'ada@example.com' })).toBeUndefined());

  it.each([
    ['short words', 'too_short', /has 11 characters; use at least 12/],
    ['🐎🔋📎✅🐎🔋', 'too_short', /has 6 characters/],
    ['e\u0301'.repeat(11), 'too_short', /has 11 characters/],
    ['xyz'.repeat(86), 'too_long', /has 258 characters; use at most 256/],
    ['Ada.Lovelace@Example.com', 'is_email', /is the e-mail address/],
    ['ADA.lovelace', 'is_email', /is the e-mail address/],
    ['Password1234!', 'common', /tried first/],
    ['correct-horse-battery-staple', 'common', /tried first/],
    ['aaaaaaaaaaaaaaaa', 'common', /tried first/],
    ['            ', 'common', /tried first/],
  ])('may not be %s: %s', (password, code, message) => {
    expect(passwordFault(password, { email: 'ada.lovelace@example.com' })).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('is compared with a list that has only what could be chosen at all', () => {
    expect([...COMMON_PASSWORDS].filter((word) => word.length < 11 || word !== word.toLowerCase() || /\W/.test(word))).toEqual([]);
    expect(COMMON_PASSWORDS.size).toBeGreaterThan(150);
  });
});
