/** What a process and its children have used, from Linux's /proc (proc(5)). */
import { readdir, readFile, writeFile } from 'node:fs/promises';

const CLOCK_TICKS_PER_SECOND = 100;

/** Peak resident set of the process since its start, or since `forgetPeak`, in MB. */
export function peakMegabytes(pid: number): Promise<number> {
  return megabytesOf(pid, 'VmHWM');
}

/** Resident set of the process now, in MB. */
export function residentMegabytes(pid: number): Promise<number> {
  return megabytesOf(pid, 'VmRSS');
}

/** The peak from here on is what the process holds now, and what it comes to hold. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

async function megabytesOf(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024);
}

/** User and system time of the process and all its living descendants, with those of ended children. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stats = await readStats();
  const members = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const stat of stats) {
      if (members.has(stat.parent) && !members.has(stat.pid)) {
        members.add(stat.pid);
        grown = true;
      }
    }
  }
  return stats.filter((stat) => members.has(stat.pid)).reduce((sum, stat) => sum + stat.ticks, 0) / CLOCK_TICKS_PER_SECOND;
}

/** User and system time of the process alone, all its threads. */
export async function ownCpuSeconds(pid: number): Promise<number> {
  const stat = (await readStats()).find((one) => one.pid === pid);
  return (stat?.ownTicks ?? 0) / CLOCK_TICKS_PER_SECOND;
}

async function readStats(): Promise<{ pid: number; parent: number; ownTicks: number; ticks: number }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.filter(Boolean).map((text) => {
    // The name in parentheses may hold anything; fields are counted from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
    const ownTicks = user + system;
    return { pid: Number.parseInt(text, 10), parent: Number(fields[1]), ownTicks, ticks: ownTicks + childrenUser + childrenSystem };
  });
}
