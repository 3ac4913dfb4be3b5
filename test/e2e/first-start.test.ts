/** The first start, the first administrator, and the way back for one who is locked out; the whole program, in embedded mode. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UserLink } from '../../schemas/http/users.ts';
import { makeDataDirectory, runToEnd, startTallyline, type Tallyline } from '../support/tallyline.ts';

const PASSWORD = 'four words of three letters';
let data: Awaited<ReturnType<typeof makeDataDirectory>>;
let tallyline: Tallyline | undefined;
beforeAll(async () => {
  data = await makeDataDirectory();
});
afterAll(async () => {
  await tallyline?.stop();
  await data.remove();
});

/** As a page of the dashboard calls it. Answers the session that was opened. */
async function post(path: string, body: object, session?: string): Promise<{ response: Response; session: string }> {
  const response = await fetch(`${tallyline?.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: tallyline?.url ?? '',
      ...(session === undefined ? {} : { cookie: `tallyline_session=${session}` }),
    },
    body: JSON.stringify(body),
  });
  return { response, session: /tallyline_session=([^;]+)/.exec(response.headers.getSetCookie().join())?.[1] ?? '' };
}

test('a link is printed for as long as nobody can sign in as administrator; afterwards it takes the key', async () => {
  tallyline = await startTallyline({ dataDirectory: data.path });
  expect(tallyline.signInUrl).toMatch(/\/sign-in\?token=[\w-]{43}$/);
  const first = await post('/v1/session', { token: new URL(tallyline.signInUrl).searchParams.get('token') });
  expect(first.response.status).toBe(204);
  const invited = await post('/v1/users', { email: 'ada@example.com', name: 'Ada', role: 'admin' }, first.session);
  expect(invited.response.status).toBe(201);
  const { link } = (await invited.response.json()) as { link: UserLink };
  expect(link.url).toMatch(new RegExp(`^${tallyline.url}/password#[\\w-]{43}$`));
  await tallyline.stop();

  // Invited is not in.
  tallyline = await startTallyline({ dataDirectory: data.path });
  expect(tallyline.signInUrl).toMatch(/token=/);
  expect((await post('/v1/password', { token: link.url.split('#')[1], password: PASSWORD })).response.status).toBe(204);
  await tallyline.stop();

  tallyline = await startTallyline({ dataDirectory: data.path });
  expect(tallyline.signInUrl).toBe('');
  expect(tallyline.output()).toMatch(/Sign in: +http:\S+\/sign-in\n/);
  expect((await post('/v1/session', { email: 'ada@example.com', password: PASSWORD })).response.status).toBe(204);

  const said = await runToEnd(['sign-in-link', '--url', tallyline.url, '--data', data.path]);
  const [, url = ''] = /Sign in \(works once\): +(http\S+)\n/.exec(said.stdout) ?? [];
  expect([said.code, url]).toEqual([0, expect.stringContaining(`${tallyline.url}/sign-in?token=`)]);
  expect((await post('/v1/session', { token: new URL(url).searchParams.get('token') })).response.status).toBe(204);
  expect((await post('/v1/session', { token: new URL(url).searchParams.get('token') })).response.status).toBe(401);
  expect(tallyline.output()).not.toContain(PASSWORD);
});
