/** The gateway of docker-compose.yml, as a process of its own: the real Caddy with the real file, on another port and before other addresses. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { CADDY_VARIABLE, CADDYFILE, provisionCaddy, type Caddy } from './provision-caddy.ts';

const caddy = findCaddy();

/** For `describe.skipIf(!caddyAvailable)`. */
export const caddyAvailable = caddy !== undefined;
/** Whether it understands the file as it is. */
export const caddyIsNew = caddy?.isNew === true;

/** By role, as the file names them. */
export type Upstreams = Record<'ingest' | 'api' | 'dashboard', string>;

export interface Gateway {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Ends Caddy when the pipe to this process closes, which it also does when this process is killed. The first line of output is its process id. */
const GUARD = '"$@" </dev/null 2>"$LOG" & caddy=$!; echo $caddy; cat >/dev/null; kill $caddy; wait';

/** `fullDuplex: false` is the file for a Caddy that does not know the option. */
export async function startGateway(upstreams: Upstreams, { fullDuplex }: { fullDuplex: boolean }): Promise<Gateway> {
  if (caddy === undefined) throw new Error('There is no Caddy: set CADDY_PATH, or install caddy or Go');
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-gateway-'));
  const port = await freePort();
  const text = await readFile(CADDYFILE, 'utf8');
  await writeFile(join(directory, 'Caddyfile'), moved(fullDuplex ? text : withoutFullDuplex(text), port, upstreams));
  const log = join(directory, 'log');
  const guard = spawn('sh', ['-c', GUARD, 'sh', caddy.path, 'run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: directory, LOG: log },
  });
  const ended = once(guard, 'exit');
  const [pid] = (await once(guard.stdout, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually('the gateway answers', async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.ok);
  } catch (error) {
    guard.stdin.end();
    throw new Error(`Caddy does not serve:\n${await readFile(log, 'utf8')}`, { cause: error });
  }
  return {
    url,
    pid: Number(pid.toString()),
    async stop() {
      guard.stdin.end();
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function findCaddy(): Caddy | undefined {
  const known = process.env[CADDY_VARIABLE];
  if (known !== undefined) return known === '' ? undefined : (JSON.parse(known) as Caddy);
  const outcome = provisionCaddy();
  return outcome.ok ? outcome.caddy : undefined;
}

function moved(text: string, port: number, upstreams: Upstreams): string {
  let there = replaced(text, ':80 {', `:${port} {\n\tbind 127.0.0.1`);
  for (const [role, url] of Object.entries(upstreams))
    there = replaced(there, `reverse_proxy ${role}:4000 {`, `reverse_proxy ${new URL(url).host} {`);
  return there;
}

/** As the file itself says how. */
function withoutFullDuplex(text: string): string {
  return replaced(replaced(text, /servers \{[^}]*\}/, ''), /header_up Tallyline-Full-Duplex 1/, '');
}

function replaced(text: string, what: string | RegExp, by: string): string {
  const there = text.replace(what, by);
  if (there === text) throw new Error(`gateway/Caddyfile has no ${String(what)}`);
  return there;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
