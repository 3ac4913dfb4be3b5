/** A customer's usage by windows of time, of meters that only the events can tell: `unique` and `latest`. */
import { createHash } from 'node:crypto';
import { createContribution, createEventHours, ONE, type HourChange } from '../../core/contribution.ts';
import { ProblemError } from '../../core/errors.ts';
import type { Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import type { Aggregation } from '../../schemas/http/customers.ts';
import { readMeteredEvents, type CustomerEvent, type EventSelection } from '../queries/metered-events.ts';

/** Values told apart at a time, over all meters of a customer: some 100 MB, each kept as 23 characters at most. */
export const UNIQUE_VALUES_MAX = 1_000_000;

const HASH_CHARACTERS = 22;

export interface EventMeter {
  key: string;
  aggregation: Aggregation;
  /** What `unique` counts the values of. */
  property: string | null;
}

export interface EventUsage {
  meter: string;
  /** Of the windows that have events: how much each changed the aggregate. */
  changes: HourChange[];
  /** The aggregate over all windows, at QUANTITY_SCALE. */
  total: bigint;
}

export interface EventUsageOptions {
  scope: Scope;
  customer: string;
  /** Consecutive; each begins where the one before ends. */
  windows: readonly Window[];
  /** Starts of windows at which the aggregate begins anew, epoch ms. */
  restarts: ReadonlySet<number>;
  /** Those that need no events are left out of the answer. */
  meters: readonly EventMeter[];
  below: CellWatermark;
  valuesMax?: number;
  /** Where they come from, if not from Postgres alone. In the order in which contributions are told. */
  read?: (selection: EventSelection) => AsyncIterable<readonly CustomerEvent[]>;
}

export function isToldByEvents({ aggregation }: { aggregation: Aggregation }): boolean {
  return aggregation === 'unique' || aggregation === 'latest';
}

/**
 * By meter. One pass over the events, of which no more than a page is in memory at a time, beside the values seen. Throws `unprocessable`
 * for more than `valuesMax` of these (UNIQUE_VALUES_MAX without it).
 */
export async function readEventUsage(postgres: Queryable, options: EventUsageOptions): Promise<Map<string, EventUsage>> {
  const { scope, customer, windows, below, read = (selection) => readMeteredEvents(postgres, selection) } = options;
  const meters = options.meters.filter(isToldByEvents);
  const [from, to] = [windows[0]?.from, windows.at(-1)?.to];
  if (meters.length === 0 || from === undefined || to === undefined) return new Map();
  const values = { count: 0 };
  const folds = new Map(meters.map((meter) => [meter.key, createFold(meter, options, values)]));
  const properties = new Map(
    meters.map(({ key, aggregation, property }) => [key, (aggregation === 'unique' ? property : null) ?? undefined]),
  );
  for await (const page of read({ scope, customer, properties, period: { from, to }, below })) {
    for (const event of page) folds.get(event.meter)?.add(event);
  }
  return new Map([...folds].map(([meter, fold]) => [meter, { meter, changes: fold.changes(), total: fold.total() }]));
}

interface Fold {
  add(event: CustomerEvent): void;
  changes(): HourChange[];
  total(): bigint;
}

/** `values` counts what all folds keep together; since an aggregate last began anew there are no more than over all windows. */
function createFold(
  { key, aggregation }: EventMeter,
  { windows, restarts, valuesMax = UNIQUE_VALUES_MAX }: EventUsageOptions,
  values: { count: number },
): Fold {
  const hours = createEventHours({ aggregation, hours: windows, restarts });
  // One fold does where nothing begins anew after the first window.
  const isWhole = [...restarts].every((start) => start <= (windows[0]?.from ?? 0));
  const contribution = isWhole ? undefined : createContribution(aggregation);
  let total = 0n;
  return {
    add(event) {
      const short = event.value === undefined ? event : { ...event, value: shortened(event.value) };
      const added = hours.add(short);
      const addedToAll = contribution?.(short) ?? added;
      total += addedToAll;
      if (aggregation === 'unique' && addedToAll === ONE && ++values.count > valuesMax) throw tooManyValues(key, valuesMax);
    },
    changes: () => hours.changes(),
    total: () => total,
  };
}

/** Something that is equal where the value is, and short: a hash of 132 bits begins with a mark, and is longer than any value kept as it is. */
function shortened(value: string): string {
  if (value.length <= HASH_CHARACTERS) return value;
  return `#${createHash('sha256').update(value).digest('base64url').slice(0, HASH_CHARACTERS)}`;
}

function tooManyValues(meter: string, valuesMax: number): ProblemError {
  return new ProblemError(
    'unprocessable',
    `More than ${valuesMax} different values would have to be told apart, those of meter "${meter}" among them. Take a shorter period.`,
  );
}
