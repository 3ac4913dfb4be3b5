/** Embedded mode under faults: one process with its Postgres, on a small disk of its own where the machine lets us mount one. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connectEmbedded } from '../../support/embedded-postgres.ts';
import { eventually } from '../../support/eventually.ts';
import { killAll, processesUnder } from '../../support/processes.ts';
import { makeDataDirectory, startTallyline } from '../../support/tallyline.ts';
import { fillDisk, mountDisk, unmountDisk } from './disk.ts';
import type { PlannedFault } from './planned-fault.ts';
import { supervise } from './supervised.ts';
import type { System } from './system.ts';

const run = promisify(execFile);
/** Room for a cluster, its WAL and a seed's data; a filler takes the rest. */
const DISK = '700m';
/** What a process that is gone was sending is looked after within seconds. */
const LEASE_SECONDS = '3';
const READER = new URL('read-clickhouse.ts', import.meta.url).pathname;

/** A migrated, empty data directory to begin from: most of a first start is spent on making it. */
export async function makeTemplate(): Promise<Awaited<ReturnType<typeof makeDataDirectory>>> {
  const template = await makeDataDirectory('tallyline-faults-template-');
  const tallyline = await startTallyline({ dataDirectory: template.path });
  await tallyline.stop();
  return template;
}

export async function startEmbeddedSystem(template: string): Promise<System> {
  const directory = await makeDataDirectory('tallyline-faults-');
  const root = join(directory.path, '..');
  const mounted = await mountDisk(root, DISK);
  await run('cp', ['-a', template, directory.path]);
  const tallyline = supervise('tallyline', join(root, 'kill-at'), (env) =>
    startTallyline({ dataDirectory: directory.path, env: { ...env, TALLYLINE_LEASE_SECONDS: LEASE_SECONDS } }),
  );
  const met: string[] = [];

  const faults: Record<string, (fault: PlannedFault) => Promise<void>> = {
    'kill at a moment': ({ moment, nth }) => tallyline.killAt(moment, nth),
    'kill the process': async () => tallyline.kill(),
    'kill everything': async () => killAll(await processesUnder(directory.path)),
    'kill Postgres': async () => killAll((await processesUnder(directory.path)).filter((line) => /postgres.* -D /.test(line))),
    'cut connections': () => onBackends(directory.path, 'SIGTERM'),
    'kill a backend': ({ target }) => onBackends(directory.path, 'SIGKILL', target),
    freeze: async ({ forMs }) => {
      tallyline.freeze();
      await pause(forMs);
      tallyline.thaw();
    },
    'disk full': async ({ forMs }) => {
      if (mounted) await fillDisk(root, () => pause(forMs));
      else met.push('(not possible: no disk of our own could be mounted)');
    },
  };

  return {
    kinds: Object.keys(faults),
    async call(path, init) {
      if (!tallyline.running) throw new Error('down');
      return tallyline.running.fetch(path, init);
    },
    ingest() {
      if (!tallyline.running) throw new Error('down');
      return tallyline.running;
    },
    async meet(fault) {
      met.push(fault.kind);
      await faults[fault.kind]?.(fault);
    },
    async heal() {
      tallyline.thaw();
      await eventually('the process answers', async () => (await tallyline.running?.fetch('/health/ready').catch(() => undefined))?.ok);
    },
    async postgres(sql) {
      const client = await connectEmbedded(directory.path);
      try {
        return (await client.query(sql)).rows as never;
      } finally {
        await client.end();
      }
    },
    stop: () => tallyline.stop(),
    async clickhouse(sql) {
      const { stdout } = await run(process.execPath, [READER, join(directory.path, 'clickhouse'), sql], { maxBuffer: 1e9 });
      return JSON.parse(stdout) as never;
    },
    report: () => [...met, ...tallyline.endedAt.map((moment) => `ended at ${moment}`)].join(', '),
    output: tallyline.output,
    async close() {
      await tallyline.stop().catch(() => undefined);
      await killAll(await processesUnder(directory.path));
      if (mounted) await unmountDisk(root);
      await directory.remove();
    },
  };
}

/** Backends are children of the postmaster that call themselves `postgres: user database …`. */
async function onBackends(dataDirectory: string, signal: NodeJS.Signals, target?: number): Promise<void> {
  const postmaster = (await processesUnder(dataDirectory)).find((line) => /postgres.* -D /.test(line));
  if (!postmaster) return;
  const { stdout } = await run('ps', ['--ppid', String(Number.parseInt(postmaster, 10)), '-o', 'pid=,args=', '-ww']).catch(() => ({
    stdout: '',
  }));
  const backends = stdout
    .split('\n')
    .filter((line) => / tallyline 127\.0\.0\.1/.test(line))
    .map((line) => Number.parseInt(line, 10));
  const chosen = target === undefined ? backends : backends.length === 0 ? [] : [backends[target % backends.length] as number];
  for (const pid of chosen) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
