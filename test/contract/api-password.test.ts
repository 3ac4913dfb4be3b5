/** Choosing a password by a link and changing it; links by mail, through a real SMTP server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import pino from 'pino';
import { createMailer, type Mailer } from '../../platform/mail/mailer.ts';
import type { UserLink } from '../../schemas/http/users.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { openMailServer, openSilentServer, type TestMailServer, textOf } from '../support/mail-server.ts';
import { audited, invite, openBrowser, PASSWORD, settle, signIn, standingClock, tokenOf } from '../support/people.ts';

const logger = pino({ level: 'silent' });
const FROM = 'Billing <billing@example.com>';
const ANOTHER = 'quite another password';
const PUBLIC_URL = 'https://usage.example.com';
const MINUTE_MS = 60_000;
const clock = standingClock();
let api: TestApi;
let mail: TestMailServer;
/** The one that is asked to send; tests put another one in its place. */
let mailer: Mailer;
beforeAll(async () => {
  mail = await openMailServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
  api = await openTestApi({ clock, publicUrl: PUBLIC_URL, mailer: { send: (one) => mailer.send(one) } });
});
afterAll(async () => {
  await api?.close();
  await mail?.close();
});
beforeEach(async () => {
  mailer = createMailer({ server: mail.server, from: FROM, logger });
  mail.mails.length = 0;
  await api.platform.postgres.query('TRUNCATE users, sessions, user_links, sign_in_failures CASCADE');
});

const choose = (token: string, password: string) => openBrowser(api).call('POST', '/v1/password', { token, password });

