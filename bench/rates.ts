/** How fast rows went, and what they cost: the same figures for every case, so that noise can be told from progress. */
import { Decimal } from 'decimal.js';
import { figure, median, type Figure } from './figure.ts';
import type { UsageSum } from './generate.ts';
import type { Tallyline } from '../test/support/tallyline.ts';
import { cpuSeconds, ownCpuSeconds } from './process-usage.ts';

/** Seconds of processor time by who used them: `program`, `postgres`, `kafka`, `clickhouse`. */
export type Cpu = Readonly<Record<string, number>>;
export type CpuMeter = () => Promise<Cpu>;

export interface Rate {
  rows: number;
  seconds: number;
  cpu: Cpu;
}

/** The program is its process; Postgres, the rest of its tree. */
export function embeddedCpu({ pid }: Pick<Tallyline, 'pid'>): CpuMeter {
  return async () => {
    const [all, program] = await Promise.all([cpuSeconds(pid), ownCpuSeconds(pid)]);
    return { program, postgres: all - program };
  };
}

export async function measureRate<T>(rows: number, meter: CpuMeter, work: () => Promise<T>): Promise<Rate & { result: T }> {
  const before = await meter();
  const beganAt = performance.now();
  const result = await work();
  const seconds = (performance.now() - beganAt) / 1000;
  const after = await meter();
  const cpu = Object.fromEntries(Object.entries(after).map(([part, used]) => [part, used - (before[part] ?? 0)]));
  return { rows, seconds, cpu, result };
}

export function rateFigures(name: string, { rows, seconds, cpu }: Rate): Figure[] {
  const parts = Object.entries(cpu);
  const all = parts.reduce((sum, [, used]) => sum + used, 0);
  return [
    figure(name, 'rows_per_second', rows / seconds, 'rows/s'),
    figure(name, 'cpu_per_1000_rows', (all / rows) * 1e6, 'ms'),
    ...(parts.length > 1 ? parts.map(([part, used]) => figure(name, `cpu_per_1000_rows_${part}`, (used / rows) * 1e6, 'ms')) : []),
    // Of which more is better, as of rows/s: what a floor can be set for.
    figure(name, 'rows_per_cpu_second', rows / all, 'rows/s'),
  ];
}

/** Of figures of several runs, the median of each. */
export function medianFigures(runs: readonly (readonly Figure[])[]): Figure[] {
  return (runs[0] ?? []).map((first) => {
    const values = runs.flatMap((run) => run.filter((f) => f.case === first.case && f.metric === first.metric).map(({ value }) => value));
    return { ...first, value: median(values) };
  });
}

/** Throws where what was stored is not what was in the file. */
export function requireSame(name: string, found: UsageSum, expected: UsageSum): void {
  if (found.rows === expected.rows && new Decimal(found.total).equals(expected.total)) return;
  throw new Error(`${name}: ${found.rows} rows, ${found.total} in all, where ${expected.rows} and ${expected.total} were to be found`);
}

/** Markdown: a line a case, in the order of the labels. */
export function rateTable(figures: readonly Figure[], labels: Readonly<Record<string, string>>, ratioTo?: string): string[] {
  const value = (name: string, metric: string) => figures.find((f) => f.case === name && f.metric === metric)?.value;
  const cpu = (name: string, part: string) => value(name, `cpu_per_1000_rows_${part}`)?.toFixed(1) ?? '–';
  const parts = ['program', 'postgres', 'clickhouse', 'kafka'].filter((part) =>
    figures.some((f) => f.metric === `cpu_per_1000_rows_${part}`),
  );
  const beside = ratioTo === undefined ? undefined : value(ratioTo, 'rows_per_second');
  const ratioHead = ratioTo === undefined ? '' : ` ratio of rows/s to ${labels[ratioTo]} |`;
  return [
    `| case | rows/s | CPU ms per 1,000 rows, all processes |${parts.map((part) => ` ${part} |`).join('')}${ratioHead}`,
    `|---|---|---|${parts.map(() => '---|').join('')}${ratioTo === undefined ? '' : '---|'}`,
    ...Object.entries(labels).flatMap(([name, label]) => {
      const rate = value(name, 'rows_per_second');
      if (rate === undefined) return [];
      const shares = parts.map((part) => ` ${cpu(name, part)} |`).join('');
      return [
        `| ${label} | ${Math.round(rate)} | ${(value(name, 'cpu_per_1000_rows') ?? NaN).toFixed(1)} |${shares}${beside === undefined ? '' : ` ${(rate / beside).toFixed(2)} |`}`,
      ];
    }),
  ];
}
