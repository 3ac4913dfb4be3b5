/** The built dashboard: files with a hash in their name for ever, everything else checked anew; unknown paths get the app. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../../core/errors.ts';
import { sendProblem } from './problems.ts';
import type { HttpServer } from './http-server.ts';
import { createPagePolicy } from './security-headers.ts';

const NOT_BUILT = 'The dashboard is not built. Run "npm run prepare" in the project and start again; the API under /v1 works without it.\n';
/** A year, the longest that caches honour. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

export type Fallback = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Serves `directory` and answers what to do with a path that no route and no file knows. */
export async function registerDashboard(server: HttpServer, directory: string): Promise<Fallback> {
  if (!existsSync(join(directory, 'index.html'))) {
    return (request, reply) =>
      isPageRequest(request) ? reply.status(503).type('text/plain; charset=utf-8').send(NOT_BUILT) : noSuchPath(request, reply);
  }
  const policyOf = createPagePolicy();
  await server.register(fastifyStatic, {
    root: directory,
    cacheControl: false,
    preCompressed: true,
    setHeaders: (response, path) => {
      response.header('cache-control', path.includes('/_app/immutable/') ? IMMUTABLE : 'no-cache');
      const [page] = /^.*\.html(?=(\.(br|gz))?$)/.exec(path) ?? [];
      if (page !== undefined) response.header('content-security-policy', policyOf(page));
    },
  });
  // A missing script must be a 404: answered with the page, it would fail as a syntax error instead.
  return (request, reply) =>
    isPageRequest(request) && existsSync(join(directory, 'index.html')) ? reply.sendFile('index.html') : noSuchPath(request, reply);
}

function isPageRequest(request: FastifyRequest): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return (
    isRead && !/^\/(v1|health|docs|openapi\.json|_app)(\/|\?|$)/.test(request.url) && (request.headers.accept ?? '').includes('text/html')
  );
}

export function noSuchPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? '';
  return sendProblem(
    new ProblemError('not_found', `There is nothing at ${request.method} ${path}. The API is listed at /docs.`),
    request,
    reply,
  );
}
