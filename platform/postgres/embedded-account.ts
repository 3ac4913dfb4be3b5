/** Under which account Postgres runs, and where that account can go. Postgres refuses to run as root. */
import { execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-error.ts';

const run = promisify(execFile);

/** A user of the machine other than the one this process runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

export const ROOT_UID = 0;

/** The name every distribution's own package gives it; where there is none yet, it is made. */
const ACCOUNT_NAME = 'postgres';

export function isRoot(): boolean {
  return process.getuid?.() === ROOT_UID;
}

/** The user that root lets Postgres run as, made when it is missing. */
export async function accountForRoot(): Promise<Account> {
  const found = await lookUp(ACCOUNT_NAME);
  if (found !== undefined) return found;
  try {
    // Either may be there already; what counts is whether the user can be looked up afterwards.
    await run('groupadd', ['--system', ACCOUNT_NAME]).catch(() => undefined);
    await run('useradd', [
      '--system',
      '--gid',
      ACCOUNT_NAME,
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      ACCOUNT_NAME,
    ]);
  } catch (error) {
    throw new EmbeddedPostgresError(cannotMakeAccount(error), { cause: error });
  }
  const made = await lookUp(ACCOUNT_NAME);
  if (made === undefined) throw new EmbeddedPostgresError(cannotMakeAccount('it is not there after useradd'));
  return made;
}

/** The account that owns a path; undefined when that is the user this process runs as. */
export async function ownerOf(path: string): Promise<Account | undefined> {
  const { uid, gid } = await stat(path);
  if (uid === process.getuid?.()) return undefined;
  const named = await lookUp(String(uid));
  return { name: named?.name ?? `number ${uid}`, uid, gid };
}

/** The topmost directory on the way into `directory` that the account may not enter; undefined when it gets there. */
export async function firstClosedDirectory(account: Account, directory: string): Promise<string | undefined> {
  if (await canEnter(account, directory)) return undefined;
  const parent = dirname(directory);
  return parent === directory ? directory : ((await firstClosedDirectory(account, parent)) ?? directory);
}

/** Tried rather than computed from modes: access lists and mount options count as well. */
function canEnter(account: Account, directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], {
      cwd: '/',
      stdio: 'ignore',
      env: {},
      uid: account.uid,
      gid: account.gid,
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

async function lookUp(nameOrUid: string): Promise<Account | undefined> {
  try {
    const [name, uid, gid] = await Promise.all(
      ['-un', '-u', '-g'].map(async (field) => (await run('id', [field, nameOrUid])).stdout.trim()),
    );
    return name === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

function cannotMakeAccount(reason: unknown): string {
  return (
    `Postgres refuses to run as root, and the user "${ACCOUNT_NAME}" it should run as cannot be made (${reason instanceof Error ? reason.message.trim() : String(reason)}). ` +
    `Create it (useradd --system ${ACCOUNT_NAME}), or start Tallyline as an ordinary user.`
  );
}
