/** A comparison that somebody has asked for, followed until it is through. */
import type { Outcome } from '../outcome.ts';
import { formatSeconds } from '../format.ts';
import type { ReconciliationRun } from '../types.ts';

/** A comparison of a month takes a second or a few; of years, minutes. */
const LOOK_MS = 500;
/** It goes on without being watched. */
const LOOKS_MAX = 1_200;

export interface Comparison {
  state: 'waiting' | 'comparing' | 'done' | 'failed';
  text: string;
  code?: string;
}

interface Steps {
  ask: () => Promise<Outcome<ReconciliationRun>>;
  look: (id: string) => Promise<Outcome<ReconciliationRun>>;
  show: (comparison: Comparison) => void;
  wait?: (ms: number) => Promise<void>;
}

export async function compareAgain({ ask, look, show, wait = pause }: Steps): Promise<void> {
  show({ state: 'waiting', text: 'Asking for a comparison of everything.' });
  let result = await ask();
  let elapsedMs = 0;
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    if (!result.ok) return show({ state: 'failed', text: result.error.message, code: result.error.code });
    const run = result.value;
    if (run.state === 'done') return show({ state: 'done', text: doneText(run) });
    const since = formatSeconds(Math.floor(elapsedMs / 1000));
    if (run.state === 'requested') show({ state: 'waiting', text: `The comparison waits for its turn, ${since} so far.` });
    else show({ state: 'comparing', text: `Both stores are being compared, hour by hour, ${since} so far.` });
    await wait(LOOK_MS);
    elapsedMs += LOOK_MS;
    result = await look(run.id);
  }
  show({ state: 'done', text: 'The comparison takes long and goes on without being watched; its result will stand here.' });
}

function doneText({ requestedAt, finishedAt }: ReconciliationRun): string {
  if (finishedAt === null) return 'Everything was compared again.';
  const seconds = Math.max(0, Date.parse(finishedAt) - Date.parse(requestedAt)) / 1000;
  return `Everything was compared again, in ${formatSeconds(Math.round(seconds * 10) / 10)}.`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
