/** Every route says who may call it. One that does not is a fault of the program, found when it starts. */
import type { HttpServer } from '../http/http-server.ts';
import type { Access } from './roles.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of every route under `/v1`. */
    access?: Access;
  }
}

/** Before any route. Writes what is declared into the OpenAPI document, as `x-roles`. */
export function requireDeclaredAccess(server: HttpServer): void {
  server.addHook('onRoute', (route) => {
    if (!isApi(route.url)) return;
    const access = route.config?.access;
    if (access === undefined) throw new Error(`${String(route.method)} ${route.url} does not declare who may call it (config.access)`);
    if (route.schema !== undefined && access === 'public') route.schema.security = [];
    if (route.schema !== undefined) Object.assign(route.schema, { 'x-roles': access === 'public' ? ['public'] : access });
  });
}

export function isApi(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/');
}
