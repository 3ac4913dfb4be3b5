/** What size and mode do to an import: three times the file, and dry runs, which store nothing, beside a plain COPY of the same rows. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mapping } from '../schemas/http/imports.ts';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { besideCase, figure, type BenchCase, type BenchResult, type Figure } from './figure.ts';
import { copyFloor } from './floor.ts';
import { usageSum, writeUsageFile } from './generate.ts';
import { BENCH_MAPPING, ROW_IDENTITY_MAPPING } from './mapping.ts';
import { peakMegabytes } from './process-usage.ts';
import { startProgram } from './program.ts';
import { embeddedCpu, measureRate, rateFigures, rateTable, requireSame } from './rates.ts';
import type { Sizes } from './sizes.ts';
import { uploadFile } from './upload.ts';

export const imports: BenchCase = { name: 'imports', title: 'Imports', run: benchImports };

const COPY = 'imports/floor: copy';
const LABELS = {
  'imports/three times the file': 'end to end, id column, three times the file',
  'imports/dry run': 'dry run, id column, three times the file',
  'imports/dry run, row ids': 'dry run, ids from row content',
  [COPY]: 'floor: COPY into Postgres, without index',
} as const;

interface Pass {
  name: keyof typeof LABELS;
  rows: number;
  series: string;
  mapping: Mapping;
  isDryRun?: boolean;
}

async function benchImports({ rows }: Sizes): Promise<BenchResult> {
  const directory = await makeDataDirectory('tallyline-bench-');
  const tallyline = await startProgram(directory.path);
  try {
    const passes: Pass[] = [
      { name: 'imports/three times the file', rows: rows * 3, series: 'b', mapping: BENCH_MAPPING },
      { name: 'imports/dry run', rows: rows * 3, series: 'd', mapping: BENCH_MAPPING, isDryRun: true },
      { name: 'imports/dry run, row ids', rows, series: 'e', mapping: ROW_IDENTITY_MAPPING, isDryRun: true },
    ];
    const figures = await measureFloor(tallyline, rows);
    for (const pass of passes) figures.push(...(await measure(tallyline, pass)));
    return {
      figures: besideCase(figures, COPY),
      lines: [
        'From the first byte of the upload until both stores have committed its last row; of a dry run, until its report is there.',
        '',
        ...rateTable(figures, LABELS, COPY),
      ],
    };
  } finally {
    await tallyline.stop();
    await directory.remove();
  }
}

async function measure(tallyline: Tallyline, { name, rows, series, mapping, isDryRun = false }: Pass): Promise<Figure[]> {
  const file = join(tallyline.dataDirectory, '..', `${series}.csv`);
  await writeUsageFile(file, { rows, series });
  const rate = await measureRate(rows, embeddedCpu(tallyline), () => uploadFile(tallyline, file, { name: series, mapping, isDryRun }));
  const { status, events } = rate.result;
  if (status !== 'complete' || events.accepted !== rows) throw new Error(`${name}: ${JSON.stringify(rate.result)}`);
  await rm(file);
  console.log(`${name}: ${Math.round(rows / rate.seconds)} rows/s`);
  return [...rateFigures(name, rate), figure(name, 'peak_megabytes', await peakMegabytes(tallyline.pid), 'MB')];
}

async function measureFloor(tallyline: Tallyline, rows: number): Promise<Figure[]> {
  const file = join(tallyline.dataDirectory, '..', 'floor.csv');
  await writeUsageFile(file, { rows });
  const { result, ...rate } = await measureRate(rows, embeddedCpu(tallyline), () => copyFloor(tallyline.dataDirectory, file));
  requireSame(COPY, result, usageSum({ rows }));
  await rm(file);
  return rateFigures(COPY, { ...rate, seconds: result.seconds });
}
