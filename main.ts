/**
 * Tallyline. `node main.ts --help` lists the options; config.ts has them all.
 *
 * Starts the stores, then the consumers, then what people and machines talk to; stops in reverse.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import { apiRoutes } from './api/app.ts';
import { describeFaults, readProcessConfig, type Config } from './config.ts';
import { startConsumers } from './consumers/consumers.ts';
import { ingestRoutes, startIngest } from './ingest/app.ts';
import { readLines, readRecordAt } from './ingest/csv/line-index.ts';
import { assemble } from './platform/assemble.ts';
import { systemClock } from './platform/clock.ts';
import { createHttpServer } from './platform/http/server.ts';
import { createSignInLink } from './platform/http/sign-in.ts';
import { createLifecycle } from './platform/lifecycle.ts';
import { createLogger } from './platform/logger.ts';

const STOP_CAP_MS = 30_000;
const DASHBOARD = fileURLToPath(new URL('dashboard/build', import.meta.url));

async function start(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel });
  const lifecycle = createLifecycle({ logger, clock: systemClock });
  const stop = stopOnSignal(() => lifecycle.stop());

  const { platform, data, broken } = await assemble(config, lifecycle, logger);
  const phase = { startCapMs: STOP_CAP_MS, stopCapMs: STOP_CAP_MS };
  const server = await createHttpServer({
    platform,
    adminKey: config.adminKey ?? (await data.adminKey()),
    dashboardDirectory: config.roles.has('dashboard') && existsSync(DASHBOARD) ? DASHBOARD : undefined,
  });
  const failures: Promise<unknown>[] = [broken];
  if (config.roles.has('consumers')) {
    const consumers = await lifecycle.start('consumers', () => startConsumers(platform), (started) => started.stop(), phase);
    failures.push(consumers.done);
  }
  if (config.roles.has('ingest')) {
    const publisher = await lifecycle.start('publisher', () => startIngest(platform), (started) => started.stop(), phase);
    await server.register(ingestRoutes(platform, publisher, config.uploadBytesMax));
  }
  if (config.roles.has('api')) await server.register(apiRoutes(platform, { readLines, readRecordAt }));
  await lifecycle.start('HTTP', () => server.listen({ host: config.host, port: config.port }), () => server.close(), phase);

  const { port } = server.server.address() as AddressInfo;
  await welcome(config, `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host}:${port}`, await createSignInLink(platform.postgres, platform.clock));
  Promise.all(failures).catch((error: unknown) => stop(error));
}

/** What a person needs to see, in plain words, whatever the log level. */
async function welcome(config: Config, url: string, token: string): Promise<void> {
  const key = config.adminKey === undefined ? `in ${config.dataDirectory}/admin-key` : 'from TALLYLINE_ADMIN_KEY';
  console.log(`
  Tallyline is ready at ${url}

  Sign in (works once):  ${url}/sign-in?token=${token}
  Key for scripts:       ${key}
  API reference:         ${url}/docs
  Data:                  ${config.dataDirectory}
`);
}

/** First signal: stop in order. Second signal: leave at once; what was acknowledged is durable anyway. */
function stopOnSignal(stop: () => Promise<void>): (error: unknown) => void {
  let stopping = false;
  const leave = (error?: unknown) => {
    if (stopping) process.exit(1);
    stopping = true;
    if (error !== undefined) console.error(error instanceof Error ? error.message : error);
    stop().then(
      () => process.exit(error === undefined ? 0 : 1),
      (failure: unknown) => {
        console.error(failure);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => leave());
  process.on('SIGINT', () => leave());
  return leave;
}

const outcome = readProcessConfig();
if (!outcome.ok) {
  console.error(describeFaults(outcome.faults));
  process.exitCode = 2;
} else {
  start(outcome.config).catch((error: unknown) => {
    console.error(`Tallyline could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
}
