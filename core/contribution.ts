/** What each event contributes to its meter's aggregate, and the hours that these contributions add up to. The rules: aggregation.ts. */
import type { Aggregation } from '../schemas/http/customers.ts';
import { toScaled } from './decimal.ts';
import { QUANTITY_SCALE } from './rating.ts';
import type { Window } from './window.ts';

/** What an event, or a value, adds where these are counted. */
export const ONE = toScaled('1', QUANTITY_SCALE);

/** How much an hour changed the aggregate; `quantity` at QUANTITY_SCALE. */
export interface HourChange {
  start: number;
  end: number;
  quantity: bigint;
  events: number;
}

export interface MeteredEvent {
  /** UTC to the microsecond, exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`, so that text order is time order. */
  time: string;
  position: EventPosition;
  /** At QUANTITY_SCALE. */
  quantity: bigint;
  /** Of the property that a unique meter counts; an event without it contributes 0. */
  value?: string;
}

/** Place in the log. A customer's events are all in one partition of an incarnation of the log. */
export interface EventPosition {
  epoch: number;
  partition: number;
  offset: bigint;
  index: number;
}

/** By time, ties by position: the order in which contributions are told. */
export function compareEvents(a: Pick<MeteredEvent, 'time' | 'position'>, b: Pick<MeteredEvent, 'time' | 'position'>): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  const [p, q] = [a.position, b.position];
  return p.epoch - q.epoch || p.partition - q.partition || Number(p.offset - q.offset) || p.index - q.index;
}

/** What lies before the first event that is asked about; without it, nothing does. */
export interface AggregateBefore {
  /** Q at that moment. */
  quantity: bigint;
  /** The values seen by then; those that will be asked about suffice. */
  seen?: Iterable<string>;
}

/** Answers each event's contribution, in order. `unique` keeps every value it has seen: the caller limits how many there can be. */
export function createContribution(
  aggregation: Aggregation,
  before?: AggregateBefore,
): (event: Pick<MeteredEvent, 'quantity' | 'value'>) => bigint {
  switch (aggregation) {
    case 'sum':
      return ({ quantity }) => quantity;
    case 'count':
      return () => ONE;
    case 'max': {
      let largest = before?.quantity;
      return ({ quantity }) => {
        if (largest !== undefined && quantity <= largest) return 0n;
        const increase = quantity - (largest ?? 0n);
        largest = quantity;
        return increase;
      };
    }
    case 'unique': {
      const seen = new Set(before?.seen);
      return ({ value }) => {
        if (value === undefined || seen.has(value)) return 0n;
        seen.add(value);
        return ONE;
      };
    }
    case 'latest': {
      let latest = before?.quantity ?? 0n;
      return ({ quantity }) => {
        const difference = quantity - latest;
        latest = quantity;
        return difference;
      };
    }
  }
}

/** Adds a meter's events up to hours while they pass by, so that a period of any number of events needs only its hours in memory. */
export interface EventHours {
  /** The event's contribution. Throws a RangeError for one out of order or out of all hours, which would be wrongly added up. */
  add(event: MeteredEvent): bigint;
  /** The hours that had events. */
  changes(): HourChange[];
}

/**
 * `hours` are those of the period, in order. The aggregate begins anew with each hour that is in `restarts` (epoch ms): where a segment
 * of the period begins.
 */
export function createEventHours(options: {
  aggregation: Aggregation;
  hours: readonly Window[];
  restarts?: ReadonlySet<number>;
}): EventHours {
  const { aggregation, hours, restarts } = options;
  const changes: HourChange[] = [];
  let contribution = createContribution(aggregation);
  let n = -1;
  /** End of the hour that was entered: most events lie in the hour of the one before, and their time is not read. */
  let to = '';
  let last: MeteredEvent | undefined;

  const enterHour = (event: MeteredEvent): void => {
    if (event.time < to) return;
    const at = Date.parse(event.time);
    let hour: Window | undefined;
    do {
      hour = hours[++n];
      if (hour === undefined) throw new RangeError(`the event of ${event.time} lies after all hours`);
      if (restarts?.has(hour.from)) contribution = createContribution(aggregation);
    } while (hour.to <= at);
    if (at < hour.from) throw new RangeError(`the event of ${event.time} lies before or between the hours`);
    to = microsecondText(hour.to);
    changes.push({ start: hour.from, end: hour.to, quantity: 0n, events: 0 });
  };

  return {
    add(event) {
      if (last !== undefined && compareEvents(last, event) > 0) throw new RangeError(`the event of ${event.time} is out of order`);
      last = event;
      enterHour(event);
      const added = contribution(event);
      const change = changes.at(-1);
      if (change !== undefined) {
        change.quantity += added;
        change.events += 1;
      }
      return added;
    },
    changes: () => changes,
  };
}

function microsecondText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
