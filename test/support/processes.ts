/** Processes that have to do with a directory: named in their arguments, or at work in it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function processesUnder(directory: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,args=', '-ww'], { maxBuffer: 10_000_000 });
  const parent = directory.replace(/\/data$/, '');
  return stdout.split('\n').filter((line) => line.includes(parent) && !line.includes('ps -eo'));
}

/** SIGKILL for each of the lines of `processesUnder`; gone ones are fine. */
export async function killAll(processes: readonly string[]): Promise<void> {
  for (const line of processes) {
    try {
      process.kill(Number.parseInt(line, 10), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
