/** Caddy as a process of its own, with a configuration of the caller's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { CADDY_VARIABLE, provisionCaddy, type Caddy } from './provision-caddy.ts';

const caddy = findCaddy();

/** For `describe.skipIf(!caddyAvailable)`. */
export const caddyAvailable = caddy !== undefined;
/** Whether it understands gateway/Caddyfile as it is. */
export const caddyIsNew = caddy?.isNew === true;

export interface RunningCaddy {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Ends Caddy when the pipe to this process closes, which it also does when this process is killed. The first line of output is its process id. */
const GUARD = '"$@" </dev/null 2>"$LOG" & caddy=$!; echo $caddy; cat >/dev/null; kill $caddy; wait';

/** `serves`: whether it answers. */
export async function runCaddy(caddyfile: string, serves: () => Promise<boolean>): Promise<RunningCaddy> {
  if (caddy === undefined) throw new Error('There is no Caddy: set CADDY_PATH, or install caddy or Go');
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-caddy-'));
  const config = join(directory, 'Caddyfile');
  await writeFile(config, caddyfile);
  const log = join(directory, 'log');
  const guard = spawn('sh', ['-c', GUARD, 'sh', caddy.path, 'run', '--adapter', 'caddyfile', '--config', config], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: directory, LOG: log },
  });
  const ended = once(guard, 'exit');
  const [pid] = (await once(guard.stdout, 'data')) as [Buffer];
  try {
    await eventually('Caddy answers', serves);
  } catch (error) {
    guard.stdin.end();
    throw new Error(`Caddy does not serve:\n${await readFile(log, 'utf8')}`, { cause: error });
  }
  return {
    pid: Number(pid.toString()),
    async stop() {
      guard.stdin.end();
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function findCaddy(): Caddy | undefined {
  const known = process.env[CADDY_VARIABLE];
  if (known !== undefined) return known === '' ? undefined : (JSON.parse(known) as Caddy);
  const outcome = provisionCaddy();
  return outcome.ok ? outcome.caddy : undefined;
}
