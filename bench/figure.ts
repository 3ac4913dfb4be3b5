/** The figures of the benchmark, and what is computed from them. */
import type { Sizes } from './sizes.ts';

/** One figure of one case. `ratio` = value / value of the same metric of case `ratioTo` in the same run; both null where nothing stands beside it. */
export interface Figure {
  case: string;
  metric: string;
  value: number;
  unit: string;
  ratioTo: string | null;
  ratio: number | null;
}

/** What a run of a case gives. `lines` is the text under its heading in docs/benchmarks.md. */
export interface BenchResult {
  figures: Figure[];
  lines: string[];
  /** What could not be measured here, said aloud; a floor of such a case is not compared. */
  skipped?: Skipped[];
}

export interface Skipped {
  case: string;
  reason: string;
}

/** What `npm run bench` runs by name. */
export interface BenchCase {
  name: string;
  /** The heading in docs/benchmarks.md. */
  title: string;
  /** Part of `--quick`, which has five minutes in all. */
  isQuick?: boolean;
  run(sizes: Sizes): Promise<BenchResult>;
}

export function figure(name: string, metric: string, value: number, unit: string): Figure {
  return { case: name, metric, value, unit, ratioTo: null, ratio: null };
}

/** Each figure of another case beside the same metric of the case `ratioTo`, where that has one. */
export function besideCase(figures: readonly Figure[], ratioTo: string): Figure[] {
  const beside = new Map(figures.filter((f) => f.case === ratioTo).map((f) => [f.metric, f.value]));
  return figures.map((f) => {
    const value = f.case === ratioTo ? undefined : beside.get(f.metric);
    return value === undefined || value === 0 ? f : { ...f, ratioTo, ratio: f.value / value };
  });
}

/** Of an even number of values, the upper one of the middle: one that was measured. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5, Math.floor);
}

/** The least value that this share of the values does not exceed. */
export function percentile(values: readonly number[], share: number, rank: (position: number) => number = (p) => Math.ceil(p) - 1): number {
  if (values.length === 0) throw new Error('no values to take a percentile of');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank(values.length * share)))] as number;
}

/** Three digits at least, and no more of a fraction than that. */
export function showValue(value: number): string {
  const size = Math.abs(value);
  return size >= 100 ? String(Math.round(value)) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Markdown, a line a figure. */
export function figuresTable(figures: readonly Figure[]): string[] {
  return [
    '| case | metric | value | unit | ratio | to |',
    '|---|---|---|---|---|---|',
    ...figures.map(
      (f) => `| ${f.case} | ${f.metric} | ${showValue(f.value)} | ${f.unit} | ${f.ratio?.toFixed(2) ?? '–'} | ${f.ratioTo ?? '–'} |`,
    ),
  ];
}
