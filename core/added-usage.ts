/** Usage that no store has: what a dry run found in a file, as billing needs it to say what it would cost. */
import type { Window } from './window.ts';

/** What is added to a customer in a 15-minute slot of UTC. */
export interface AddedSlot {
  meter: string;
  /** Epoch ms. */
  start: number;
  /** At QUANTITY_SCALE: the sum, and the largest single quantity. */
  quantity: bigint;
  max: bigint;
  events: number;
}

export interface AddedEvent {
  /** UTC to the microsecond, `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
  time: string;
  /** At QUANTITY_SCALE. */
  quantity: bigint;
  /** Text of a JSON object. */
  properties: string;
}

export interface AddedUsage {
  /** All, or the first thousand; in the order of their bytes. */
  readonly customers: readonly string[];
  /** In time order. */
  slots(customer: string): Promise<AddedSlot[]>;
  /** Of a meter that is told from its events; in the order of time, and of the file where times are equal. */
  events(selection: { customer: string; meter: string; period: Window }): AsyncIterable<readonly AddedEvent[]>;
}
