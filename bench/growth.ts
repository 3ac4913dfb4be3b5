/**
 * What a row costs when much is stored already: processor time of all processes per row of an imported file, on stores that grow from a
 * hundredth of `storedEvents` to all of them, for ids in order of time, ids made from the row, and random ids.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { makeDataDirectory, type Tallyline } from '../test/support/tallyline.ts';
import { besideCase, figure, median, type BenchCase, type BenchResult } from './figure.ts';
import { linePlot } from './line-plot.ts';
import { startProgram } from './program.ts';
import { embeddedCpu, measureRate } from './rates.ts';
import { isFull, type Sizes } from './sizes.ts';
import { readStored, requireStored } from './stored/read-back.ts';
import { type IdKind, type StoredEvents } from './stored/events.ts';
import { beginStores, fillStores, FIRST_EVENTS, importEvents } from './stored/fill.ts';
import { untilQuiet } from './until-quiet.ts';

const PICTURE = fileURLToPath(new URL('../docs/images/growth.svg', import.meta.url));
const KINDS: readonly (readonly [IdKind, string])[] = [
  ['ordered', 'ids in order of time'],
  ['content', 'ids from the row'],
  ['random', 'random ids'],
];
const WANTED_RATIO = 1.3;
/** Of the rows of the end-to-end case: the imports, three a level, are to leave the level what it is. */
const ROWS_SHARE = 10;

const QUIET_SECONDS = 1.5;

/** Microseconds of processor time per row. */
interface Cost {
  all: number;
  program: number;
  postgres: number;
}

interface Level extends Cost {
  kind: IdKind;
  name: string;
  stored: number;
}

export const growth: BenchCase = { name: 'growth', title: 'Growth', run };

async function run(sizes: Sizes): Promise<BenchResult> {
  const levels: Level[] = [];
  for (const [kind, name] of KINDS) levels.push(...(await measureKind(kind, name, sizes)));
  const figures = KINDS.flatMap(([kind, name]) => {
    const own = levels.filter((level) => level.kind === kind);
    const cases = own.flatMap((level) => [
      figure(caseName(level), 'cpu_per_1000_rows', level.all, 'ms'),
      figure(caseName(level), 'cpu_per_1000_rows_program', level.program, 'ms'),
      figure(caseName(level), 'cpu_per_1000_rows_postgres', level.postgres, 'ms'),
    ]);
    return besideCase(cases, caseName({ name, stored: own[0]?.stored ?? 0 }));
  });
  if (isFull(sizes)) await draw(levels);
  return { figures, lines: describe(levels, rowsOf(sizes), sizes.repeats) };
}

function caseName({ name, stored }: Pick<Level, 'name' | 'stored'>): string {
  return `growth/${name}, ${stored} stored`;
}

function rowsOf({ rows }: Sizes): number {
  return Math.ceil(rows / ROWS_SHARE);
}

async function measureKind(kind: IdKind, name: string, sizes: Sizes): Promise<Level[]> {
  const { storedEvents, customers, repeats } = sizes;
  const rows = rowsOf(sizes);
  const steps = [100, 10, 1].map((part) => Math.max(FIRST_EVENTS, Math.floor(storedEvents / part)));
  const events: StoredEvents = { customers, capacity: storedEvents + steps.length * (repeats + 1) * rows, ids: kind };
  const directory = await makeDataDirectory('tallyline-bench-growth-');
  const levels: Level[] = [];
  try {
    await beginStores(directory.path, events);
    let there = FIRST_EVENTS;
    for (const stored of steps) {
      if (stored > there) await fillStores(directory.path, { events, from: there, to: stored, stores: ['postgres', 'clickhouse'] });
      // Where little is stored, the files of the level before may have brought more.
      there = Math.max(stored, there);
      const begin = there;
      const tallyline = await startProgram(directory.path);
      try {
        // The first one after a start compiles code and fills caches.
        const costs: Cost[] = [];
        for (let at = 0; at <= repeats; at += 1, there += rows) costs.push(await costOfRow(tallyline, events, there, there + rows));
        requireStored(await readStored(tallyline), there);
        const level = { kind, name, stored: begin, ...medianCost(costs.slice(1)) };
        console.log(`${caseName(level)}: ${level.all.toFixed(1)} µs CPU per row (${costs.map(({ all }) => all.toFixed(1)).join(', ')})`);
        levels.push(level);
      } finally {
        await tallyline.stop();
      }
    }
  } finally {
    await directory.remove();
  }
  return levels;
}

/**
 * Of all processes, from quiet to quiet: the merges that these rows make necessary are in it, and those that were left over from before are
 * not. Returns its parts as well.
 */
async function costOfRow(tallyline: Tallyline, events: StoredEvents, from: number, to: number): Promise<Cost> {
  await untilQuiet(tallyline, QUIET_SECONDS);
  const { rows, cpu } = await measureRate(to - from, embeddedCpu(tallyline), async () => {
    await importEvents(tallyline, events, from, to);
    await untilQuiet(tallyline, QUIET_SECONDS);
  });
  const [program = 0, postgres = 0] = [cpu['program'], cpu['postgres']].map((seconds) => ((seconds ?? 0) / rows) * 1e6);
  return { all: program + postgres, program, postgres };
}

async function draw(levels: readonly Level[]): Promise<void> {
  const picture = linePlot({
    title: 'Processor time of a row, by what is stored already',
    xLabel: 'events in both stores',
    yLabel: 'µs per row, all processes',
    lines: KINDS.map(([kind, name]) => ({
      name,
      points: levels.filter((level) => level.kind === kind).map(({ stored, all }) => ({ x: stored, y: all })),
    })),
  });
  await writeFile(PICTURE, picture);
}

function medianCost(costs: readonly Cost[]): Cost {
  const of = (part: keyof Cost) => median(costs.map((cost) => cost[part]));
  return { all: of('all'), program: of('program'), postgres: of('postgres') };
}

function describe(levels: readonly Level[], rows: number, repeats: number): string[] {
  return [
    `Files of ${rows} rows, imported into stores that hold so much already, until nothing is left to do for them: medians of ${repeats}, after one more that is not counted. What was there before went straight`,
    'into the tables of both stores, in the order and shape that the consumers leave (the unique index of random ids two thirds full, as random inserts',
    `leave it); the first ${FIRST_EVENTS} of them came through the program and were compared with it. Afterwards both stores held every event once, with the sum that`,
    `their numbers say. Wanted is a cost of ${WANTED_RATIO} times the first at the most, for ids in order of time and those made from the row.`,
    '',
    '![Processor time of a row, by what is stored already](images/growth.svg)',
    '',
    '| ids | events stored | CPU µs per row, all processes | of that the program, ClickHouse in it | Postgres | ratio to the fewest |',
    '|---|---|---|---|---|---|',
    ...levels.map(({ kind, name, stored, all, program, postgres }) => {
      const ratio = all / (levels.find((level) => level.kind === kind)?.all ?? NaN);
      return `| ${name} | ${stored} | ${all.toFixed(1)} | ${program.toFixed(1)} | ${postgres.toFixed(1)} | ${ratio.toFixed(2)} |`;
    }),
  ];
}
