/** Waits until a running program has done what follows an import: merges, checkpoints, the reconciliation of both stores. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Tallyline } from '../test/support/tallyline.ts';
import { cpuSeconds } from './process-usage.ts';

const LOOK_MS = 500;
/** Of one core: less than this is quiet. */
const QUIET_SHARE = 0.1;
/** Merges of a large fill may go on for minutes. */
const WAIT_MS_MAX = 300_000;
/** Longer than reconciliation waits before it looks for something new. */
export const RECONCILED_SECONDS = 12;

/** Until the processes have had next to nothing to do for so long. */
export async function untilQuiet({ pid }: Pick<Tallyline, 'pid'>, seconds: number): Promise<void> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  for (let quietMs = 0; quietMs < seconds * 1_000 && performance.now() < untilMs;) {
    const [before, beganAt] = [await cpuSeconds(pid), performance.now()];
    await delay(LOOK_MS);
    const used = ((await cpuSeconds(pid)) - before) / ((performance.now() - beganAt) / 1_000);
    quietMs = used < QUIET_SHARE ? quietMs + LOOK_MS : 0;
  }
}
