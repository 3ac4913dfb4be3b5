/** docs/benchmarks.md, a section per case of the benchmark, and its picture: a case that was not run keeps the figures it had. */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BESIDE, LABELS } from './end-to-end.ts';
import type { Figure } from './figure.ts';
import { LABELS as KAFKA_LABELS } from './kafka.ts';
import { barsPicture } from './picture.ts';

const FILE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const PICTURE = 'images/benchmarks.svg';
const TITLE = [
  '# Benchmarks',
  '',
  'Written by `npm run bench`. Embedded mode, one process and its Postgres, where nothing else is said; fsync and synchronous_commit on. Figures of one',
  'machine drift from run to run: compare ratios, and the processor time, which other work on the machine changes least.',
  '',
  `![Rows per second from the first byte of a file until it is stored, Tallyline and what stands beside it](${PICTURE})`,
  '',
  '- `npm run bench -- --only CASE[,CASE]` runs some of the cases, at sizes of your own with `--rows`, `--customers`, `--events`, `--megabytes`,',
  '  `--stored-events` and `--repeats`; only full sizes are written down here.',
  '- `--json FILE` writes every figure: `[{ case, metric, value, unit, ratioTo, ratio }]`.',
  '- `--quick` takes minutes, and fails where a ratio is more than 30 % below its floor in `bench/floors.json`.',
  '- `--profile` has every process of the program write its processor profile into a directory that is printed. Open such a `.cpuprofile` as a flame graph',
  "  in the Performance panel of Chromium's developer tools, in Visual Studio Code, or on speedscope.app, which reads it in the browser.",
];

/** Puts the section into the place of the one with its title, or at the end. Say in it what was measured. */
export async function writeSection(title: string, lines: readonly string[]): Promise<void> {
  const [, ...sections] = (await readFile(FILE, 'utf8')).split(/^## /m);
  const byTitle = new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), section.trim()]));
  byTitle.set(title, [title, '', ...lines].join('\n'));
  await writeFile(FILE, [TITLE.join('\n'), ...byTitle.values()].join('\n\n## ') + '\n');
}

/** Floors are left out: beside what does a tenth of the work, nobody sees how the others compare. */
const PICTURED = Object.entries({ ...LABELS, ...KAFKA_LABELS }).filter(([name]) => !/floor|kafka\/original/.test(name));

/** What the end-to-end cases compare, as bars; nothing where they were not run. */
export async function writePicture(figures: readonly Figure[]): Promise<void> {
  const bars = PICTURED.flatMap(([name, label]) => {
    const rate = figures.find((f) => f.case === name && f.metric === 'rows_per_second');
    return rate ? [{ label, value: rate.value, isOurs: !BESIDE.includes(name) }] : [];
  });
  if (bars.length === 0) return;
  await writeFile(
    join(dirname(FILE), PICTURE),
    barsPicture({ title: 'From the first byte of a file until it is stored', unit: 'rows/s', bars }),
  );
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