describe('choosing a password', () => {
  it.each([
    ['short words', /^password: has 11 characters; use at least 12/, 'too_short'],
    ['x'.repeat(257), /^password: has 257 characters; use at most 256/, 'too_long'],
    ['Adalovelace@example.com', /^password: is the e-mail address/, 'is_email'],
    ['Password-1234', /^password: is among the passwords that are tried first/, 'common'],
  ])('refuses %s with what to do about it, and does not spend the link', async (password, detail, code) => {
    const { link } = await invite(api, { email: 'adalovelace@example.com' });
    const response = await choose(tokenOf(link), password);
    expect([response.statusCode, response.json()]).toEqual([
      422,
      expect.objectContaining({
        code: 'unacceptable_password',
        detail: expect.stringMatching(detail),
        errors: [expect.objectContaining({ path: 'password', code })],
      }),
    ]);
    expect((await choose(tokenOf(link), PASSWORD)).statusCode).toBe(204);
  });

  it('works once, and of eight at the same time one wins', async () => {
    const { link } = await invite(api, { email: 'ada@example.com' });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => choose(tokenOf(link), `${PASSWORD} ${i}`)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([204, ...Array.from({ length: 7 }, () => 401)]);
    const winner = answers.findIndex(({ statusCode }) => statusCode === 204);
    expect((await signIn(api, 'ada@example.com', `${PASSWORD} ${winner}`)).response.statusCode).toBe(204);
  });

  it("by a reset ends all sessions of the user, and nobody else's", async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    const { browser: other } = await settle(api, { email: 'bob@example.com' });
    const link = (await api.send('POST', `/v1/users/${user.id}/links`)).body as UserLink;
    const fresh = openBrowser(api);
    expect((await fresh.call('POST', '/v1/password', { token: tokenOf(link), password: ANOTHER })).statusCode).toBe(204);
    expect((await browser.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await fresh.call('GET', '/v1/session')).statusCode).toBe(200);
    expect((await other.call('GET', '/v1/session')).statusCode).toBe(200);
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(401);
    expect((await signIn(api, 'ada@example.com', ANOTHER)).response.statusCode).toBe(204);
  });

  it('takes no link that is used, expired, made up, of another kind, or oversized', async () => {
    const { link } = await invite(api, { email: 'ada@example.com' });
    const { link: expiring } = await invite(api, { email: 'bob@example.com' });
    expect((await choose(tokenOf(link), PASSWORD)).statusCode).toBe(204);
    const oneTime = new URL(((await api.send('POST', '/v1/sign-in-links')).body as UserLink).url).searchParams.get('token') ?? '';
    clock.pass(7 * 24 * 60 * MINUTE_MS);
    const session = (await settle(api, { email: 'eve@example.com' })).browser.session() ?? '';
    const refused = [
      tokenOf(link),
      tokenOf(expiring),
      'A'.repeat(43),
      oneTime,
      session,
      `${tokenOf(expiring)}x`,
      "' OR 1=1 --; DROP TABLE users",
      '%00'.repeat(20),
    ];
    for (const token of refused) {
      const answers = await Promise.all([choose(token, PASSWORD), openBrowser(api).call('POST', '/v1/password/link', { token })]);
      for (const answer of answers)
        expect([token, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([token, 401, 'password_link_invalid']);
    }
    for (const token of ['', 'short', 'x'.repeat(201), 'x'.repeat(100_000), 7, null, [tokenOf(link)]])
      expect((await openBrowser(api).call('POST', '/v1/password/link', { token })).statusCode).toBe(400);
  });
});

describe('changing the password', () => {
  it('takes the old one, gives a new token, and ends all other sessions', async () => {
    const { user, browser } = await settle(api, { email: 'ada@example.com' });
    const { browser: phone } = await signIn(api, 'ada@example.com');
    const before = browser.copy();
    const old = browser.session();
    const response = await browser.call('PUT', '/v1/session/password', { current: PASSWORD, password: ANOTHER });
    expect([response.statusCode, browser.session() === old]).toEqual([204, false]);
    expect((await browser.call('GET', '/v1/session')).statusCode).toBe(200);
    for (const gone of [phone, before]) expect((await gone.call('GET', '/v1/session')).statusCode).toBe(401);
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(401);
    expect((await signIn(api, 'ada@example.com', ANOTHER)).response.statusCode).toBe(204);
    expect((await audited(api, `user/${user.id}`)).map(({ what, details }) => [what, details])).toContainEqual([
      'password.changed',
      { by: 'change' },
    ]);
  });

  it('refuses a wrong old one, at most ten times, and a new one that is no good', async () => {
    const { browser } = await settle(api, { email: 'ada@example.com' });
    const change = (current: string, password: string) => browser.call('PUT', '/v1/session/password', { current, password });
    expect((await change(PASSWORD, 'short')).json()).toMatchObject({
      code: 'unacceptable_password',
      errors: [{ path: 'password', code: 'too_short' }],
    });
    expect((await change('not the old one', ANOTHER)).json()).toMatchObject({
      code: 'unacceptable_password',
      errors: [{ path: 'current', code: 'wrong' }],
    });
    for (let i = 0; i < 9; i += 1) expect((await change('not the old one', ANOTHER)).statusCode).toBe(422);
    expect((await change(PASSWORD, ANOTHER)).statusCode).toBe(429);
    clock.pass(15 * MINUTE_MS);
    expect((await change(PASSWORD, ANOTHER)).statusCode).toBe(204);
  });

  it('is for people: keys and the administrator by a link have none', async () => {
    expect((await api.send('PUT', '/v1/session/password', { current: PASSWORD, password: ANOTHER })).body).toMatchObject({
      code: 'conflict',
    });
    const browser = openBrowser(api);
    const { url } = (await api.send('POST', '/v1/sign-in-links')).body as UserLink;
    await browser.call('POST', '/v1/session', { token: new URL(url).searchParams.get('token') });
    expect((await browser.call('PUT', '/v1/session/password', { current: PASSWORD, password: ANOTHER })).json()).toMatchObject({
      code: 'conflict',
    });
  });
});

describe('a link by mail', () => {
  it('says in plain words who invites, where to, until when, and what if one knows nothing of it', async () => {
    const { browser } = await settle(api, { email: 'boss@example.com', role: 'admin' });
    mail.mails.length = 0;
    const response = await browser.call('POST', '/v1/users', { email: 'ada@example.com', name: 'Ada Łovelace', role: 'analyst' });
    const { link } = response.json<{ link: UserLink }>();
    expect(link).toMatchObject({
      sentTo: 'ada@example.com',
      reason: null,
      url: expect.stringMatching(/^https:\/\/usage\.example\.com\/password#/),
    });
    expect(mail.mails).toHaveLength(1);
    const [sent = ''] = mail.mails;
    expect(sent).toMatch(/^From: Billing <billing@example\.com>\r$/m);
    expect(sent).toMatch(/^To: ada@example\.com\r$/m);
    expect(sent).toMatch(/^Subject: Your access to Tallyline\r$/m);
    expect(sent).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
    const text = textOf(sent);
    expect(text).toContain('Hello Ada Łovelace,');
    expect(text).toContain('boss@example.com has invited you');
    expect(text).toContain(`\n${link.url}\n`);
    expect(text).toMatch(/works once, until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Your sign-in name is ada@example\.com\./);
    expect((await choose(tokenOf(link), PASSWORD)).statusCode).toBe(204);
  });

  it('that the server refuses is shown all the same, with the reason', async () => {
    const strict = await openMailServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: (_address, _session, callback) =>
        callback(Object.assign(new Error('no such box, secret-of-the-server'), { responseCode: 550 })),
    });
    mailer = createMailer({ server: strict.server, from: FROM, logger });
    const { link } = await invite(api, { email: 'ada@example.com' });
    expect(link).toMatchObject({ sentTo: null, reason: expect.stringMatching(/^The mail server 127\.0\.0\.1:\d+ refuses the recipient/) });
    expect(link.reason).not.toContain('secret');
    expect((await choose(tokenOf(link), PASSWORD)).statusCode).toBe(204);
    await strict.close();
  });

  it.each<[name: string, open: () => Promise<TestMailServer>, how: object, reason: RegExp]>([
    ['hangs', openSilentServer, {}, /did not answer in time/],
    [
      'takes no password',
      () =>
        openMailServer({
          onAuth: (_auth, _session, callback) => callback(new Error('no')),
          authOptional: false,
          disabledCommands: ['STARTTLS'],
          allowInsecureAuth: true,
        }),
      { username: 'ada', password: 'wrong' },
      /does not take the name and password/,
    ],
    ['has no TLS where it is asked for', () => openMailServer({ disabledCommands: ['STARTTLS'] }), { tls: 'asked for' }, /has no TLS/],
    ['has a certificate that nobody trusts', () => openMailServer(), { tls: 'asked for' }, /a certificate that is not trusted/],
    [
      'has one, with TLS from the first byte',
      () => openMailServer({ secure: true }),
      { tls: 'at once' },
      /certificate that is not trusted/,
    ],
    [
      'is not there',
      async () => {
        const gone = await openMailServer();
        await gone.close();
        return { ...gone, close: async () => undefined };
      },
      {},
      /could not be reached/,
    ],
  ])('of a server that %s is not sent, within a limit, and shown with the reason', async (_name, open, how, reason) => {
    const server = await open();
    mailer = createMailer({ server: { ...server.server, ...how }, from: FROM, logger, stepMs: 500, mailMs: 1_500 });
    const { link } = await invite(api, { email: 'ada@example.com' });
    expect([link.sentTo, link.reason]).toEqual([null, expect.stringMatching(reason)]);
    expect(link.reason).not.toContain('wrong');
    await server.close();
  });
});

