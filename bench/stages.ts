/** The stages of an import, each alone: what each could do if the others cost nothing. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programFlags } from '../test/support/tallyline.ts';
import type { BenchCase, BenchResult, Figure } from './figure.ts';
import { usageSum, writeUsageFile } from './generate.ts';
import { profileFlags } from './program.ts';
import { medianFigures, rateFigures, rateTable, requireSame } from './rates.ts';
import type { Sizes } from './sizes.ts';
import type { Stage, StageResult } from './stage-path.ts';

export const parse = stageCase('parse', 'Parsing', 'From the bytes of a file to its rows, cells as text.');
export const map = stageCase('map', 'Mapping', 'From the bytes of a file to encoded events: parsed, checked, identified, mapped.');
export const publish = stageCase('publish', 'Publishing', 'From encoded events to their place in the embedded log, committed.');
export const records = stageCase(
  'records',
  'Records',
  'The records consumer alone, from a log that is filled to rows committed in Postgres.',
);
export const rollups = stageCase(
  'rollups',
  'Rollups',
  'The rollups consumer alone, from a log that is filled to ClickHouse and its aggregates; it has nothing of what records leaves in memory otherwise.',
);

function stageCase(name: Stage, title: string, what: string): BenchCase {
  return { name, title, isQuick: true, run: (sizes) => benchStage(name, what, sizes) };
}

async function benchStage(stage: Stage, what: string, { rows, repeats }: Sizes): Promise<BenchResult> {
  const runs: Figure[][] = [];
  for (let n = 0; n < repeats; n++) runs.push(await runStage(stage, rows));
  const figures = medianFigures(runs);
  return { figures, lines: [`${what} ${rows} rows, medians of ${repeats}.`, '', ...rateTable(figures, { [stage]: stage })] };
}

async function runStage(stage: Stage, rows: number): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'tallyline-stage-'));
  // As root, Postgres runs as a user of its own, who has to get in.
  await chmod(directory, 0o755);
  try {
    const file = join(directory, 'usage.csv');
    await writeUsageFile(file, { rows });
    const script = [join(import.meta.dirname, 'stage-path.ts'), stage, file, join(directory, 'data'), String(rows)];
    const { stdout } = await promisify(execFile)(process.execPath, [...programFlags, ...profileFlags(), ...script]);
    const { stored, ...rate } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as StageResult;
    requireSame(stage, stored, usageSum({ rows }));
    console.log(`${stage}: ${Math.round(rows / rate.seconds)} rows/s`);
    return rateFigures(stage, rate);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
