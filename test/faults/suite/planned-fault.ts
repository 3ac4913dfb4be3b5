/** A fault of a seed's schedule. */
import type { Moment } from '../../../platform/moments.ts';

export interface PlannedFault<Kind extends string = string> {
  kind: Kind;
  /** After the fault before has been mended. */
  afterMs: number;
  /** How long it lasts, where it is something that lasts. */
  forMs: number;
  /** Which of several processes, servers or ways it meets: taken modulo their number. */
  target: number;
  moment: Moment;
  nth: number;
}
