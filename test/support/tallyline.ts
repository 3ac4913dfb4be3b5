/** The real program as a process of its own, on a data directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
/** Started as `npm start` does it, flags included: they bound the memory. */
export const programFlags: readonly string[] = scripts.start.split(' ').filter((word) => word.startsWith('--'));
/** First starts on a busy machine take some 10 s; recovery after a kill a few more. */
const READY_MS = 120_000;

export interface Tallyline {
  readonly url: string;
  readonly signInUrl: string;
  readonly key: string;
  readonly pid: number;
  readonly dataDirectory: string;
  /** Resolves when the process has ended, however. */
  readonly ended: Promise<unknown>;
  /** Everything printed so far. */
  output(): string;
  /** A call with the admin key. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  json<T>(path: string, init?: RequestInit): Promise<T>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
}

export interface StartOptions {
  dataDirectory: string;
  env?: Record<string, string>;
  args?: string[];
}

/** A data directory and whatever runs on it; `remove` ends both. */
export async function makeDataDirectory(name = 'tallyline-'): Promise<{ path: string; remove: () => Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), name));
  // As root, Postgres runs as a user of its own, who has to get in.
  await chmod(parent, 0o755);
  return { path: join(parent, 'data'), remove: () => rm(parent, { recursive: true, force: true, maxRetries: 5 }) };
}

export async function startTallyline({ dataDirectory, env = {}, args = [] }: StartOptions): Promise<Tallyline> {
  const systemDirectory = join(dataDirectory, '..', 'system');
  const child = spawn(process.execPath, [...programFlags, join(ROOT, 'main.ts'), '--port', '0', '--data', dataDirectory, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TALLYLINE_SYSTEM_DIRECTORY: systemDirectory, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = once(child, 'exit');
  await waitForOutput(child, output, /ready at \S+\n/);
  const url = /ready at (\S+)/.exec(output())?.[1] as string;
  // Empty where the process has no API role.
  const signInUrl = /(http\S+token=\S+)/.exec(output())?.[1] ?? '';
  const key = env['TALLYLINE_ADMIN_KEY'] ?? (await readFile(join(dataDirectory, 'admin-key'), 'utf8')).trim();
  const call = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
  return {
    url,
    signInUrl,
    key,
    pid: child.pid as number,
    dataDirectory,
    ended,
    output,
    fetch: call,
    async json<T>(path: string, init?: RequestInit) {
      const response = await call(path, init);
      const text = await response.text();
      if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
      if (/did not stop in time/.test(output())) throw new Error(`a phase did not stop in time:\n${output()}`);
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs the program until it ends by itself: commands, and starts that must be refused. `stdout` alone has no progress and no faults. */
export async function runToEnd(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string; stdout: string }> {
  const child = spawn(process.execPath, [...programFlags, join(ROOT, 'main.ts'), ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  let stdout = '';
  child.stdout.on('data', (chunk: string) => (stdout += chunk));
  await once(child, 'close');
  return { code: child.exitCode, output: output(), stdout };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

async function waitForOutput(child: ChildProcess, output: () => string, pattern: RegExp): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`${why}; it printed:\n${output()}`));
    };
    const timer = setTimeout(() => fail(`not ready within ${READY_MS} ms`), READY_MS);
    const check = () => {
      if (!pattern.test(output())) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', check);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal}`);
    });
  });
}
