/** The floors of the quick run: ratios that a change may not spoil. Only ratios within one run are compared, never times. */
import type { Figure, Skipped } from './figure.ts';

/** A ratio that has been reached. Of a metric of which more is better. */
export interface Floor {
  case: string;
  metric: string;
  ratioTo: string;
  floor: number;
}

/** A ratio may lie so far below its floor: what other work on the machine does to it. */
const TOLERANCE = 0.3;

export interface Comparison {
  faults: string[];
  /** Of the faults, each once. */
  cases: string[];
  /** Floors that were not compared, and why. */
  notes: string[];
}

/** Floors of cases that were not asked for (`ran`: by the part of the name before the slash) are left out. */
export function compareWithFloors(
  floors: readonly Floor[],
  { figures, skipped, ran }: { figures: readonly Figure[]; skipped: readonly Skipped[]; ran: readonly string[] },
): Comparison {
  const comparison: Comparison = { faults: [], cases: [], notes: [] };
  const fault = (name: string, text: string) => {
    comparison.faults.push(text);
    if (!comparison.cases.includes(name)) comparison.cases.push(name);
  };
  for (const floor of floors) {
    const [benchCase = ''] = floor.case.split('/');
    if (!ran.includes(benchCase)) continue;
    const name = `${floor.case}, ${floor.metric}, to ${floor.ratioTo}`;
    const found = figures.find((f) => f.case === floor.case && f.metric === floor.metric && f.ratioTo === floor.ratioTo);
    const skip = skipped.find((one) => one.case === floor.case || one.case === floor.ratioTo);
    const least = floor.floor * (1 - TOLERANCE);
    const ratio = found?.ratio ?? undefined;
    if (ratio === undefined) {
      if (skip) comparison.notes.push(`${name}: not compared, ${skip.reason}`);
      else fault(benchCase, `${name}: no such ratio was measured; mend the case or bench/floors.json`);
    } else if (!(ratio >= least)) {
      fault(benchCase, `${name}: ${ratio.toFixed(3)} is more than 30 % below the floor of ${floor.floor} (at least ${least.toFixed(3)})`);
    }
  }
  return comparison;
}
