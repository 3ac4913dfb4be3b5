/** What a connection, a request and a caller may ask of the server: written byte by byte where no client would write it so. */
import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../platform/http/server.ts';
import { apiRoutes } from '../../api/app.ts';
import { readLines, readRecordAt } from '../../ingest/csv/line-index.ts';
import { ABOUT } from '../support/about.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let port: number;
beforeAll(async () => {
  api = await openTestApi();
  await api.server.listen({ host: '127.0.0.1', port: 0 });
  port = (api.server.server.address() as AddressInfo).port;
});
afterAll(() => api.close());

const AUTHORIZATION = `Authorization: Bearer ${ADMIN_KEY}`;
const MEBIBYTE = 1_048_576;

interface Wire {
  socket: Socket;
  /** All that the server has said so far. */
  said(): string;
  /** Resolves when the server has closed the connection. */
  closed: Promise<unknown>;
}

function open(to = port): Wire {
  const socket = connect({ host: '127.0.0.1', port: to });
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  // A server that closes while we write resets the connection.
  socket.on('error', () => undefined);
  return { socket, said: () => text, closed: new Promise((resolve) => socket.once('close', resolve)) };
}

/** One request as it stands; answers all that came back until the server closed. */
async function exchange(text: string, to = port): Promise<string> {
  const wire = open(to);
  wire.socket.write(text, 'latin1');
  await wire.closed;
  return wire.said();
}

const request = (line: string, headers: readonly string[] = [], body = '') =>
  [`${line} HTTP/1.1`, 'Host: x', 'Connection: close', AUTHORIZATION, ...headers, '', body].join('\r\n');
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const problemOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { code: string; status: number };

describe('headers', () => {
  it('of more than 16 KB are refused', async () => {
    const answer = await exchange(request('GET /v1/customers', [`X-Long: ${'x'.repeat(20_000)}`]));
    expect([statusOf(answer), problemOf(answer).code]).toEqual([431, 'headers_too_large']);
  });

  it('of more than a hundred are refused, and a hundred are taken', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: 1`);
    const refused = await exchange(request('GET /health/live', many(98)));
    expect([statusOf(refused), problemOf(refused).code]).toEqual([431, 'headers_too_large']);
    expect(statusOf(await exchange(request('GET /health/live', many(97))))).toBe(200);
    expect(statusOf(await exchange(request('GET /health/live', many(2_000))))).toBe(431);
  });

  it('without an end are not waited for', async () => {
    const wire = open();
    wire.socket.write('GET /v1/customers HTTP/1.1\r\nHost: x\r\n');
    // One more every second, as long as the server listens.
    const trickle = setInterval(() => wire.socket.write('X-More: 1\r\n'), 1_000);
    await wire.closed;
    clearInterval(trickle);
    expect([statusOf(wire.said()), problemOf(wire.said()).code]).toEqual([408, 'request_timeout']);
  });

  it('that never come are not waited for either', async () => {
    const wire = open();
    await once(wire.socket, 'connect');
    await wire.closed;
    expect(statusOf(wire.said())).toBe(408);
  });
});

describe('the Host header', () => {
  const withHosts = (...hosts: string[]) =>
    ['POST /v1/sign-in-links HTTP/1.1', ...hosts.map((host) => `Host: ${host}`), 'Connection: close', AUTHORIZATION, '', ''].join('\r\n');

  it.each([
    ['bills.example', 'http://bills.example/'],
    ['bills_2.example:8080', 'http://bills_2.example:8080/'],
    ['[::1]:80', 'http://[::1]:80/'],
  ])('leads where a link leads that nobody has configured: %s', async (host, base) => {
    const answer = await exchange(withHosts(host));
    expect(statusOf(answer)).toBe(201);
    expect(answer).toContain(`"url":"${base}sign-in?token=`);
  });

  it.each([
    ['with a path', ['bills.example/path?to=']],
    ['with a user', ['bills.example@other.example']],
    ['with markup', ['"><script>alert(1)</script>']],
    ['of two words', ['bills.example other.example']],
    ['without a name, where a link needs one', ['']],
    ['given twice', ['bills.example', 'other.example']],
    ['given twice alike', ['bills.example', 'bills.example']],
  ])('%s is refused', async (_name, hosts) => {
    const answer = await exchange(withHosts(...hosts));
    expect([statusOf(answer), problemOf(answer).code]).toEqual([400, 'invalid_request']);
  });
});

