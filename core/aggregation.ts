/**
 * What usage comes to: Q(h), the meter's aggregate from the start of the period to the end of hour h, told by its changes Q(h) − Q(h−1).
 * An hour's change is the quantity of its sub-line, and the contributions of its events add up to it.
 *
 * | aggregation | Q | change of an hour | contribution of an event |
 * |---|---|---|---|
 * | sum | the sum | its own sum | its quantity |
 * | count | the number of events | its own number | 1 |
 * | max | the largest quantity | the increase over the largest so far | the same |
 * | unique | the number of values | the values not yet seen | 1 for a value not yet seen, else 0 |
 * | latest | the last quantity | the difference to the last one before | the same |
 *
 * Before the first event Q is 0, whatever the aggregation: where nothing but −5 was measured, max is −5, and so is its first change.
 * sum, count and max can be told from buckets, which this file does; unique and latest only from the events: see contribution.ts.
 */
import type { Aggregation } from '../schemas/http/customers.ts';
import { createContribution, ONE, type HourChange } from './contribution.ts';
import { formatDecimal, toScaled } from './decimal.ts';
import { QUANTITY_SCALE } from './rating.ts';
import type { Window } from './window.ts';

/** A bucket: one local hour (or one slot) of one meter; `start` and `end` in epoch ms. */
export interface UsageHour {
  start: number;
  end: number;
  /** Sum of the quantities, a decimal string of at most 18 fraction digits. */
  quantity: string;
  events: number;
  /** Largest single quantity, a decimal string. Needed by meters that take the maximum. */
  max?: string;
}

/** Changes by hour from buckets of the same hours, which are in time order; hours without events may be left out. Q begins with 0. */
export function changesOf(aggregation: Aggregation, hours: readonly UsageHour[]): HourChange[] {
  const aggregate = bucketAggregate(aggregation);
  return hours.map((hour) => ({ start: hour.start, end: hour.end, quantity: aggregate(hour), events: hour.events }));
}

/** Buckets of slots put together to the windows that hold them; both in time order. Throws a RangeError for a slot that no window holds. */
export function hoursOfSlots(slots: readonly UsageHour[], windows: readonly Window[]): UsageHour[] {
  const hours: { window: Window; sum: bigint; max: bigint | undefined; events: number }[] = [];
  let n = 0;
  for (const { start, end, quantity, max, events } of slots) {
    while (start >= (windows[n]?.to ?? Infinity)) n++;
    const window = windows[n];
    if (window === undefined || start < window.from || end > window.to) throw new RangeError(`no window holds the slot at ${start}`);
    const size = toScaled(quantity, QUANTITY_SCALE);
    const largest = max === undefined ? undefined : toScaled(max, QUANTITY_SCALE);
    const hour = hours.at(-1);
    if (hour?.window !== window) hours.push({ window, sum: size, max: largest, events });
    else {
      hour.sum += size;
      hour.events += events;
      if (largest !== undefined && (hour.max === undefined || largest > hour.max)) hour.max = largest;
    }
  }
  return hours.map(({ window, sum, max, events }) => ({
    start: window.from,
    end: window.to,
    quantity: formatDecimal(sum, QUANTITY_SCALE),
    events,
    ...(max === undefined ? {} : { max: formatDecimal(max, QUANTITY_SCALE) }),
  }));
}

/** A bucket changes sum and max as one event of its sum, or of its largest quantity, would. */
function bucketAggregate(aggregation: Aggregation): (hour: UsageHour) => bigint {
  const contribution = createContribution(aggregation);
  switch (aggregation) {
    case 'sum':
      return ({ quantity }) => contribution({ quantity: toScaled(quantity, QUANTITY_SCALE) });
    case 'count':
      return ({ events }) => BigInt(events) * ONE;
    case 'max':
      return ({ max, start }) => {
        if (max === undefined) throw new Error(`the hour at ${start} does not say its largest quantity`);
        return contribution({ quantity: toScaled(max, QUANTITY_SCALE) });
      };
    case 'unique':
    case 'latest':
      throw new Error(`the aggregation ${aggregation} cannot be told from buckets, only from events`);
  }
}
