/**
 * `npm run bench [-- --only CASE[,CASE] --json FILE --quick --profile --repeats N --rows N --customers N --events N --megabytes N --stored-events N]`:
 * the cases of cases.ts one after another, each beside the floor of the same machine in the same minutes. Only full sizes are written to
 * docs/benchmarks.md. `--quick` compares ratios with bench/floors.json instead, and fails where one has fallen.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments, type BenchArguments } from './arguments.ts';
import { CASES } from './cases.ts';
import { figuresTable, type BenchCase, type BenchResult, type Figure, type Skipped } from './figure.ts';
import { compareWithFloors, type Floor } from './floors.ts';
import floors from './floors.json' with { type: 'json' };
import { profileInto } from './program.ts';
import { describeMachine, loadNow, writePicture, writeSection } from './report.ts';
import { isFull, SIZE_NAMES } from './sizes.ts';

const read = readArguments(process.argv.slice(2), CASES);
if (read.ok) process.exitCode = await runAll(read.arguments);
else {
  console.error(read.fault);
  process.exitCode = 2;
}

async function runAll(asked: BenchArguments): Promise<number> {
  const results = await runCases(asked, asked.cases);
  if (asked.jsonFile !== undefined) await writeFile(asked.jsonFile, JSON.stringify(results.figures, null, 2) + '\n');
  if (isFull(asked.sizes) && !asked.isProfiled) await writePicture(results.figures);
  return asked.isQuick ? judge(asked, results) : 0;
}

interface Results {
  figures: Figure[];
  skipped: Skipped[];
}

async function runCases(asked: BenchArguments, names: readonly string[]): Promise<Results> {
  const results: Results = { figures: [], skipped: [] };
  for (const one of CASES.filter(({ name }) => names.includes(name))) {
    const { figures, skipped = [] } = await runCase(one, asked);
    results.figures.push(...figures);
    results.skipped.push(...skipped);
  }
  console.log(['', ...figuresTable(results.figures)].join('\n'));
  for (const { case: name, reason } of results.skipped) console.log(`\n!!! ${name.toUpperCase()} WAS NOT MEASURED: ${reason} !!!`);
  return results;
}

async function runCase({ name, title, run }: BenchCase, { sizes, isProfiled }: BenchArguments): Promise<BenchResult> {
  console.log(`\n=== ${title}`);
  const profiles = isProfiled ? await mkdtemp(join(tmpdir(), `tallyline-profile-${name}-`)) : undefined;
  profileInto(profiles);
  const before = loadNow();
  const result = await run(sizes);
  const load = `Load average of the machine: ${before} when it began, ${loadNow()} when it ended, this benchmark's own included.`;
  console.log(['', load, '', ...result.lines].join('\n'));
  if (profiles !== undefined) console.log(`\nProcessor profiles, one for each process: ${profiles}`);
  // What a profiler slows down is no figure.
  if (isFull(sizes) && !isProfiled && result.lines.length > 0) {
    const shown = SIZE_NAMES.map((size) => `${size} ${sizes[size]}`).join(', ');
    await writeSection(title, [`\`npm run bench -- --only ${name}\` (${shown}): ${await describeMachine()} ${load}`, '', ...result.lines]);
  }
  return result;
}

/** A case below a floor is run once more: what other work has done to it does not come twice. */
async function judge(asked: BenchArguments, results: Results): Promise<number> {
  const first = compareWithFloors(floors satisfies Floor[], { ...results, ran: asked.cases });
  for (const note of first.notes) console.log(`\n!!! ${note} !!!`);
  if (first.faults.length > 0) console.log(`\nBelow their floors, and run once more:\n${first.faults.join('\n')}`);
  const again = first.cases.length === 0 ? undefined : await runCases(asked, first.cases);
  const { faults } = again === undefined ? first : compareWithFloors(floors, { ...again, ran: first.cases });
  console.log(faults.length === 0 ? '\nNo ratio is below its floor.' : `\nBelow their floors:\n${faults.join('\n')}`);
  return faults.length === 0 ? 0 : 1;
}
