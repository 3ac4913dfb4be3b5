import Fastify from 'fastify';
import { expect, it } from 'vitest';
import type { HttpServer } from '../http/http-server.ts';
import { requireDeclaredAccess } from './declared.ts';
import { ADMIN } from './roles.ts';

function serverWith(url: string, config: object): HttpServer {
  const server = Fastify() as unknown as HttpServer;
  requireDeclaredAccess(server);
  server.get(url, { config }, () => Promise.resolve({}));
  return server;
}

it('a route that does not say who may call it keeps the program from starting', () => {
  expect(() => serverWith('/v1/secrets', {})).toThrow('GET /v1/secrets does not declare who may call it');
  expect(() => serverWith('/v1/secrets', { access: ADMIN })).not.toThrow();
  expect(() => serverWith('/health/secrets', {})).not.toThrow();
});

it('nor does one that a plugin adds later', async () => {
  const server = Fastify() as unknown as HttpServer;
  requireDeclaredAccess(server);
  void server.register(async (scope) => {
    scope.get('/v1/hidden', () => Promise.resolve({}));
  });
  await expect(server.ready()).rejects.toThrow('/v1/hidden');
});
