/** Scripts that are measured beside Tallyline, each a process of its own. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import packageJson from './beside/package.json' with { type: 'json' };
import type { Figure } from './figure.ts';
import type { UsageSum } from './generate.ts';
import { rateFigures } from './rates.ts';

const run = promisify(execFile);
const DIRECTORY = join(import.meta.dirname, 'beside');
/** Of one download; beyond it there is no registry. */
const INSTALL_MS_MAX = 180_000;

/** What a script prints; `total` is the sum of all quantities. */
export interface BesideResult extends UsageSum {
  seconds: number;
  cpuSeconds: number;
  hoursSeconds?: number;
}

/** Installs what is measured beside, unless it is there. Answers why it cannot be had, where it cannot. */
export async function installBeside(): Promise<string | undefined> {
  const wanted = Object.keys(packageJson.dependencies).map((name) => access(join(DIRECTORY, 'node_modules', name, 'package.json')));
  if ((await Promise.allSettled(wanted)).every(({ status }) => status === 'fulfilled')) return undefined;
  console.log('installing what is measured beside');
  try {
    await run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: DIRECTORY,
      timeout: INSTALL_MS_MAX,
    });
    return undefined;
  } catch (error) {
    const [line = ''] = (error as { stderr?: string }).stderr?.split('\n').filter(Boolean) ?? [];
    return `npm cannot install bench/beside (${line || 'no answer in time'})`;
  }
}

/** `elsewhere`: processor seconds of the server it writes to. */
export async function runBeside(
  name: string,
  script: string,
  parameters: readonly string[],
  elsewhere?: () => Promise<number>,
): Promise<{ result: BesideResult; figures: Figure[] }> {
  const before = await elsewhere?.();
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, script), ...parameters], { maxBuffer: 1_048_576 });
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BesideResult;
  const cpu = {
    program: result.cpuSeconds,
    ...(elsewhere === undefined ? {} : { postgres: (await elsewhere()) - (before ?? 0) }),
  };
  console.log(`${name}: ${Math.round(result.rows / result.seconds)} rows/s`);
  return { result, figures: rateFigures(name, { rows: result.rows, seconds: result.seconds, cpu }) };
}
