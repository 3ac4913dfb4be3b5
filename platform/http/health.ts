/** `/health/live`: the process answers. `/health/ready`: so do the stores behind it, each asked and named. */
import { Health } from '../../schemas/http/operations.ts';
import type { Platform } from '../platform.ts';
import type { HttpServer } from './http-server.ts';

/** A store that takes longer than this is of no use to a request either. */
const CHECK_TIMEOUT_MS = 3_000;
const tags = ['operations'];

export function registerHealth(server: HttpServer, platform: Platform): void {
  server.get('/health/live', {
    schema: { operationId: 'healthLive', summary: 'Is the process up', tags, security: [], response: { 200: Health } },
    handler: async () => ({ status: 'ok' as const, checks: [] }),
  });

  server.get('/health/ready', {
    schema: { operationId: 'healthReady', summary: 'Are the stores up', tags, security: [], response: { 200: Health, 503: Health } },
    handler: async (request, reply) => {
      const checks = await Promise.all([
        check('postgres', () => platform.postgres.query('SELECT 1')),
        check('clickhouse', () => platform.clickhouse.query({ name: 'health', sql: 'SELECT 1 AS ok' })),
        check('file store', () => platform.files.freeBytes()),
      ]);
      const down = checks.filter(({ health }) => !health.ok);
      for (const { health, error } of down) request.log.error({ err: error, store: health.name }, 'store is down');
      return reply
        .status(down.length === 0 ? 200 : 503)
        .send({ status: down.length === 0 ? 'ok' : 'down', checks: checks.map(({ health }) => health) });
    },
  });
}

async function check(name: string, ask: () => Promise<unknown>) {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([ask(), timeout]);
    return { health: { name, ok: true } };
  } catch (error) {
    // What the store said goes to the log: it may name hosts and users, and this page needs no sign-in.
    return { health: { name, ok: false, message: `${name} does not answer` }, error };
  } finally {
    clearTimeout(timer);
  }
}
