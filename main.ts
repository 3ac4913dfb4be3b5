/**
 * Tallyline. config.ts has the options, serve.ts what is started, cli/ the commands for a Tallyline that runs.
 *
 * The life of the process: how it is asked to stop, and how it ends.
 */
import { enableCompileCache } from 'node:module';
import type { Logger } from 'pino';
import { isClientCommand, runClientCommand } from './cli/app.ts';
import { describeFaults, processEnvironment, readProcessConfig, type Config } from './config.ts';
import { systemClock } from './platform/clock.ts';
import { createLifecycle, LifecycleStoppedError, type Lifecycle } from './platform/lifecycle.ts';
import { createLogger } from './platform/logger.ts';

/** A terminal and npm both pass Ctrl-C on, so one press arrives twice. Only what comes later is meant as "at once". */
const SAME_SIGNAL_MS = 1_000;

/** Runs until a signal, or until something that cannot be mended; either way everything is stopped in order. */
async function run(config: Config): Promise<number> {
  const logger = createLogger({ level: config.logLevel });
  const lifecycle = createLifecycle({ logger, clock: systemClock });
  const signalled = stopSignal();
  const failed = serve(config, lifecycle, logger).then(
    (ended) => (ended === 'done' ? undefined : 'a consumer has ended by itself'),
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

/** Loaded only here: a command has its answer before the engines are in memory. */
async function serve(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<unknown> {
  const { start } = await import('./serve.ts');
  const { broken } = await start(config, lifecycle, logger);
  return broken;
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

// A third of the time until the first module runs goes into stripping types and compiling, the same at every start.
enableCompileCache();
const args = process.argv.slice(2);
if (isClientCommand(args)) {
  const terminal = { out: (text: string) => process.stdout.write(text), err: (text: string) => process.stderr.write(text) };
  process.exitCode = await runClientCommand(args, processEnvironment(), terminal);
} else {
  const outcome = readProcessConfig();
  if (outcome.ok) process.exit(await run(outcome.config));
  console.error(describeFaults(outcome.faults));
  process.exitCode = 2;
}
