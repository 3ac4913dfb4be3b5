/**
 * Where a call came from, behind real proxies: the gateway, and one with TLS before it. All of it is on this machine, whose addresses are all
 * of 127.0.0.0/8: the proxies call from 127.0.0.1, and clients from others.
 */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../schemas/http/access.ts';
import type { BrowserSession } from '../../schemas/http/users.ts';
import { caddyAvailable, caddyIsNew } from '../support/caddy.ts';
import { startGateway, startTlsProxy, type Gateway } from '../support/gateway.ts';
import { makeDataDirectory, startTallyline, type Tallyline } from '../support/tallyline.ts';

const PROXY = '127.0.0.1';
const CLIENT = '127.0.0.5';
const FORGED = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' };

interface Call {
  /** Address of the client. */
  from?: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

/** Answers once the head is there. */
async function send(front: string, { from = CLIENT, path, body, headers }: Call): Promise<IncomingMessage> {
  const { hostname, port, protocol } = new URL(front);
  const options: RequestOptions & { rejectUnauthorized: boolean; servername: string } = {
    host: PROXY,
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    localAddress: from,
    agent: false,
    servername: hostname,
    rejectUnauthorized: false,
    headers: { host: `${hostname}:${port}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  };
  const call = protocol === 'https:' ? requestHttps(options) : requestHttp(options);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.once('response', resolve).once('error', reject);
  call.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

interface Front {
  tallyline: Tallyline;
  url: string;
}

/** What is written down of somebody who signs in, and what their browser is told. */
async function signIn({ tallyline, url }: Front, call: Partial<Call> = {}) {
  const link = await tallyline.json<{ url: string }>('/v1/sign-in-links', { method: 'POST' });
  const token = new URL(link.url).searchParams.get('token');
  const answer = await send(url, { path: '/v1/session', body: { token }, ...call });
  answer.resume();
  expect(answer.statusCode).toBe(204);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  const own = await send(url, { path: '/v1/sessions', headers: { cookie: cookie.split(';', 1)[0] ?? '' } });
  const { items } = (await json(own)) as { items: BrowserSession[] };
  const { items: entries } = await tallyline.json<{ items: AuditEntry[] }>('/v1/audit?what=session.opened&limit=1');
  return {
    listed: items.find(({ isCurrent }) => isCurrent)?.address,
    audited: entries[0]?.address,
    isSecure: /; ?Secure/i.test(cookie),
  };
}

/** The address that a key which is none is written down with. */
async function addressOfRefusal({ tallyline, url }: Front, call: Partial<Call> = {}): Promise<string | null | undefined> {
  const headers = { ...call.headers, authorization: 'Bearer tallyline_none' };
  const answer = await send(url, { path: '/v1/customers', ...call, headers });
  answer.resume();
  expect(answer.statusCode).toBe(401);
  const { items } = await tallyline.json<{ items: AuditEntry[] }>('/v1/audit?what=key.refused&limit=1');
  return items[0]?.address;
}

describe.skipIf(!caddyAvailable)('behind proxies', () => {
  const environment = (trusted: string): Record<string, string> => (trusted === '' ? {} : { TALLYLINE_TRUSTED_PROXIES: trusted });

  describe.each([
    ['that are trusted', PROXY],
    ['that are not', ''],
  ])('%s', (_title, trusted) => {
    let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
    let tallyline: Tallyline;
    const proxies: Gateway[] = [];
    const fronts: Record<string, Front> = {};
    beforeAll(async () => {
      directory = await makeDataDirectory();
      tallyline = await startTallyline({ dataDirectory: directory.path, env: environment(trusted) });
      const { url } = tallyline;
      const upstreams = { ingest: url, api: url, dashboard: url };
      const add = async (name: string, starting: Promise<Gateway>): Promise<string> => {
        const proxy = await starting;
        proxies.push(proxy);
        fronts[name] = { tallyline, url: proxy.url };
        return proxy.url;
      };
      fronts['none'] = { tallyline, url };
      await add('gateway', startGateway(upstreams, { fullDuplex: caddyIsNew }));
      await add('TLS', startTlsProxy(url));
      // An older one has no such option.
      if (caddyIsNew)
        await add('TLS, gateway', startTlsProxy(await add('', startGateway(upstreams, { fullDuplex: true, trustedProxy: PROXY }))));
    });
    afterAll(async () => {
      for (const proxy of proxies.toReversed()) await proxy.stop();
      await tallyline?.stop();
      await directory?.remove();
    });
    const front = (name: string): Front => {
      const found = fronts[name];
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found;
    };
    const names = ['gateway', 'TLS', ...(caddyIsNew ? ['TLS, gateway'] : [])];

    if (trusted !== '') {
      test.each(names)('a client is known by its own address through %s, and gets a Secure cookie where it speaks TLS', async (name) => {
        const known = { listed: CLIENT, audited: CLIENT, isSecure: name.startsWith('TLS') };
        expect(await signIn(front(name))).toEqual(known);
        expect(await addressOfRefusal(front(name), { from: '127.0.0.7' })).toBe('127.0.0.7');
      });

      test.each(names)('a client that forges the headers is not believed through %s', async (name) => {
        const known = { listed: CLIENT, audited: CLIENT, isSecure: name.startsWith('TLS') };
        expect(await signIn(front(name), { headers: FORGED })).toEqual(known);
        expect(await addressOfRefusal(front(name), { headers: FORGED })).toBe(CLIENT);
      });

      test('a client that calls past the proxies is not believed either', async () => {
        expect(await signIn(front('none'), { headers: FORGED })).toEqual({ listed: CLIENT, audited: CLIENT, isSecure: false });
        expect(await addressOfRefusal(front('none'), { headers: FORGED })).toBe(CLIENT);
      });
    } else {
      test.each(names)('the address is that of the proxy through %s, whatever the headers say', async (name) => {
        expect(await signIn(front(name), { headers: FORGED })).toEqual({ listed: PROXY, audited: PROXY, isSecure: false });
        expect(await addressOfRefusal(front(name))).toBe(PROXY);
      });
    }
  });
});
