/** `/health/live`: the process answers. `/health/ready`: so do the stores behind it, each asked and named. */
import { Health } from '../../schemas/http/operations.ts';
import type { StoreCheck } from '../store-check.ts';
import type { HttpServer } from './http-server.ts';

const tags = ['operations'];

/** `stores`: those that the process cannot do without. */
export function registerHealth(server: HttpServer, stores: readonly StoreCheck[]): void {
  server.get('/health/live', {
    schema: { operationId: 'healthLive', summary: 'Is the process up', tags, security: [], response: { 200: Health } },
    handler: async () => ({ status: 'ok' as const, checks: [] }),
  });

  server.get('/health/ready', {
    schema: { operationId: 'healthReady', summary: 'Are the stores up', tags, security: [], response: { 200: Health, 503: Health } },
    handler: async (request, reply) => {
      const asked = await Promise.all(stores.map(async (check) => ({ name: check.name, fault: await check.fault() })));
      const down = asked.filter(({ fault }) => fault !== undefined);
      for (const { name, fault } of down) request.log.error({ err: fault, store: name }, 'store is down');
      return reply.status(down.length === 0 ? 200 : 503).send({
        status: down.length === 0 ? 'ok' : 'down',
        // What the store said goes to the log: it may name hosts and users, and this page needs no sign-in.
        checks: asked.map(({ name, fault }) =>
          fault === undefined ? { name, ok: true } : { name, ok: false, message: `${name} does not answer` },
        ),
      });
    },
  });
}
