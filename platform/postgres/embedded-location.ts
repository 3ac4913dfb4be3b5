/**
 * Where the cluster lies, and as whom Postgres runs on it.
 *
 * Ordinarily: inside the data directory, as the user who starts Tallyline. Only root has a choice to make, because
 * Postgres must run as another user there, who often cannot enter root's directories: then programs and cluster go to the
 * system directory, and a file in the data directory says so. Once made, a cluster is used where it is.
 */
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accountForRoot, firstClosedDirectory, isRoot, ownerOf } from './embedded-account.ts';
import type { Account } from './embedded-account.ts';
import { copyBinaries, whyNotRunnable } from './embedded-binaries.ts';
import type { Binaries } from './embedded-binaries.ts';
import { giveTo, isAbsent, readCredentials } from './embedded-cluster.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';

export interface Location {
  /** The cluster's directory; its parent exists. */
  directory: string;
  /** undefined: the user of this process. */
  account: Account | undefined;
  binaries: Binaries;
}

export interface LocationOptions {
  /** Where the cluster lies unless that cannot be, e.g. `<data>/postgres`. */
  dataDirectory: string;
  systemDirectory: string;
  binaries: Binaries;
}

interface Pointer {
  location: string;
  dataDirectory: string;
}

const POINTER_FILE = 'postgres-location.json';
const GROUP_ENTER = 0o010;

/** Answers where the cluster is, or, when there is none yet, where it is to be made. */
export async function locateCluster(options: LocationOptions): Promise<Location> {
  if (await isComplete(options.dataDirectory)) return useFound(options.dataDirectory, options);
  const elsewhere = await readPointer(options.dataDirectory);
  if (elsewhere !== undefined) return useFound(elsewhere, options);
  if (!isRoot()) return { directory: options.dataDirectory, account: undefined, binaries: await runnableHere(options.binaries) };

  const account = await accountForRoot();
  const inPlace = await openWay(account, dirname(options.dataDirectory));
  const directory = inPlace ? options.dataDirectory : await makeSystemLocation(account, options);
  return { directory, account, binaries: await runnableAs(account, options) };
}

/** To be called once the cluster is complete: from then on it must be found, and nothing else will do. */
export async function recordLocation(directory: string, dataDirectory: string): Promise<void> {
  if (directory === dataDirectory) return;
  const pointer: Pointer = { location: directory, dataDirectory };
  await writeFile(pointerPath(dataDirectory), `${JSON.stringify(pointer, undefined, 2)}\n`, { mode: 0o600, flush: true });
}

async function useFound(directory: string, options: LocationOptions): Promise<Location> {
  const owner = await ownerOf(directory);
  if (!isRoot()) {
    if (owner === undefined) return { directory, account: undefined, binaries: await runnableHere(options.binaries) };
    throw new EmbeddedPostgresError(
      `The Postgres data in ${directory} belongs to user ${owner.name}, because Tallyline was started as root before. ` +
        `Start it as root again, or give the data to yourself: sudo chown -R "$USER" '${directory}'`,
    );
  }
  // Owned by root: a backup put back, for example.
  const account = owner ?? (await accountForRoot());
  if (owner === undefined) await giveTo(account, directory);
  if (directory === options.dataDirectory) await openWay(account, dirname(directory));
  const closed = await firstClosedDirectory(account, directory);
  if (closed !== undefined) {
    throw new EmbeddedPostgresError(
      `Postgres runs as user ${account.name}, who owns its data in ${directory} but may not enter ${closed}. ` +
        `Let others pass through (chmod o+x '${closed}'), or move Tallyline's data directory to where they can.`,
    );
  }
  return { directory, account, binaries: await runnableAs(account, options) };
}

/** Lets the account pass through our own data directory, by its group, when nothing above it is closed. */
async function openWay(account: Account, directory: string): Promise<boolean> {
  if ((await firstClosedDirectory(account, directory)) === undefined) return true;
  if ((await firstClosedDirectory(account, dirname(directory))) !== undefined) return false;
  const { uid, mode } = await stat(directory);
  await chown(directory, uid, account.gid);
  await chmod(directory, (mode & 0o777) | GROUP_ENTER);
  return (await firstClosedDirectory(account, directory)) === undefined;
}

