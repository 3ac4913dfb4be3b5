/** What a process does once it is configured: the stores, then the consumers, then what people and machines talk to. */
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { apiRoutes } from './api/app.ts';
import { readAddedEffect } from './api/billing/added-usage.ts';
import { startBillingRuns } from './api/billing/runs.ts';
import type { Config, Role } from './config.ts';
import { exposureWarning } from './config-network.ts';
import { startConsumers } from './consumers/consumers.ts';
import { ingestRoutes, startIngest } from './ingest/app.ts';
import { readLines, readRecordAt } from './ingest/csv/line-index.ts';
import type { Publisher } from './ingest/publisher.ts';
import packageJson from './package.json' with { type: 'json' };
import { WHOLE_INSTALLATION } from './platform/access/scope.ts';
import { assemble } from './platform/assemble.ts';
import { systemClock } from './platform/clock.ts';
import { elsewhere } from './platform/http/elsewhere.ts';
import { createDashboardServer, createHttpServer, type HttpServer } from './platform/http/server.ts';
import { createOpenId } from './platform/access/openid.ts';
import { createSignInLink } from './platform/access/sign-in-links.ts';
import { hasActiveAdmin } from './platform/access/users.ts';
import type { Lifecycle } from './platform/lifecycle.ts';
import { createMailer } from './platform/mail/mailer.ts';
import type { Platform } from './platform/platform.ts';
import type { About } from './schemas/http/operations.ts';

/** Consumers finish the batch they are at, requests their answer; neither takes longer than a few seconds. */
const PHASE = { startCapMs: 30_000, stopCapMs: 30_000 };
const DASHBOARD = fileURLToPath(new URL('dashboard/build', import.meta.url));

/** For the routes of ingest where another process publishes: they are described only, and wake nobody. */
const NO_PUBLISHER: Publisher = { wake: () => undefined, stop: () => Promise.resolve() };

/** `broken` ends only when something is broken, or, with 'done', when a command is. */
export async function start(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<{ broken: Promise<unknown> }> {
  if (!config.needsStores) {
    const server = await createDashboardServer({
      logger,
      clock: systemClock,
      dashboardDirectory: DASHBOARD,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
    });
    process.stdout.write(`\n  The dashboard of Tallyline is ready at ${await listen(server, config, lifecycle)}\n`);
    return { broken: new Promise(() => undefined) };
  }
  const { platform, adminKey, broken } = await assemble(config, lifecycle, logger);
  // The stores are migrated and the topic is there: that was it.
  if (config.command === 'migrate') return { broken: Promise.resolve('done') };
  const { publicUrl, mail, openId } = config;
  const mailer = mail && createMailer({ ...mail, logger });
  const server = await createHttpServer({
    platform,
    adminKey,
    dashboardDirectory: config.roles.has('dashboard') ? DASHBOARD : undefined,
    publicUrl,
    trustedProxies: config.trustedProxies,
    mailer,
    openId: openId && createOpenId(openId, platform.clock),
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
      ingestRoutes(platform, publisher, config, (added) => readAddedEffect(platform, WHOLE_INSTALLATION, added)),
    ),
  );
  await server.register(here('api', apiRoutes(platform, { readLines, readRecordAt }, aboutOf(config), { publicUrl, mailer })));

  const url = await listen(server, config, lifecycle);
  welcome(config, url, config.roles.has('api') ? await signInPage(platform, url) : undefined);
  return { broken: Promise.all(failures) };
}

function aboutOf({ mode, roles, dataDirectory }: Config): About {
  return { version: packageJson.version, mode, roles: [...roles], dataDirectory, startedAt: systemClock.now().toISOString() };
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
  const warning = exposureWarning(config);
  if (warning !== undefined) process.stderr.write(`\n  ${warning}\n`);
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  return config.publicUrl ?? `http://${host}:${port}`;
}

/** With a one-time link for as long as nobody can sign in as administrator; later one has to be asked for with the admin key. */
async function signInPage({ postgres, clock }: Platform, url: string): Promise<string> {
  if (await hasActiveAdmin(postgres)) return `Sign in:               ${url}/sign-in`;
  const { token } = await createSignInLink(postgres, clock.now());
  return `Sign in (works once):  ${url}/sign-in?token=${token}`;
}

/** What a person needs to see, in plain words, whatever the log level. */
function welcome(config: Config, url: string, signInLine: string | undefined): void {
  const key = config.adminKey === undefined ? `in ${config.dataDirectory}/admin-key` : 'from TALLYLINE_ADMIN_KEY';
  const signIn = signInLine === undefined ? '' : `\n  ${signInLine}`;
  process.stdout.write(`
  Tallyline is ready at ${url}
${signIn}
  Key for scripts:       ${key}
  API reference:         ${url}/docs
  Data:                  ${config.dataDirectory}
`);
}