describe('a reset', () => {
  const ask = (email: string, address = '127.0.0.1') => openBrowser(api, { address }).call('POST', '/v1/password-resets', { email });

  it('is answered alike whoever asks, and mailed to who has or may choose a password', async () => {
    const { user } = await settle(api, { email: 'ada@example.com' });
    await invite(api, { email: 'invited@example.com' });
    const { user: gone } = await settle(api, { email: 'gone@example.com' });
    await api.send('DELETE', `/v1/users/${gone.id}`);
    mail.mails.length = 0;
    const answers = [];
    for (const email of ['Ada@example.com', 'nobody@example.com', 'gone@example.com', 'no address', 'invited@example.com'])
      answers.push(await ask(email));
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(answers[0]?.statusCode).toBe(202);
    await eventually('both mails have come', async () => mail.mails.length >= 2);
    expect(mail.mails.map((one) => /^To: (.*)\r$/m.exec(one)?.[1]).sort()).toEqual(['ada@example.com', 'invited@example.com']);
    const text = textOf(mail.mails.find((one) => one.includes('To: ada@')) ?? '');
    expect(text).toContain('Somebody, probably you, has asked for a new password');
    const token = /password#([\w-]{43})/.exec(text)?.[1] ?? '';
    expect((await choose(token, ANOTHER)).statusCode).toBe(204);
    expect((await audited(api, `user/${user.id}`)).map(({ what }) => what)).toContain('password.link-sent');
  });

  it('is sent three times in 15 minutes at most, to people and to nobody alike', async () => {
    await settle(api, { email: 'ada@example.com' });
    mail.mails.length = 0;
    for (const email of ['ada@example.com', 'nobody@example.com']) {
      const statuses: number[] = [];
      for (let i = 0; i < 5; i += 1) statuses.push((await ask(email, `10.7.${i}.1`)).statusCode);
      expect(statuses).toEqual([202, 202, 202, 429, 429]);
    }
    await eventually('three mails have come', async () => mail.mails.length >= 3);
    expect(mail.mails).toHaveLength(3);
    // A guesser of passwords is not helped by mails, nor the other way round.
    expect((await signIn(api, 'ada@example.com')).response.statusCode).toBe(204);
  });

  it('is offered where there is a mail server', async () => {
    expect((await openBrowser(api).call('GET', '/v1/sign-in')).json()).toEqual({ password: true, openId: null, resetByMail: true });
  });
});
