/** docs/benchmarks.md, a section per part of the benchmark: a part that was not run keeps the figures it had. */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const TITLE = [
  '# Benchmarks',
  '',
  'Written by `npm run bench`. Embedded mode, one process and its Postgres; fsync and synchronous_commit on. Figures of one machine drift from run',
  'to run: compare ratios.',
];

/** Puts the section into the place of the one with its title, or at the end. Say in it what was measured. */
export async function writeSection(title: string, lines: readonly string[]): Promise<void> {
  const [, ...sections] = (await readFile(FILE, 'utf8')).split(/^## /m);
  const byTitle = new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), section.trim()]));
  byTitle.set(title, [title, '', ...lines].join('\n'));
  await writeFile(FILE, [TITLE.join('\n'), ...byTitle.values()].join('\n\n## ') + '\n');
}

/** Which program on which machine. */
export async function describeMachine(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const [cpu] = cpus();
  return `Tallyline ${version}, Node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB of memory.`;
}

/** How busy the machine was: figures of a machine with other work are slower than its own. */
export function loadNow(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
