/** Who comes in, and who did what. */
import { randomUUID } from 'node:crypto';
import { createSignInLink } from '../../../platform/access/sign-in-links.ts';
import { createUserLink } from '../../../platform/access/user-links.ts';
import type { Calls, World } from './call.ts';

const LONG = 'three words and another';

/** Of the user whom the world has, the first one. */
async function userLink({ platform: { postgres, clock } }: World): Promise<string> {
  const { token } = await postgres.transaction((transaction) =>
    createUserLink(transaction, clock.now(), { userId: '1', createdBy: 'test' }),
  );
  return token;
}

export const ACCESS_CALLS: Calls = {
  'POST /v1/session': {
    plain: async ({ platform: { postgres, clock } }) => [
      { method: 'POST', path: '/v1/session', body: { token: (await createSignInLink(postgres, clock.now())).token } },
    ],
  },
  'GET /v1/sign-in': { plain: () => [{ path: '/v1/sign-in' }] },
  'POST /v1/password/link': {
    plain: async (world) => [{ method: 'POST', path: '/v1/password/link', body: { token: await userLink(world) } }],
  },
  'POST /v1/password': {
    plain: async (world) => [{ method: 'POST', path: '/v1/password', body: { token: await userLink(world), password: LONG } }],
  },
  // Of another account each time: asked for too often, the next one is refused.
  'POST /v1/password-resets': {
    plain: () => [{ method: 'POST', path: '/v1/password-resets', body: { email: `who-${randomUUID()}@example.com` } }],
  },
  // No identity provider is set up.
  'GET /v1/oidc/start': { plain: () => [{ path: '/v1/oidc/start', status: 404 }] },
  'GET /v1/oidc/callback': { plain: () => [{ path: '/v1/oidc/callback?code=c&state=s', status: 302 }] },
  // Keys and links have neither sessions nor passwords of their own.
  'GET /v1/sessions': { plain: () => [{ path: '/v1/sessions' }] },
  'DELETE /v1/sessions/{id}': { plain: () => [{ method: 'DELETE', path: '/v1/sessions/987654', status: 404 }] },
  'PUT /v1/session/password': {
    plain: () => [{ method: 'PUT', path: '/v1/session/password', body: { current: LONG, password: `${LONG} still` }, status: 409 }],
  },
  'POST /v1/sign-in-links': { plain: () => [{ method: 'POST', path: '/v1/sign-in-links' }] },
  'GET /v1/users': { plain: () => [{ path: '/v1/users' }] },
  'GET /v1/users/{id}': { plain: () => [{ path: '/v1/users/1' }] },
  'POST /v1/users': {
    changes: true,
    plain: () => [{ method: 'POST', path: '/v1/users', body: { email: 'one-more@example.com', name: 'One more', role: 'admin' } }],
  },
  'POST /v1/users/{id}/links': { changes: true, plain: () => [{ method: 'POST', path: '/v1/users/1/links' }] },
  'PATCH /v1/users/{id}': { changes: true, plain: () => [{ method: 'PATCH', path: '/v1/users/1', body: { name: 'Renamed' } }] },
  'DELETE /v1/users/{id}': { changes: true, plain: () => [{ method: 'DELETE', path: '/v1/users/1' }] },
  'GET /v1/session': { plain: () => [{ path: '/v1/session' }] },
  // Of a key there is nothing to end.
  'DELETE /v1/session': { plain: () => [{ method: 'DELETE', path: '/v1/session' }] },
  'GET /v1/audit': { plain: () => [{ path: '/v1/audit' }] },
  'GET /v1/audit.csv': { plain: () => [{ path: '/v1/audit.csv' }] },
  'GET /v1/api-keys': { plain: () => [{ path: '/v1/api-keys' }] },
  'POST /v1/api-keys': {
    changes: true,
    plain: () => [{ method: 'POST', path: '/v1/api-keys', body: { name: 'one more', role: 'analyst' } }],
  },
  // The first one, of `analyst`.
  'DELETE /v1/api-keys/{id}': { changes: true, plain: () => [{ method: 'DELETE', path: '/v1/api-keys/1' }] },
  'GET /v1/invoices/{id}/links': { of: ({ invoice }) => [{ path: `/v1/invoices/${invoice}/links` }] },
  'POST /v1/invoices/{id}/links': {
    changes: true,
    of: ({ invoice }) => [{ method: 'POST', path: `/v1/invoices/${invoice}/links`, body: { days: 1 } }],
  },
  // The second one: that of the test is the first.
  'DELETE /v1/invoices/{id}/links/{link}': {
    changes: true,
    of: ({ invoice }) => [{ method: 'DELETE', path: `/v1/invoices/${invoice}/links/2` }],
  },
};
