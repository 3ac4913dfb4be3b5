/** What a process does once it is configured: the stores, then the consumers, then what people and machines talk to. */
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { apiRoutes } from './api/app.ts';
import { readAddedEffect } from './api/billing/added-usage.ts';
import { startBillingRuns } from './api/billing/runs.ts';
import type { Config, Role } from './config.ts';
import { startConsumers } from './consumers/consumers.ts';
import { ingestRoutes, startIngest } from './ingest/app.ts';
import { readLines, readRecordAt } from './ingest/csv/line-index.ts';
import type { Publisher } from './ingest/publisher.ts';
import { assemble } from './platform/assemble.ts';
import { elsewhere } from './platform/http/elsewhere.ts';
import { createDashboardServer, createHttpServer, type HttpServer } from './platform/http/server.ts';
import { createSignInLink } from './platform/http/sign-in.ts';
import type { Lifecycle } from './platform/lifecycle.ts';

/** Consumers finish the batch they are at, requests their answer; neither takes longer than a few seconds. */
const PHASE = { startCapMs: 30_000, stopCapMs: 30_000 };
const DASHBOARD = fileURLToPath(new URL('dashboard/build', import.meta.url));

/** For the routes of ingest where another process publishes: they are described only, and wake nobody. */
const NO_PUBLISHER: Publisher = { wake: () => undefined, stop: () => Promise.resolve() };

/** `broken` ends only when something is broken, or, with 'done', when a command is. */
export async function start(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<{ broken: Promise<unknown> }> {
  if (!config.needsStores) {
    const server = await createDashboardServer({ logger, dashboardDirectory: DASHBOARD });
    process.stdout.write(`\n  The dashboard of Tallyline is ready at ${await listen(server, config, lifecycle)}\n`);
    return { broken: new Promise(() => undefined) };
  }
  const { platform, adminKey, broken } = await assemble(config, lifecycle, logger);
  // The stores are migrated and the topic is there: that was it.
  if (config.command === 'migrate') return { broken: Promise.resolve('done') };
  const server = await createHttpServer({
    platform,
    adminKey,
    dashboardDirectory: config.roles.has('dashboard') ? DASHBOARD : undefined,
    publicUrl: config.publicUrl,
  });
  const failures: Promise<unknown>[] = [broken];
  if (config.roles.has('consumers')) {
    const consumers = await lifecycle.start(
      'consumers',
      () => startConsumers(platform),
      (started) => started.stop(),
      PHASE,
    );
    consumers.done.catch(() => undefined);
    failures.push(consumers.done);
  }
  const here = (role: Role, routes: (server: HttpServer) => Promise<void>) => (config.roles.has(role) ? routes : elsewhere(role, routes));
  const publisher = config.roles.has('ingest')
    ? await lifecycle.start(
        'publisher',
        () => startIngest(platform, config),
        (started) => started.stop(),
        PHASE,
      )
    : NO_PUBLISHER;
  if (config.roles.has('api'))
    await lifecycle.start(
      'billing runs',
      () => startBillingRuns(platform),
      (started) => started.stop(),
      PHASE,
    );
  await server.register(
    here(
      'ingest',
      ingestRoutes(platform, publisher, config, (added) => readAddedEffect(platform, added)),
    ),
  );
  await server.register(here('api', apiRoutes(platform, { readLines, readRecordAt })));

  const url = await listen(server, config, lifecycle);
  welcome(
    config,
    url,
    config.roles.has('api') ? `${url}/sign-in?token=${await createSignInLink(platform.postgres, platform.clock)}` : undefined,
  );
  return { broken: Promise.all(failures) };
}

/** Answers where browsers reach it. */
async function listen(server: HttpServer, config: Config, lifecycle: Lifecycle): Promise<string> {
  await lifecycle.start(
    'HTTP',
    () => server.listen({ host: config.host, port: config.port }),
    () => server.close(),
    PHASE,
  );
  const { port } = server.server.address() as AddressInfo;
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  return config.publicUrl ?? `http://${host}:${port}`;
}

/** What a person needs to see, in plain words, whatever the log level. */
function welcome(config: Config, url: string, signInUrl: string | undefined): void {
  const key = config.adminKey === undefined ? `in ${config.dataDirectory}/admin-key` : 'from TALLYLINE_ADMIN_KEY';
  const signIn = signInUrl === undefined ? '' : `\n  Sign in (works once):  ${signInUrl}`;
  process.stdout.write(`
  Tallyline is ready at ${url}
${signIn}
  Key for scripts:       ${key}
  API reference:         ${url}/docs
  Data:                  ${config.dataDirectory}
`);
}