async function makeSystemLocation(account: Account, { dataDirectory, systemDirectory }: LocationOptions): Promise<string> {
  const closed = await firstClosedDirectory(account, dirname(dataDirectory));
  const name = createHash('sha256').update(dirname(dataDirectory)).digest('hex').slice(0, 16);
  const parent = join(systemDirectory, `data-${name}`);
  await makeSystemDirectory(account, systemDirectory, `may not enter ${closed ?? dirname(dataDirectory)}`);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await chown(parent, account.uid, account.gid);
  return join(parent, 'postgres');
}

async function makeSystemDirectory(account: Account, systemDirectory: string, why: string): Promise<void> {
  let reason: string | undefined;
  try {
    const first = await mkdir(systemDirectory, { recursive: true });
    // Under root's umask the new directories may be closed to everyone else.
    if (first !== undefined) for (let path = systemDirectory; path.length >= first.length; path = dirname(path)) await chmod(path, 0o755);
    const closed = await firstClosedDirectory(account, systemDirectory);
    if (closed !== undefined) reason = `user ${account.name} may not enter ${closed}`;
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  if (reason === undefined) return;
  throw new EmbeddedPostgresError(
    `Postgres refuses to run as root, and user ${account.name}, as whom it runs instead, ${why}. ` +
      `It would be kept in ${systemDirectory}, but that cannot be used: ${reason}. ` +
      'Set TALLYLINE_SYSTEM_DIRECTORY to a directory that every user may enter, or start Tallyline as an ordinary user.',
  );
}

async function runnableHere(binaries: Binaries): Promise<Binaries> {
  const fault = await whyNotRunnable(binaries, undefined);
  if (fault === undefined) return binaries;
  throw new EmbeddedPostgresError(
    `The programs of PostgreSQL in ${binaries.directory} do not run: ${fault}. Where npm was told not to run install scripts, "npm rebuild" completes them.`,
  );
}

async function runnableAs(account: Account, { binaries, systemDirectory }: LocationOptions): Promise<Binaries> {
  if ((await whyNotRunnable(binaries, account)) === undefined) return binaries;
  await runnableHere(binaries);
  await makeSystemDirectory(account, systemDirectory, `cannot run the programs in ${binaries.directory}`);
  return copyBinaries(binaries, systemDirectory, account);
}

/** The place named by the data directory's pointer, where it has one. */
async function readPointer(dataDirectory: string): Promise<string | undefined> {
  const path = pointerPath(dataDirectory);
  const pointer = await parsePointer(path);
  if (pointer === undefined) return undefined;
  if (!(await isComplete(pointer.location))) {
    throw new EmbeddedPostgresError(
      `The Postgres data that belongs to ${dirname(dataDirectory)} is not in ${pointer.location}, where ${path} says it is. ` +
        `Put it back from a backup, or, to begin with nothing, use another data directory.`,
    );
  }
  if (pointer.dataDirectory === dataDirectory) return pointer.location;
  const original = await parsePointer(pointerPath(pointer.dataDirectory));
  if (original?.location === pointer.location) {
    throw new EmbeddedPostgresError(
      `${dirname(dataDirectory)} is a copy of ${dirname(pointer.dataDirectory)}, and both name ${pointer.location} as the place of their Postgres data. ` +
        `Use the original, or copy that place too and name the copy in ${path} (with "dataDirectory": ${JSON.stringify(dataDirectory)}).`,
    );
  }
  // The data directory was moved.
  await recordLocation(pointer.location, dataDirectory);
  return pointer.location;
}

async function parsePointer(path: string): Promise<Pointer | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Pointer;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new EmbeddedPostgresError(
      `${path}, which says where the Postgres data is, cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function pointerPath(dataDirectory: string): string {
  return join(dirname(dataDirectory), POINTER_FILE);
}

async function isComplete(directory: string): Promise<boolean> {
  return (await readCredentials(directory)) !== undefined;
}
