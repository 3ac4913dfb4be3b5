/**
 * How fast events came in and went on during the last 15 minutes: the positions of log and consumers, looked at every ten
 * seconds. They are the same for every replica, so that each can look for itself and nothing has to be stored.
 */
import { instantText } from '../core/window.ts';
import type { PipelineRates } from '../schemas/http/operations.ts';

export const RATE_INTERVAL_MS = 10_000;
const HISTORY_MS = 15 * 60_000;
/** One more than there are rates. */
const SAMPLES_MAX = HISTORY_MS / RATE_INTERVAL_MS + 1;
/** Longer than this between two looks is a gap, not a slow rate. */
const GAP_MS = 3 * RATE_INTERVAL_MS;

/** Positions, summed up over the partitions. */
export interface Positions {
  published: number;
  records: number;
  rollups: number;
}

interface Sample extends Positions {
  /** Epoch milliseconds. */
  atMs: number;
  epoch: number | undefined;
}

/** A ring of samples. */
export class RateHistory {
  #samples: Sample[] = [];

  add(sample: Sample): void {
    this.#samples = [...this.#samples.slice(1 - SAMPLES_MAX), sample];
  }

  rates(): PipelineRates {
    const { length } = this.#samples;
    const steps = this.#samples.slice(1).map((to, index) => ({ from: this.#samples[index], to }));
    const of = (name: keyof Positions) => steps.map(({ from, to }) => (from === undefined ? null : rateBetween(from, to, name)));
    return {
      everySeconds: RATE_INTERVAL_MS / 1000,
      until: length < 2 ? null : instantText(this.#samples[length - 1]?.atMs ?? 0),
      published: of('published'),
      records: of('records'),
      rollups: of('rollups'),
    };
  }
}

/** Null across a gap, and across two logs. */
function rateBetween(from: Sample, to: Sample, name: keyof Positions): number | null {
  const elapsedMs = to.atMs - from.atMs;
  const isOneLog = from.epoch === to.epoch || from.epoch === undefined;
  if (!isOneLog || elapsedMs <= 0 || elapsedMs > GAP_MS || to[name] < from[name]) return null;
  return Math.round(((to[name] - from[name]) * 10_000) / elapsedMs) / 10;
}
