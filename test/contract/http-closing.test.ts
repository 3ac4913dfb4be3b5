/** What a server says that is closing, to whom it has let in and to whom still comes over an open connection. */
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDashboardServer, createHttpServer, type HttpServer } from '../../platform/http/server.ts';
import { createLogger } from '../../platform/logger.ts';
import { systemClock } from '../../platform/clock.ts';
import { ADMIN_KEY, openTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const requestOf = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n\r\n`;

/** What comes back over one connection: of a call that is under way when the server begins to close, and of one that comes after that. */
async function answersWhileClosing(server: HttpServer, path: string): Promise<string> {
  const [entered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.get('/held', async () => {
    entered.resolve();
    await released.promise;
    return 'let in';
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const refused = once(server.server, 'request').then(() => once(server.server, 'request'));
  const socket = connect({ host: '127.0.0.1', port: (server.server.address() as AddressInfo).port });
  const said = text(socket);
  socket.write(requestOf('/held'));
  await entered.promise;
  const closed = server.close();
  await (server.closing.aborted ? undefined : once(server.closing, 'abort'));
  socket.write(requestOf(path));
  await refused;
  released.resolve();
  const answers = await said;
  await closed;
  return answers;
}

const dashboardServer = (): Promise<HttpServer> =>
  createDashboardServer({ logger: createLogger({ level: 'silent' }), clock: systemClock, dashboardDirectory: import.meta.dirname });

it.each([
  ['the api', () => createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined }), '/v1/session'],
  [
    'a path that it does not have',
    () => createHttpServer({ platform: api.platform, adminKey: ADMIN_KEY, dashboardDirectory: undefined }),
    '/v1/nothing',
  ],
  ['the dashboard', dashboardServer, '/imports'],
])('%s answers what it has let in, and refuses with a problem what comes after', async (_name, open, path) => {
  const [held = '', refused = ''] = (await answersWhileClosing(await open(), path)).split(/(?=HTTP\/1\.1 \d{3})/);
  expect([held.slice(0, 12), held.includes('let in')]).toEqual(['HTTP/1.1 200', true]);
  const [head = '', body = ''] = refused.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 503 /);
  expect(head).toMatch(/^content-type: application\/problem\+json/im);
  expect(head).toMatch(/^retry-after: 5$/im);
  expect(head).toMatch(/^connection: close$/im);
  expect(JSON.parse(body)).toEqual({
    type: 'urn:tallyline:problem:stopping',
    title: 'The server is stopping',
    status: 503,
    code: 'stopping',
    detail: 'This server is stopping. Try again in a moment.',
    requestId: /^x-request-id: (.*)$/im.exec(head)?.[1],
  });
});
