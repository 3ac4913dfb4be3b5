import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries, whyNotRunnable } from '../../platform/postgres/embedded-binaries.ts';
import { locateCluster } from '../../platform/postgres/embedded-location.ts';
import { startEmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';
import type { EmbeddedPostgres } from '../../platform/postgres/embedded-server.ts';
import type { PostgresConnection } from '../../platform/postgres/pg-driver.ts';
import { processStartedAt } from '../../platform/process-identity.ts';

const OWNER_SCRIPT = fileURLToPath(new URL('../support/embedded-postgres-owner.ts', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;

let base: string;
let data: string;
let logged: string[];
let servers: EmbeddedPostgres[];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tallyline server ü-'));
  await chmod(base, 0o755);
  data = join(base, 'Daten für "Kunden" & mehr');
  await mkdir(data, { mode: 0o700 });
  logged = [];
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  await rm(base, { recursive: true, force: true });
});

async function start(options: { data?: string; systemDirectory?: string } = {}): Promise<EmbeddedPostgres> {
  const logger = pino({ level: 'info' }, { write: (line) => logged.push(line) });
  const { data: at = data, systemDirectory = join(base, 'system') } = options;
  const server = await startEmbeddedPostgres({ dataDirectory: join(at, 'postgres'), systemDirectory, logger });
  servers.push(server);
  return server;
}

async function query(connection: PostgresConnection, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function messages(): string[] {
  return logged.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

async function postmasterPid(server: EmbeddedPostgres): Promise<number> {
  return Number((await readFile(join(server.location, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('the embedded server', () => {
  it('starts with the settings that keep data safe, and leaves no process behind', async () => {
    const server = await start();
    expect(server.connection).toMatchObject({ host: '127.0.0.1', database: 'tallyline' });
    const settings = await query(
      server.connection,
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses',
         'unix_socket_directories', 'server_encoding', 'TimeZone', 'password_encryption') ORDER BY name COLLATE "C"`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      TimeZone: 'UTC',
      data_checksums: 'on',
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      password_encryption: 'scram-sha-256',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
      unix_socket_directories: '',
    });
    const pids = [
      await postmasterPid(server),
      ...(await query(server.connection, 'SELECT pid FROM pg_stat_activity')).map(({ pid }) => Number(pid)),
    ];
    expect(pids.length).toBeGreaterThan(3);
    await server.stop();
    await server.stop();
    for (const pid of pids) expect(await processStartedAt(pid)).toBeUndefined();
  });

  it('asks for its password, and keeps it from other users', async () => {
    const server = await start();
    await expect(query({ ...server.connection, password: 'guess' }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(server.location, 'tallyline-credentials.json'))).mode & 0o777).toBe(0o600);
  });

  it('finds its data again at the second start', async () => {
    const first = await start();
    await query(first.connection, "CREATE TABLE kept AS SELECT 'Grüße' AS word");
    await first.stop();
    const second = await start();
    expect(second.location).toBe(first.location);
    expect(await query(second.connection, 'SELECT word FROM kept')).toEqual([{ word: 'Grüße' }]);
  });

  it('takes over from a process that was killed, whose Postgres still runs', async () => {
    const owner = spawn(process.execPath, [OWNER_SCRIPT, join(data, 'postgres'), join(base, 'system')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
    const connection = JSON.parse(line) as PostgresConnection;
    await query(connection, 'CREATE TABLE kept AS SELECT 1 AS one');
    const [orphan] = await query(connection, "SELECT pg_read_file('postmaster.pid') AS text");
    const orphanPid = Number(String(orphan?.['text']).split('\n')[0]);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await processStartedAt(orphanPid)).toBeDefined();

    const server = await start();
    expect(await processStartedAt(orphanPid)).toBeUndefined();
    expect(await postmasterPid(server)).not.toBe(orphanPid);
    expect(await query(server.connection, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('says so when it ends by itself, and recovers what was committed at the next start', async () => {
    const server = await start();
    await query(server.connection, 'CREATE TABLE kept AS SELECT 1 AS one');
    process.kill(await postmasterPid(server), 'SIGKILL');
    await expect(server.died).rejects.toThrow('Postgres has ended by itself (signal SIGKILL)');
    await server.stop();
    const second = await start();
    expect(await query(second.connection, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('does not call an asked-for stop a death', async () => {
    const server = await start();
    let died = false;
    server.died.catch(() => {
      died = true;
    });
    await server.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(died).toBe(false);
  });

  it('starts over after an interrupted first start, and deletes nothing that it did not make', async () => {
    await mkdir(join(data, 'postgres.new-0badcafe', 'cluster'), { recursive: true });
    await writeFile(join(data, 'postgres.new-0badcafe', 'cluster', 'PG_VERSION'), '18\n');
    await mkdir(join(data, 'postgres', 'base'), { recursive: true });
    await writeFile(join(data, 'postgres', 'PG_VERSION'), '18\n');
    const server = await start();
    expect(await query(server.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const names = (await readdir(data)).filter((name) => name.startsWith('postgres')).map((name) => name.replace(/-[0-9a-f]{8}$/, '-…'));
    expect(names.sort()).toEqual(['postgres', 'postgres.incomplete-…', 'postgres.log']);
  });

  it('refuses data of another major version', async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(server.location, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow('was written by PostgreSQL 17');
  });

  it('empties a log that has grown too long, and keeps rows out of it', async () => {
    await writeFile(join(data, 'postgres.log'), 'x'.repeat(10_000_001));
    const server = await start();
    await query(server.connection, "CREATE TABLE people (name text PRIMARY KEY); INSERT INTO people VALUES ('Ada Secret')");
    await expect(query(server.connection, "INSERT INTO people VALUES ('Ada Secret')")).rejects.toMatchObject({ code: '23505' });
    const log = await readFile(join(data, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key value violates unique constraint "people_pkey"');
    expect(log).not.toContain('Secret');
    expect(log.length).toBeLessThan(10_000);
  });
});

describe('where Postgres lies', () => {
  it('is the data directory, when whoever runs Postgres can enter it', async () => {
    const server = await start();
    expect(server.location).toBe(join(data, 'postgres'));
    const said = IS_ROOT ? 'Postgres runs as user postgres; its data is in' : 'Postgres keeps its data in';
    expect(messages()).toContain(`${said} ${server.location}`);
  });

  it('is the system directory for root, when the data directory is closed to others; for anyone else the data directory', async () => {
    await chmod(base, 0o700);
    const systemBase = await mkdtemp(join(tmpdir(), 'tallyline-system-'));
    await chmod(systemBase, 0o755);
    try {
      const systemDirectory = join(systemBase, 'lib', 'tallyline');
      const server = await start({ systemDirectory });
      if (!IS_ROOT) {
        expect(server.location).toBe(join(data, 'postgres'));
        expect(await readdir(systemBase)).toEqual([]);
        return;
      }
      expect(dirname(dirname(server.location))).toBe(systemDirectory);
      expect(JSON.parse(await readFile(join(data, 'postgres-location.json'), 'utf8'))).toMatchObject({ location: server.location });
      expect((await stat(server.location)).uid).not.toBe(0);
      expect(messages()).toContain(`Postgres runs as user postgres; its data is in ${server.location}`);
      await query(server.connection, 'CREATE TABLE kept AS SELECT 1 AS one');
      await server.stop();

      // Moved, the data directory still finds its Postgres; copied, it must not share it; and nothing else will do.
      await rename(data, `${data} moved`);
      const moved = await start({ data: `${data} moved`, systemDirectory });
      expect(await query(moved.connection, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
      await moved.stop();
      await cp(`${data} moved`, data, { recursive: true });
      await expect(start({ systemDirectory })).rejects.toThrow('is a copy of');
      await rename(server.location, `${server.location}.gone`);
      await expect(start({ data: `${data} moved`, systemDirectory })).rejects.toThrow('Put it back from a backup');
    } finally {
      for (const server of servers) await server.stop();
      await rm(systemBase, { recursive: true, force: true });
    }
  });

  it('is refused with what to do, when root can use neither; nobody else needs the system directory', async () => {
    await chmod(base, 0o700);
    const started = start({ systemDirectory: join(base, 'system') });
    if (IS_ROOT)
      await expect(started).rejects.toThrow(/may not enter .*Set TALLYLINE_SYSTEM_DIRECTORY to a directory that every user may enter/);
    else expect((await started).location).toBe(join(data, 'postgres'));
  });

  it('stays where it was made, also when the way in has been closed since', async () => {
    const first = await start();
    await first.stop();
    await chmod(base, 0o700);
    if (IS_ROOT) await expect(start()).rejects.toThrow(`may not enter ${base}`);
    await chmod(base, 0o755);
    expect((await start()).location).toBe(first.location);
  });

  it('is given to the user Postgres runs as, when root has put back a backup', async () => {
    const first = await start();
    await query(first.connection, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.stop();
    const backup = join(base, 'backup');
    await cp(first.location, backup, { recursive: true });
    await rm(first.location, { recursive: true });
    await cp(backup, first.location, { recursive: true });
    expect((await stat(first.location)).uid).toBe(process.getuid?.());
    const second = await start();
    expect(await query(second.connection, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    expect((await stat(second.location)).uid === 0).toBe(false);
  });

  it('has its programs beside it, once, when only root can reach those that npm has installed', async () => {
    const installed = await findBinaries();
    const closed = join(base, 'closed to others');
    await cp(installed.directory, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    await chmod(closed, 0o700);
    const directory = join(closed, 'native');
    const binaries = { ...installed, directory, initdb: join(directory, 'bin', 'initdb'), postgres: join(directory, 'bin', 'postgres') };
    const systemDirectory = join(base, 'system');
    const locate = () => locateCluster({ dataDirectory: join(data, 'postgres'), systemDirectory, binaries });

    const { binaries: used, account } = await locate();
    if (!IS_ROOT) {
      expect([used, account]).toEqual([binaries, undefined]);
      return;
    }
    expect(dirname(used.directory)).toBe(systemDirectory);
    expect(await whyNotRunnable(used, account)).toBeUndefined();
    const copiedAt = (await stat(used.directory)).ino;
    expect((await locate()).binaries).toEqual(used);
    expect((await stat(used.directory)).ino).toBe(copiedAt);

    await rm(join(used.directory, 'lib'), { recursive: true });
    expect(await whyNotRunnable(used, account)).toBeDefined();
    await locate();
    expect(await whyNotRunnable(used, account)).toBeUndefined();
    expect(await readdir(systemDirectory)).toEqual([basename(used.directory)]);
  });
});
