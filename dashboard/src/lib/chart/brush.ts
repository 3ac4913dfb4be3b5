/** The strip under the chart: which bars are chosen, by pointer or by key. Always at least one. */
export interface Selection {
  /** First and last chosen bar, both included. */
  first: number;
  last: number;
}

export type Grip = 'first' | 'last' | 'both';

export function whole(bars: number): Selection {
  return { first: 0, last: Math.max(0, bars - 1) };
}

export function isWhole({ first, last }: Selection, bars: number): boolean {
  return first === 0 && last >= bars - 1;
}

/** Moves an end, or both; neither passes the other nor the strip's own end. */
export function moved(selection: Selection, grip: Grip, by: number, bars: number): Selection {
  const { first, last } = selection;
  if (grip === 'first') return { first: clamp(first + by, 0, last), last };
  if (grip === 'last') return { first, last: clamp(last + by, first, bars - 1) };
  const step = clamp(by, -first, bars - 1 - last);
  return { first: first + step, last: last + step };
}

/** All bars between two points of a drag. */
export function between(a: number, b: number, bars: number): Selection {
  const [left, right] = a <= b ? [a, b] : [b, a];
  return { first: clamp(left, 0, bars - 1), last: clamp(right, 0, bars - 1) };
}

/** What a key does to a handle; null when it does nothing. */
export function keyed(selection: Selection, grip: 'first' | 'last', key: string, bars: number): Selection | null {
  const page = Math.max(1, Math.round(bars / 10));
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -page,
    PageUp: page,
    Home: -bars,
    End: bars,
  };
  const by = steps[key];
  return by === undefined ? null : moved(selection, grip, by, bars);
}

/** The bars that a span of time covers; what lies outside is cut off. */
export function selectionOf(bars: readonly { from: number; to: number }[], span: { from: number; to: number }): Selection {
  const first = bars.findIndex(({ to }) => to > span.from);
  const last = bars.findLastIndex(({ from }) => from < span.to);
  return first < 0 || last < first ? whole(bars.length) : { first, last };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
