/** Tells one process from a later one with the same number, by the moment it started. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Fields of /proc/<pid>/stat after the command name, which stands in brackets and may hold anything. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;

/**
 * A text that no other process of this machine has, before or after a reboot; undefined when there is no such process
 * (one that has ended and waits for its parent counts as gone).
 */
export async function processStartedAt(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

async function fromProc(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([readOrNothing(`/proc/${pid}/stat`), readOrNothing('/proc/sys/kernel/random/boot_id')]);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = fields?.[START_TIME_FIELD];
  const state = fields?.[STATE_FIELD];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return `${boot?.trim() ?? ''}:${startTime}`;
}

async function fromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [state = 'Z', ...startTime] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') || startTime.length === 0 ? undefined : startTime.join(' ');
  } catch {
    return undefined;
  }
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