describe('an address', () => {
  it('that is too long is refused', async () => {
    const answer = await exchange(request(`GET /v1/customers/${'a'.repeat(10_000)}`));
    expect([statusOf(answer), problemOf(answer).code]).toEqual([400, 'invalid_request']);
  });

  it.each(['%', '%zz', '%ff', '%c3%28', '%e0%80%80', 'a%80b'])('with a broken escape is refused: %s', async (id) => {
    const answer = await exchange(request(`GET /v1/customers/${id}`));
    expect([statusOf(answer), problemOf(answer).code]).toEqual([400, 'invalid_request']);
  });

  it.each([
    '/v1/../etc/passwd',
    '/v1/%2e%2e/%2e%2e/etc/passwd',
    '/v1//customers',
    '//v1/customers',
    '/v1/customers/../../openapi.json',
    '/v1/..\\..\\etc\\passwd',
    '/v1/invoices/..%5c..%5cx',
    '/v1/customers/%00',
    '/v1/customers/a%00b',
    '/docs/../../../etc/passwd',
    '/docs/static/..%2f..%2f..%2fpackage.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/.env',
    '/v1/imports/..%2f1/file',
    'http://other.example/v1/customers/nobody',
  ])('leads nowhere else: %s', async (path) => {
    const answer = await exchange(request(`GET ${path}`));
    expect([400, 403, 404]).toContain(statusOf(answer));
    expect(answer).not.toMatch(/root:|"dependencies"|TALLYLINE_/);
  });

  it('with thousands of parameters, or one many times, is refused', async () => {
    const flood = Array.from({ length: 1_500 }, (_, n) => `p${n}=1`).join('&');
    for (const query of [flood, 'limit=1&limit=2', 'limit[]=1', '__proto__=1', '__proto__[x]=1', 'constructor=1']) {
      const answer = await exchange(request(`GET /v1/customers?${query}`));
      expect([query.slice(0, 20), statusOf(answer)]).toEqual([query.slice(0, 20), 400]);
    }
  });
});

describe('a body', () => {
  const json = (method: string, url: string, payload: string) =>
    api.server.inject({
      method: method as 'PUT',
      url,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      payload,
    });

  it.each([
    ['with its length', 'Content-Length: 52428800'],
    ['in chunks', 'Transfer-Encoding: chunked'],
  ])('of 50 MB, sent %s, is refused before it has come', async (_how, header) => {
    const wire = open();
    wire.socket.write(request('PUT /v1/meters/m', ['Content-Type: application/json', header]));
    const piece = Buffer.alloc(MEBIBYTE, 0x20);
    const before = process.memoryUsage().rss;
    let sent = 0;
    let isClosed = false;
    void wire.closed.then(() => (isClosed = true));
    while (!isClosed && sent < 50) {
      const text = header.startsWith('Transfer') ? Buffer.concat([Buffer.from('100000\r\n'), piece, Buffer.from('\r\n')]) : piece;
      if (!wire.socket.write(text)) await Promise.race([drained(wire.socket), wire.closed]);
      sent += 1;
    }
    wire.socket.end();
    await wire.closed;
    expect([statusOf(wire.said()), problemOf(wire.said()).code]).toEqual([413, 'payload_too_large']);
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * MEBIBYTE);
  });

  it('that trickles in is given up', async () => {
    const server = await serve({ bodyTimeoutMs: 500 });
    const wire = open(server.port);
    wire.socket.write(request('PUT /v1/meters/m', ['Content-Type: application/json', 'Content-Length: 1000']));
    const trickle = setInterval(() => wire.socket.write(' '), 100);
    await wire.closed;
    clearInterval(trickle);
    await server.close();
    expect([statusOf(wire.said()), problemOf(wire.said()).code]).toEqual([408, 'request_timeout']);
  });

  it.each([
    ['opened a hundred thousand times', '['.repeat(100_000)],
    ['nested a hundred thousand deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['of objects as deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('%s is refused', async (_how, payload) => {
    for (const [method, url] of JSON_CALLS) {
      const response = await json(method, url, payload);
      expect([method, url, response.statusCode]).toEqual([method, url, 400]);
    }
  });

  it.each(['{"__proto__":{"isAdmin":true}}', '{"name":"m","__proto__":null}', '{"constructor":{"prototype":{"isAdmin":true}}}'])(
    'that reaches for prototypes is refused: %s',
    async (payload) => {
      for (const [method, url] of JSON_CALLS) expect((await json(method, url, payload)).statusCode).toBe(400);
      expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
    },
  );

  const JSON_CALLS: [string, string][] = [
    ['PUT', '/v1/meters/m'],
    ['PUT', '/v1/customers/c'],
    ['PUT', '/v1/plans/p'],
    ['POST', '/v1/billing-runs'],
    ['PUT', '/v1/settings'],
  ];
});

describe('what is no HTTP', () => {
  it.each(['nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n'])(
    'is told so, in the form of a problem: %j',
    async (text) => {
      const answer = await exchange(text);
      expect([statusOf(answer), problemOf(answer).code]).toEqual([400, 'invalid_request']);
    },
  );

  it('or two requests in one, is refused', async () => {
    const both = request(
      'POST /v1/billing-runs',
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      '0\r\n\r\nGET /v1/customers HTTP/1.1\r\n\r\n',
    );
    expect(statusOf(await exchange(both))).toBe(400);
  });
});

/** Without the rejection of `once` where the connection breaks: that is `closed`. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

async function serve(options: Partial<HttpServerOptions>): Promise<{ server: HttpServer; port: number; close(): Promise<void> }> {
  const server = await createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined, ...options });
  await server.register(apiRoutes(api.platform, { readLines, readRecordAt }, ABOUT));
  await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}
