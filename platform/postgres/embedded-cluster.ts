/**
 * The embedded server's cluster: the directory that initdb makes.
 *
 * It is made under another name and renamed when it is complete, so a cluster either is there with its credentials file
 * or is not there; an interrupted first start leaves only `….new-…` beside it, which the next one clears away.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, lchown, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Account } from './embedded-account.ts';
import { PROGRAM_ENVIRONMENT } from './embedded-binaries.ts';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';

export interface Credentials {
  user: string;
  password: string;
}

/** Inside the cluster; Postgres leaves files it does not know alone. Written last, so it also marks the cluster complete. */
const CREDENTIALS_FILE = 'tallyline-credentials.json';
const SUPERUSER = 'tallyline';

/** initdb takes one to three seconds; on the slowest disks ten. Beyond this something is stuck. */
const INITDB_TIMEOUT_MS = 120_000;

/** The credentials of a complete cluster; undefined when there is none in the directory. */
export async function readCredentials(directory: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    await readFile(join(directory, 'PG_VERSION'));
    text = await readFile(join(directory, CREDENTIALS_FILE), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  return JSON.parse(text) as Credentials;
}

/** Throws when the cluster was written by another major version than the programs are. */
export async function checkVersion(directory: string, binaries: Binaries): Promise<void> {
  const written = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  const [brought] = binaries.version.split('.');
  if (written === brought) return;
  throw new EmbeddedPostgresError(
    `The Postgres data in ${directory} was written by PostgreSQL ${written}, and this version of Tallyline brings PostgreSQL ${brought}. ` +
      `Start the version of Tallyline that wrote it, or convert the data with pg_upgrade.`,
  );
}

/** Makes the cluster. Whatever else stands in the directory is moved aside, never deleted; answers its new name. */
export async function createCluster(
  directory: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<{ movedAside: string | undefined }> {
  const parent = dirname(directory);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(directory)}.new-`)) continue;
    // An initdb that outlived its starter may still be writing there; it fails by itself once its files are gone.
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  const workshop = `${directory}.new-${randomBytes(4).toString('hex')}`;
  const unfinished = join(workshop, 'cluster');
  const passwordFile = join(workshop, 'password');
  const credentials: Credentials = { user: SUPERUSER, password: randomBytes(24).toString('base64url') };
  await mkdir(workshop, { mode: 0o700 });
  await writeFile(passwordFile, credentials.password, { mode: 0o600 });
  if (account !== undefined) for (const path of [workshop, passwordFile]) await chown(path, account.uid, account.gid);

  await runInitdb(binaries, account, unfinished, passwordFile);
  const credentialsFile = join(unfinished, CREDENTIALS_FILE);
  await writeFile(credentialsFile, `${JSON.stringify(credentials)}\n`, { mode: 0o600, flush: true });
  if (account !== undefined) await chown(credentialsFile, account.uid, account.gid);
  await syncDirectory(unfinished);

  const movedAside = await moveAside(directory);
  await rename(unfinished, directory);
  await syncDirectory(parent);
  await rm(workshop, { recursive: true, force: true });
  return { movedAside };
}

/** Gives a directory and all in it to the account. */
export async function giveTo(account: Account, directory: string): Promise<void> {
  await lchown(directory, account.uid, account.gid);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function runInitdb(binaries: Binaries, account: Account | undefined, directory: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${directory}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Postgres's own C.UTF-8: the same order on every machine, whatever its C library knows.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
  ];
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that Ctrl-C reaches only us and a first start can end in order.
    const child = spawn(binaries.initdb, args, {
      cwd: '/',
      detached: true,
      env: PROGRAM_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: INITDB_TIMEOUT_MS,
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once('error', (error) => reject(new EmbeddedPostgresError(`initdb could not be run: ${error.message}`, { cause: error })));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new EmbeddedPostgresError(`initdb could not make ${directory} (${signal ?? `exit code ${code}`}): ${said.trim()}`));
    });
  });
}

/** Whatever it is, it is no complete cluster of ours; but deleting what we did not make is not ours to decide. */
async function moveAside(directory: string): Promise<string | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (names === undefined) return undefined;
  if (names.length === 0) {
    await rm(directory, { recursive: true });
    return undefined;
  }
  const aside = `${directory}.incomplete-${randomBytes(4).toString('hex')}`;
  await rename(directory, aside);
  return aside;
}

/** Makes renames and new names in the directory survive a power cut. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
