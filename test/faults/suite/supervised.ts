/** A process of Tallyline that is started again whenever it ends, as a service manager does it. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Moment } from '../../../platform/moments.ts';
import type { Tallyline } from '../../support/tallyline.ts';

/** As a service manager waits before it starts again what has ended. */
const RESTART_MS = 200;
const PRELOAD = new URL('kill-at-moment.ts', import.meta.url).href;

export interface Supervised {
  readonly name: string;
  /** Undefined while it is down. */
  readonly running: Tallyline | undefined;
  /** What all of its lives have printed, newest last, cut to what a person reads. */
  output(): string;
  /** SIGKILL; it comes back by itself. */
  kill(): void;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** It ends at the n-th such moment from now on, unless it is told another one before. */
  killAt(moment: Moment, nth: number): Promise<void>;
  /** Moments at which it has ended. */
  readonly endedAt: readonly string[];
  /** SIGTERM, and no further start. Throws when it did not end in order. */
  stop(): Promise<void>;
}

const OUTPUT_CHARACTERS_MAX = 200_000;

/** `start` is given the environment by which it can be ended at a moment. */
export function supervise(name: string, killFile: string, start: (env: Record<string, string>) => Promise<Tallyline>): Supervised {
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, TALLYLINE_KILL_FILE: killFile };
  let running: Tallyline | undefined;
  let stopping = false;
  let armed: string | undefined;
  const endedAt: string[] = [];
  let printed = '';
  const keep = (text: string) => {
    printed = `${printed}\n--- ${name}\n${text}`.slice(-OUTPUT_CHARACTERS_MAX);
  };

  const lives = (async () => {
    while (!stopping) {
      try {
        running = await start(env);
      } catch (error) {
        keep(error instanceof Error ? error.message : String(error));
        await pause(RESTART_MS);
        continue;
      }
      if (stopping) await running.stop();
      await running.ended;
      // The process takes its order away when it follows it.
      if (armed !== undefined && !existsSync(killFile)) endedAt.push(armed);
      if (!existsSync(killFile)) armed = undefined;
      keep(running.output());
      running = undefined;
      if (!stopping) await pause(RESTART_MS);
    }
  })();

  const signal = (what: NodeJS.Signals) => {
    if (running) process.kill(running.pid, what);
  };
  return {
    name,
    get running() {
      return running;
    },
    output: () => printed + (running?.output() ?? ''),
    kill: () => signal('SIGKILL'),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    endedAt,
    async killAt(moment, nth) {
      armed = `${moment}:${nth}`;
      await writeFile(killFile, armed);
    },
    async stop() {
      stopping = true;
      armed = undefined;
      await rm(killFile, { force: true });
      await running?.stop();
      await lives;
    },
  };
}
