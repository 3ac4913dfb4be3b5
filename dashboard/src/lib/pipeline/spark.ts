/** A rate of the last 15 minutes as a line; the figure beside it is the mean of the last minute. */
export const SPARK = { width: 144, height: 20, points: 90 } as const;

/** SVG paths, one per stretch without a gap. The newest value stands at the right end, where 15 minutes ago is the left one. */
export function sparkPath(rates: readonly (number | null)[], max: number): string {
  const shown = rates.slice(-SPARK.points);
  const first = SPARK.points - shown.length;
  let path = '';
  let isDrawing = false;
  for (const [index, rate] of shown.entries()) {
    if (rate === null) {
      isDrawing = false;
      continue;
    }
    const x = ((first + index) * SPARK.width) / (SPARK.points - 1);
    const y = SPARK.height - 1.5 - (max === 0 ? 0 : (rate / max) * (SPARK.height - 3));
    path += `${isDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDrawing = true;
  }
  return path;
}

/** Over six looks of ten seconds, a minute; null while nothing is known. */
export function currentRate(rates: readonly (number | null)[]): number | null {
  const known = rates.slice(-6).filter((rate) => rate !== null);
  return known.length === 0 ? null : Math.round(known.reduce((sum, rate) => sum + rate, 0) / known.length);
}

/** All lines share one scale, so that they can be compared. */
export function largestRate(...series: readonly (readonly (number | null)[])[]): number {
  return Math.max(0, ...series.flat().map((rate) => rate ?? 0));
}
