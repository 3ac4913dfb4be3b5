/**
 * Tallyline. config.ts has the options.
 *
 * Starts the stores, then the consumers, then what people and machines talk to; stops in reverse.
 */
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { apiRoutes } from './api/app.ts';
import { describeFaults, readProcessConfig, type Config } from './config.ts';
import { startConsumers } from './consumers/consumers.ts';
import { ingestRoutes, startIngest } from './ingest/app.ts';
import { readLines, readRecordAt } from './ingest/csv/line-index.ts';
import { assemble } from './platform/assemble.ts';
import { systemClock } from './platform/clock.ts';
import { createHttpServer } from './platform/http/server.ts';
import { createSignInLink } from './platform/http/sign-in.ts';
import { createLifecycle, LifecycleStoppedError, type Lifecycle } from './platform/lifecycle.ts';
import { createLogger } from './platform/logger.ts';

/** Consumers finish the batch they are at, requests their answer; neither takes longer than a few seconds. */
const PHASE = { startCapMs: 30_000, stopCapMs: 30_000 };
/** A terminal and npm both pass Ctrl-C on, so one press arrives twice. Only what comes later is meant as "at once". */
const SAME_SIGNAL_MS = 1_000;
/** How a command ends that has done its work. */
const DONE = Symbol('done');
const DASHBOARD = fileURLToPath(new URL('dashboard/build', import.meta.url));

/** Answers what ends only when something is broken, or a command is done. */
async function start(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<{ broken: Promise<unknown> }> {
  const { platform, adminKey, broken } = await assemble(config, lifecycle, logger);
  // The stores are migrated and the topic is there: that was it.
  if (config.command === 'migrate') return { broken: Promise.resolve(DONE) };
  const server = await createHttpServer({
    platform,
    adminKey,
    dashboardDirectory: config.roles.has('dashboard') ? DASHBOARD : undefined,
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
  if (config.roles.has('ingest')) {
    const publisher = await lifecycle.start(
      'publisher',
      () => startIngest(platform),
      (started) => started.stop(),
      PHASE,
    );
    await server.register(ingestRoutes(platform, publisher, config.uploadBytesMax));
  }
  if (config.roles.has('api')) await server.register(apiRoutes(platform, { readLines, readRecordAt }));
  await lifecycle.start(
    'HTTP',
    () => server.listen({ host: config.host, port: config.port }),
    () => server.close(),
    PHASE,
  );

  const { port } = server.server.address() as AddressInfo;
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  const url = config.publicUrl ?? `http://${host}:${port}`;
  welcome(
    config,
    url,
    config.roles.has('api') ? `${url}/sign-in?token=${await createSignInLink(platform.postgres, platform.clock)}` : undefined,
  );
  return { broken: Promise.all(failures) };
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

/** Runs until a signal, or until something that cannot be mended; either way everything is stopped in order. */
async function run(config: Config): Promise<number> {
  const logger = createLogger({ level: config.logLevel });
  const lifecycle = createLifecycle({ logger, clock: systemClock });
  const signalled = stopSignal();
  const failed = start(config, lifecycle, logger)
    .then((started) => started.broken)
    .then(
      (ended) => (ended === DONE ? undefined : 'a consumer has ended by itself'),
      (error: unknown) => error,
    );
  const reason = await Promise.race([signalled, failed]);
  if (reason !== undefined && !(reason instanceof LifecycleStoppedError)) {
    logger.debug({ err: reason }, 'stopping');
    console.error(`Tallyline has to stop: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
  await lifecycle.stop();
  return reason === undefined ? 0 : 1;
}

/** Resolves at the first SIGTERM or SIGINT. A later one leaves at once: what was acknowledged is durable anyway. */
function stopSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const onSignal = () => {
      const nowMs = systemClock.monotonicMs();
      if (firstAtMs !== undefined && nowMs - firstAtMs > SAME_SIGNAL_MS) process.exit(1);
      firstAtMs ??= nowMs;
      resolve(undefined);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

const outcome = readProcessConfig();
if (!outcome.ok) {
  console.error(describeFaults(outcome.faults));
  process.exitCode = 2;
} else {
  process.exit(await run(outcome.config));
}
