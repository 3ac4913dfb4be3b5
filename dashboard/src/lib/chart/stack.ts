/** Stacked bars: what is positive grows up from the baseline, what is negative (credits, corrections) grows down from it. */
export interface Segment {
  series: number;
  from: number;
  to: number;
}

/** `values[series][bucket]` → the segments of each bucket, in stacking order. */
export function stackSegments(values: readonly (readonly number[])[], bucketCount: number): Segment[][] {
  return Array.from({ length: bucketCount }, (_, bucket) => {
    let up = 0;
    let down = 0;
    const segments: Segment[] = [];
    values.forEach((row, series) => {
      const value = row[bucket] ?? 0;
      if (value > 0) segments.push({ series, from: up, to: (up += value) });
      else if (value < 0) segments.push({ series, from: down, to: (down += value) });
    });
    return segments;
  });
}

/** The series whose segment holds this height; null above and below the bar. */
export function segmentAt(segments: readonly Segment[], height: number): number | null {
  return segments.find(({ from, to }) => height >= Math.min(from, to) && height < Math.max(from, to))?.series ?? null;
}

/** Lowest and highest point over all buckets; the baseline is always part of it. */
export function stackExtent(stacks: readonly (readonly Segment[])[]): { low: number; high: number } {
  let low = 0;
  let high = 0;
  for (const segments of stacks) {
    for (const { to } of segments) {
      low = Math.min(low, to);
      high = Math.max(high, to);
    }
  }
  return low === 0 && high === 0 ? { low: 0, high: 1 } : { low, high };
}

/** Round steps for about `count` grid lines, covering `[low, high]`. */
export function niceTicks(low: number, high: number, count = 3): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 4, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ?? 10 * power;
  const ticks: number[] = [];
  for (let n = Math.floor(low / step + 1e-9); n <= Math.ceil(high / step - 1e-9); n += 1) ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}
