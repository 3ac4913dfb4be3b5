/** What a seed does: files to send, undos and rebuilds among them, and the faults that happen meanwhile. All of it follows from the seed. */
import { MOMENTS, type Moment } from '../../../platform/moments.ts';
import { seededRandom } from '../../support/random.ts';
import { planBilling, planLate, type BillingOperation } from './billing-schedule.ts';
import type { PlannedFault } from './planned-fault.ts';
import { planEvents, planStreamFault, planStreams, type EventsOperation, type StreamOperation } from './stream-schedule.ts';
import { below, makeFile, type UsageFile } from './workload.ts';

/** `afterMs`: of the one before in its lane, so that there is work to break off while the faults come. */
export type Operation = { afterMs: number } & (
  | { kind: 'upload'; file: number }
  /** Of the upload before; at once, or when it is complete. */
  | { kind: 'undo'; when: 'at once' | 'complete' }
  | { kind: 'rebuild' }
  | { kind: 'resolve'; keep: 'first' | 'this' }
);

export interface Schedule {
  seed: number;
  files: UsageFile[];
  /** Done one after the other within a lane, the lanes side by side. */
  lanes: Operation[][];
  /** A lane of its own, and what it does when the others have ended; then `lateUndo` is taken back: an upload or a stream, modulo their number. */
  billing: BillingOperation[];
  late: BillingOperation[];
  lateUndo: number;
  /** All of them side by side. */
  streams: StreamOperation[];
  /** One after the other. */
  events: EventsOperation[];
  faults: PlannedFault[];
}

const LANES = 2;
const FILES = 5;
const ROWS_MAX = 1_200;
const FAULTS_MIN = 2;
const FAULTS_MAX = 5;
const GAP_MS_MAX = 1_200;
const PAUSE_MS_MAX = 1_000;
const DURATION_MS_MAX = 2_500;
const NTH_MAX = 6;

/** `kinds`: the faults that the system under test can be met with. */
export function planSeed(seed: number, kinds: readonly string[]): Schedule {
  const random = seededRandom(seed);
  const files = Array.from({ length: FILES }, (_, n) => makeFile(random, `file-${n}.csv`, 1 + below(random, ROWS_MAX)));
  const lanes = planLanes(random);
  return {
    seed,
    files,
    lanes,
    billing: planBilling(seed),
    late: planLate(seed),
    lateUndo: seed,
    streams: planStreams(seed),
    events: planEvents(seed),
    faults: planStreamFault(seed, planFaults(random, kinds)),
  };
}

function planFaults(random: () => number, kinds: readonly string[]): PlannedFault[] {
  return Array.from({ length: FAULTS_MIN + below(random, FAULTS_MAX - FAULTS_MIN + 1) }, () => ({
    kind: kinds[below(random, kinds.length)] as string,
    afterMs: below(random, GAP_MS_MAX),
    forMs: 100 + below(random, DURATION_MS_MAX),
    target: below(random, 1_000),
    moment: MOMENTS[below(random, MOMENTS.length)] as Moment,
    // Low ones more often: some moments come once in a seed.
    nth: 1 + below(random, 1 + below(random, NTH_MAX)),
  }));
}

/** Each file once, some of them again; an undo only behind the upload it takes back. */
function planLanes(random: () => number): Operation[][] {
  const lanes: Operation[][] = Array.from({ length: LANES }, () => []);
  const order = Array.from({ length: FILES }, (_, n) => n).sort(() => random() - 0.5);
  for (const file of order) {
    const lane = lanes[below(random, LANES)] as Operation[];
    const after = () => ({ afterMs: below(random, PAUSE_MS_MAX) });
    lane.push({ ...after(), kind: 'upload', file });
    const next = random();
    if (next < 0.35) lane.push({ ...after(), kind: 'undo', when: random() < 0.5 ? 'at once' : 'complete' });
    if (next < 0.15 || (next > 0.35 && next < 0.55)) lane.push({ ...after(), kind: 'upload', file });
    if (next > 0.75) lane.push({ ...after(), kind: 'rebuild' });
    if (next > 0.5 && next < 0.75) lane.push({ ...after(), kind: 'resolve', keep: random() < 0.5 ? 'first' : 'this' });
  }
  return lanes;
}
