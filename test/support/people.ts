/** People who sign in at a test API, as browsers do. */
import type { LightMyRequestResponse } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { User, UserInput, UserLink } from '../../schemas/http/users.ts';
import type { TestApi } from './api.ts';

export const PASSWORD = 'four words of three letters';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A clock that stands until it is moved. */
export function standingClock(at = '2026-11-23T12:00:00Z'): Clock & { pass(ms: number): void } {
  let nowMs = Date.parse(at);
  return { now: () => new Date(nowMs), monotonicMs: () => nowMs, pass: (ms) => (nowMs += ms) };
}

export interface Browser {
  /** A call as a page of this site makes it, with the cookie that was set last. */
  call(method: Method, url: string, payload?: object): Promise<LightMyRequestResponse>;
  /** The value of the session cookie. */
  session(): string | undefined;
  /** Another browser with the same cookie. */
  copy(): Browser;
}

export function openBrowser(
  { server }: Pick<TestApi, 'server'>,
  { address = '127.0.0.1', session }: { address?: string; session?: string | undefined } = {},
): Browser {
  let cookie = session;
  return {
    async call(method, url, payload) {
      const response = await server.inject({
        method,
        url,
        remoteAddress: address,
        headers: {
          'sec-fetch-site': 'same-origin',
          'user-agent': 'Test Browser',
          ...(cookie === undefined ? {} : { cookie: `tallyline_session=${cookie}` }),
        },
        ...(payload === undefined ? {} : { payload }),
      });
      const set = response.cookies.find(({ name }) => name === 'tallyline_session');
      if (set !== undefined) cookie = set.value === '' ? undefined : set.value;
      return response;
    },
    session: () => cookie,
    copy: () => openBrowser({ server }, { address, session: cookie }),
  };
}

export const tokenOf = ({ url }: Pick<UserLink, 'url'>): string => url.split('#')[1] ?? '';

export interface Invited {
  user: User;
  link: UserLink;
}

/** With the admin key. */
export async function invite(api: TestApi, input: Partial<UserInput> & { email: string }): Promise<Invited> {
  const answer = await api.send('POST', '/v1/users', { name: 'Somebody', role: 'analyst', ...input });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body as Invited;
}

/** Invited, with the password, and signed in. */
export async function settle(api: TestApi, input: Partial<UserInput> & { email: string }): Promise<{ user: User; browser: Browser }> {
  const { user, link } = await invite(api, input);
  const browser = openBrowser(api);
  const response = await browser.call('POST', '/v1/password', { token: tokenOf(link), password: PASSWORD });
  if (response.statusCode !== 204) throw new Error(response.body);
  return { user, browser };
}

export async function signIn(
  api: TestApi,
  email: string,
  password = PASSWORD,
  address = '127.0.0.1',
): Promise<{ browser: Browser; response: LightMyRequestResponse }> {
  const browser = openBrowser(api, { address });
  return { browser, response: await browser.call('POST', '/v1/session', { email, password }) };
}

/** What was done, oldest first. */
export async function audited(
  api: TestApi,
  subject?: string,
): Promise<{ who: string; what: string; subject: string; details: unknown; address: string | null }[]> {
  const query = subject === undefined ? '?limit=1000' : `?limit=1000&subject=${encodeURIComponent(subject)}`;
  const { body } = await api.get(`/v1/audit${query}`);
  return (body as { items: { who: string; what: string; subject: string; details: unknown; address: string | null }[] }).items.toReversed();
}
