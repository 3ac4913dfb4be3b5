/** What is streamed in a seed. From generators of its own: files, lanes, bills and faults of a seed are what they are without it. */
import { STREAM_MOMENTS } from '../../../platform/moments.ts';
import { seededRandom } from '../../support/random.ts';
import type { PlannedFault } from './planned-fault.ts';
import { makeEventsCall, makeStream, type EventsCall, type StreamFile } from './stream-workload.ts';
import { below } from './workload.ts';

/** Brought to its end; or to its end, and then taken back; or taken back, or left alone, when half of it is durable. */
export const FATES = ['kept', 'undone', 'undone meanwhile', 'left'] as const;

export interface StreamOperation {
  afterMs: number;
  key: string;
  file: StreamFile;
  fate: (typeof FATES)[number];
  pieceLines: number;
  pauseMs: number;
  overlapLines: number;
  /** Behind these lines the sender's own connection breaks. */
  cuts: number[];
}

export type EventsOperation = { afterMs: number } & EventsCall;

const STREAMS = 3;
const ROWS_MAX = 1_500;
/** So that a stream lasts for as long as the faults come. */
const PIECES = 40;
const PIECE_PAUSE_MS_MAX = 120;
const OVERLAP_LINES_MAX = 30;
const CUTS_MAX = 3;
const CALLS = 40;
const CALL_PAUSE_MS_MAX = 120;
const CALL_EVENTS_MAX = 20;
const PAUSE_MS_MAX = 1_000;

export function planStreams(seed: number): StreamOperation[] {
  const random = seededRandom(Math.imul(seed, 0x27d4eb2f) ^ 0x73747265);
  return Array.from({ length: STREAMS }, (_, n) => {
    const key = `stream-${seed}-${n}`;
    const file = makeStream(random, key, 1 + below(random, ROWS_MAX));
    const next = random();
    return {
      afterMs: below(random, PAUSE_MS_MAX),
      key,
      file,
      fate: next < 0.55 ? 'kept' : next < 0.7 ? 'undone' : next < 0.85 ? 'undone meanwhile' : 'left',
      pieceLines: 1 + Math.floor(file.lines.length / PIECES),
      pauseMs: below(random, PIECE_PAUSE_MS_MAX),
      overlapLines: below(random, OVERLAP_LINES_MAX),
      cuts: Array.from({ length: below(random, CUTS_MAX + 1) }, () => 1 + below(random, file.lines.length)).sort((a, b) => a - b),
    };
  });
}

export function planEvents(seed: number): EventsOperation[] {
  const random = seededRandom(Math.imul(seed, 0x165667b1) ^ 0x6576656e);
  return Array.from({ length: CALLS }, () => ({ afterMs: below(random, CALL_PAUSE_MS_MAX), ...makeEventsCall(random, CALL_EVENTS_MAX) }));
}

/** Every other seed has one fault more: an end at a moment that only streams and events come to. */
export function planStreamFault(seed: number, faults: readonly PlannedFault[]): PlannedFault[] {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x6d6f6d65);
  if (random() < 0.5) return [...faults];
  const [place, moment] = [below(random, faults.length + 1), STREAM_MOMENTS[below(random, STREAM_MOMENTS.length)] ?? STREAM_MOMENTS[0]];
  const fault = { kind: 'kill at a moment', afterMs: below(random, PAUSE_MS_MAX), forMs: 0, target: 0, moment, nth: 1 + below(random, 40) };
  return [...faults.slice(0, place), fault, ...faults.slice(place)];
}
