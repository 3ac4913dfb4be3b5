/** The data directory: made, recognised, and held by one process at a time. */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { processStartedAt } from './process-identity.ts';

export interface DataDirectory {
  readonly path: string;
  /** The first administrator's key, made at the first call of all. */
  adminKey(): Promise<string>;
  /** Lets the next process have it. May be called again. */
  close(): Promise<void>;
}

/** The directory cannot be used; the message says what, where and how to mend it. */
export class DataDirectoryError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'DataDirectoryError';
  }
}

/** Raised when a version of Tallyline can no longer share a directory with the one before it. */
const FORMAT = 1;
const FORMAT_FILE = 'tallyline.json';
const LOCK_FILE = 'lock';
const ADMIN_KEY_FILE = 'admin-key';
const ADMIN_KEY_BYTES = 24;

/** A mounted volume's own. Besides these, only what an interrupted first start left may lie in a directory that becomes ours. */
const NOBODYS_NAMES = new Set(['lost+found', '.DS_Store', LOCK_FILE]);

/** A round is lost only to a process that was faster at that moment; dozens would have to start together. */
const LOCK_ROUNDS_MAX = 100;
/** Holding a guard is reading one file and removing two. */
const GUARD_WAIT_MS = 10;

interface Holder {
  pid: number;
  /** See `processStartedAt`. */
  startedAt: string;
}

/** Opens the directory, making it where it is missing. Throws `DataDirectoryError`. */
export async function openDataDirectory(path: string, { clock }: { clock: Clock }): Promise<DataDirectory> {
  await ensureDirectory(path);
  const fresh = !(await hasKnownFormat(path));
  if (fresh) await refuseForeign(path);
  const release = await lock(path);
  if (fresh) await writeFormat(path, clock);
  return { path, adminKey: () => adminKey(join(path, ADMIN_KEY_FILE)), close: release };
}

async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isFile = hasCode(error, 'EEXIST') || hasCode(error, 'ENOTDIR');
    throw new DataDirectoryError(
      isFile
        ? `The data directory ${path} cannot be made, because there is a file of that name (${reason}). Choose another with --data.`
        : `The data directory ${path} cannot be written (${reason}). Give it to the user who starts Tallyline, or choose another with --data.`,
      { cause: error },
    );
  }
}

async function hasKnownFormat(path: string): Promise<boolean> {
  const file = join(path, FORMAT_FILE);
  const text = await readIfThere(file);
  if (text === undefined) return false;
  let format: unknown;
  try {
    format = (JSON.parse(text) as { format?: unknown }).format;
  } catch {
    format = undefined;
  }
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) {
    throw new DataDirectoryError(
      `${file} does not say which format the data directory has. Put it back from a backup: { "format": ${FORMAT} } is what this version writes.`,
    );
  }
  if (format > FORMAT) {
    throw new DataDirectoryError(
      `The data directory ${path} has format ${format}, and this version of Tallyline knows formats up to ${FORMAT}: a newer version has used it. ` +
        'Start that version, or choose another directory with --data.',
    );
  }
  return true;
}

async function refuseForeign(path: string): Promise<void> {
  const foreign = (await readdir(path)).find(
    (name) => !NOBODYS_NAMES.has(name) && !name.startsWith(`${LOCK_FILE}.`) && !name.startsWith(`${FORMAT_FILE}.`),
  );
  if (foreign === undefined) return;
  throw new DataDirectoryError(
    `The data directory ${path} is not empty and not Tallyline's: it holds "${foreign}" and no ${FORMAT_FILE}. Choose an empty or a new directory with --data.`,
  );
}

async function writeFormat(path: string, clock: Clock): Promise<void> {
  const file = join(path, FORMAT_FILE);
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify({ format: FORMAT, createdAt: clock.now().toISOString() }, undefined, 2)}\n`, {
    flush: true,
  });
  await rename(unfinished, file);
}

async function lock(path: string): Promise<() => Promise<void>> {
  const file = join(path, LOCK_FILE);
  const own = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const holder: Holder = { pid: process.pid, startedAt: (await processStartedAt(process.pid)) ?? '' };
  // With its own name in it, no two locks ever have the same text, also not two of one process.
  const text = `${JSON.stringify({ ...holder, opening: basename(own) })}\n`;
  await writeFile(own, text, { mode: 0o600, flag: 'wx' });
  try {
    const other = await take(file, own);
    if (other === undefined) return releaser(file, text);
    const who = other.pid === process.pid ? 'this same process' : `process ${other.pid}`;
    throw new DataDirectoryError(`The data directory ${path} is in use by ${who}. Stop it first, or choose another directory with --data.`);
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Gives our lock file the name as well, unless a live process has it: then that one is answered.
 *
 * A dead holder's lock is removed only by whoever holds the guard of its very text, and only if the text still stands
 * there. Without it, a slow process could remove the lock that a faster one has just put in the dead one's place. A guard
 * is a lock like any other, so one whose holder died is cleared away in the same manner.
 */
async function take(file: string, own: string): Promise<Holder | undefined> {
  for (let round = 0; round < LOCK_ROUNDS_MAX; round += 1) {
    if (await placeIfFree(own, file)) return undefined;
    const text = await readIfThere(file);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && (await processStartedAt(holder.pid)) === holder.startedAt) return holder;
    const guard = join(
      dirname(file),
      `${LOCK_FILE}.guard-${createHash('sha256')
        .update(`${basename(file)} ${text}`)
        .digest('hex')
        .slice(0, 16)}`,
    );
    if ((await take(guard, own)) !== undefined) {
      await delay(GUARD_WAIT_MS);
      continue;
    }
    if ((await readIfThere(file)) === text) await rm(file);
    await rm(guard);
  }
  throw new DataDirectoryError(`${file} is wanted by several processes at once. Start one of them again.`);
}

/** A link to a finished file: a lock never stands there without its holder's name in it. */
async function placeIfFree(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file).catch(async (error: unknown) => {
      // Some file systems (exFAT, some network mounts) have no links; an exclusive copy is nearly as good.
      if (hasCode(error, 'EEXIST')) throw error;
      await copyFile(own, file, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function releaser(file: string, text: string): () => Promise<void> {
  let released = false;
  return async () => {
    if (released) return;
    released = true;
    if ((await readIfThere(file)) === text) await rm(file, { force: true });
  };
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, startedAt } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    // Cut off by a power failure: whoever wrote it is gone.
    return undefined;
  }
}

async function adminKey(file: string): Promise<string> {
  const unfinished = `${file}.${process.pid}`;
  if ((await readIfThere(file)) === undefined) {
    await writeFile(unfinished, `${randomBytes(ADMIN_KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flush: true });
    await rename(unfinished, file);
  }
  const key = (await readFile(file, 'utf8')).trim();
  if (key !== '') return key;
  throw new DataDirectoryError(`${file} is empty. Put the key into it, or remove the file to have a new key made.`);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
