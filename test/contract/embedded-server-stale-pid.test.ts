/** A postmaster.pid that was left behind: its number may stand for anything by now. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';
import { processStartedAt } from '../../platform/process-identity.ts';
import { eventually } from '../support/eventually.ts';

let base: string;
const servers: EmbeddedPostgres[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tallyline-stale-'));
  await chmod(base, 0o755);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await rm(base, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const logger = pino({ level: 'silent' });
  const server = await startEmbeddedPostgres({ dataDirectory: join(base, 'postgres'), systemDirectory: join(base, 'system'), logger });
  servers.push(server);
  return server;
}

async function postmasterPid({ location }: EmbeddedPostgres): Promise<number> {
  return Number((await readFile(join(location, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** As a postmaster leaves it that had no time to remove it. */
async function leaveBehind({ location }: EmbeddedPostgres, pid: number): Promise<void> {
  const lines = [pid, location, '1700000000', '5432', '', '127.0.0.1', '', 'ready'];
  await writeFile(join(location, 'postmaster.pid'), lines.join('\n'));
}

it('a process that merely has the number is left alone', async () => {
  const first = await start();
  await first.stop();
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(bystander, 'spawn');
  const pid = bystander.pid as number;
  await leaveBehind(first, pid);
  const ended = once(bystander, 'exit');
  const server = await start();
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  expect(await postmasterPid(server)).not.toBe(pid);
  bystander.kill();
  await ended;
});

it('a postmaster that is dead, but of which its parent has not taken notice, does not keep the next from starting', async () => {
  const first = await start();
  await first.stop();
  // The shell turns into a program that never asks after its child, which outlives the shell and then ends.
  // Both belong to the user Postgres runs as: others' processes Postgres does not take for a postmaster.
  const { uid, gid } = await stat(first.location);
  const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 600'], { uid, gid, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const dead = Number(line.toString());
    await eventually('the child is dead', async () => (await processStartedAt(dead)) === undefined);
    expect(process.kill(dead, 0)).toBe(true);
    await leaveBehind(first, dead);
    expect(await postmasterPid(await start())).not.toBe(dead);
  } finally {
    parent.kill('SIGKILL');
  }
});
