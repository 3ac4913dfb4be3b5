/** The life of the process: starting, being refused, stopping, and what stays. */
import { readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { processesUnder } from '../support/processes.ts';
import { makeDataDirectory, runToEnd, startTallyline } from '../support/tallyline.ts';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeEach(async () => {
  directory = await makeDataDirectory();
});
afterEach(() => directory.remove());

const TEXT = 'id,customer,time,quantity,meter\n1,c1,2026-01-01T00:00:00Z,2.5,m\n2,c2,2026-01-01T01:00:00Z,4,m\n';

describe('starting and stopping', () => {
  test('SIGTERM leaves no process behind, and a second start has everything', async () => {
    const first = await startTallyline({ dataDirectory: directory.path });
    expect((await importFile(first, TEXT)).status).toBe('complete');
    expect(await processesUnder(directory.path)).not.toEqual([]);
    expect(await first.stop()).toBe(0);
    expect(await processesUnder(directory.path)).toEqual([]);

    const second = await startTallyline({ dataDirectory: directory.path });
    expect(await usageTotals(second)).toEqual({ m: '6.5' });
    expect((await importFile(second, TEXT)).events).toMatchObject({ accepted: 0, duplicate: 2 });
    expect(await second.stop()).toBe(0);
    expect(await processesUnder(directory.path)).toEqual([]);
  });

  test('after SIGKILL the next start ends the orphaned Postgres and goes on', async () => {
    const first = await startTallyline({ dataDirectory: directory.path });
    await importFile(first, TEXT);
    await first.kill();
    const second = await startTallyline({ dataDirectory: directory.path });
    expect(await usageTotals(second)).toEqual({ m: '6.5' });
    await second.stop();
    expect(await processesUnder(directory.path)).toEqual([]);
  });

  test('an import that was stopped in the middle is finished by the next start', async () => {
    const rows = Array.from({ length: 120_000 }, (_, n) => `${n},c${n % 50},2026-01-01T00:00:00Z,1,m\n`).join('');
    const first = await startTallyline({ dataDirectory: directory.path });
    const { id } = await importFile(first, `id,customer,time,quantity,meter\n${rows}`, { wait: false });
    expect(await first.stop()).toBe(0);
    const second = await startTallyline({ dataDirectory: directory.path });
    const done = await eventually('the import completes', async () => {
      const view = await second.json<Import>(`/v1/imports/${id}`);
      return view.status === 'complete' && view;
    });
    expect(done.events).toEqual({ published: 120_000, accepted: 120_000, duplicate: 0, conflict: 0, dead: 0 });
    expect(await usageTotals(second)).toEqual({ m: '120000' });
    await second.stop();
  });
});

describe('the first start', () => {
  test('is for this machine and this user only', async () => {
    const tallyline = await startTallyline({ dataDirectory: directory.path });
    expect(await listeners(tallyline.pid)).toEqual(['127.0.0.1']);
    expect(tallyline.output()).not.toContain('WARNING');
    const modeOf = async (name: string) => ((await stat(join(directory.path, name))).mode & 0o777).toString(8);
    expect(await modeOf('admin-key')).toBe('600');
    // Where root starts it, the user that Postgres then runs as may go through, and read nothing.
    expect(['700', '710']).toContain(await modeOf('.'));
    // Made at random: nobody's to guess, and another one for each installation.
    expect(tallyline.key).toMatch(/^[0-9a-f]{48}$/);
    for (const key of ['', 'admin', 'password', 'tallyline', 'changeme']) {
      const { status } = await tallyline.fetch('/v1/customers', { headers: { authorization: `Bearer ${key}` } });
      expect([key, status]).toEqual([key, 401]);
    }
    await tallyline.stop();
  });

  test('that listens for other machines in the clear says so', async () => {
    const tallyline = await startTallyline({ dataDirectory: directory.path, args: ['--host', '0.0.0.0'] });
    expect(tallyline.output()).toContain('WARNING: Tallyline listens on 0.0.0.0');
    await tallyline.stop();
  });
});

/** The addresses at which a process takes TCP connections (proc(5), /proc/[pid]/net/tcp), without those of its children. */
async function listeners(pid: number): Promise<string[]> {
  const sockets = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const own = new Set(sockets.map((socket) => /^socket:\[(\d+)\]$/.exec(socket)?.[1]));
  const LISTEN = '0A';
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')));
  return tables
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTEN && own.has(inode))
    .map(([, address = '']) => addressOf(address.split(':')[0] ?? ''));
}

/** `0100007F`: the bytes of an IPv4 address, the last first. */
function addressOf(hex: string): string {
  return hex.length === 8 ? [...Buffer.from(hex, 'hex').reverse()].join('.') : hex;
}

describe('refusals', () => {
  test('a data directory in use names who uses it', async () => {
    const running = await startTallyline({ dataDirectory: directory.path });
    const refused = await runToEnd(['--port', '0', '--data', directory.path]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/in use/);
    expect(refused.output).toContain(String(running.pid));
    expect((await importFile(running, TEXT)).status).toBe('complete');
    await running.stop();
  });

  test('a data directory of a newer version is left as it is', async () => {
    const running = await startTallyline({ dataDirectory: directory.path });
    await running.stop();
    const file = join(directory.path, 'tallyline.json');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), format: 999 }));
    const before = await readdir(directory.path);
    const refused = await runToEnd(['--port', '0', '--data', directory.path]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/newer/);
    expect(await readdir(directory.path)).toEqual(before);
  });

  test('every fault of the configuration is named at once', async () => {
    const refused = await runToEnd(['--port', 'many', '--data', directory.path, '--roles', 'ingest,cook'], {
      TALLYLINE_ADMIN_KEY: 'short',
    });
    expect(refused.code).toBe(2);
    for (const fault of ['--port', 'cook', 'TALLYLINE_ADMIN_KEY']) expect(refused.output).toContain(fault);
    await expect(readdir(directory.path)).rejects.toThrow();
    await rm(directory.path, { recursive: true, force: true });
  });
});
