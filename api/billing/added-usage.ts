/**
 * What usage would cost that no store has: every touched month of its customers is rated without it and with it. With: the buckets and
 * what is added to them, or, for meters that are told from their events, these and the added ones in one order.
 */
import { hoursOfSlots, type UsageHour } from '../../core/aggregation.ts';
import type { AddedSlot, AddedUsage } from '../../core/added-usage.ts';
import { addDecimals, compareDecimals, formatDecimal } from '../../core/decimal.ts';
import type { MeterUsage } from '../../core/rated-invoice.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { hoursOf, SLOT_MS } from '../../core/window.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import { propertyOf, readMeteredEvents, type CustomerEvent, type EventSelection } from '../queries/metered-events.ts';
import { cellWatermarkOf } from '../queries/watermark.ts';
import { readEventUsage } from '../usage/event-usage.ts';
import type { BillingStores } from './due.ts';
import { customerEffect, RATED_CUSTOMERS_MAX } from './effect.ts';
import { rateCustomer, rateUsageOf, segmentsOf, type CustomerRating } from './rate.ts';
import { readMeters, readTerms } from './terms.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

export type AddedEffect = Pick<Effect, 'money' | 'invoices' | 'isComplete'>;

/** Customers that nobody has heard of are rated by the defaults of the settings, as they would be once they are there. */
export async function readAddedEffect(stores: BillingStores, scope: EveryCustomer, added: AddedUsage): Promise<AddedEffect> {
  const effect: AddedEffect = { money: [], invoices: [], isComplete: added.customers.length <= RATED_CUSTOMERS_MAX };
  for (const customer of added.customers.slice(0, RATED_CUSTOMERS_MAX)) {
    const slots = await added.slots(customer);
    const present = (await readTerms(stores.postgres, scope, [customer], stores.clock.now(), { unseen: true })).get(customer);
    if (present === undefined) throw new Error(`customer ${customer} has no terms`);
    const { money, invoices } = await customerEffect(stores, scope, { present, slots }, async (request) => {
      const now = await rateCustomer(stores, request);
      return { before: now.rated.total, after: await rateWith(stores, scope, now, { slots, added }) };
    });
    effect.money.push(...money);
    effect.invoices.push(...invoices);
  }
  return effect;
}

/** The total in minor units. */
async function rateWith(
  stores: BillingStores,
  scope: EveryCustomer,
  now: CustomerRating,
  { slots, added }: { slots: readonly AddedSlot[]; added: AddedUsage },
): Promise<bigint> {
  const { asOf } = now;
  const { period, usage: present } = now.input;
  const customer = now.terms.customer.id;
  const own = Map.groupBy(
    slots.filter(({ start }) => start >= period.from && start < period.to),
    ({ meter }) => meter,
  );
  const keys = new Set([...now.terms.meters.map(({ key }) => key), ...own.keys()]);
  const terms = { ...now.terms, meters: await readMeters(stores.postgres, now.terms, [...keys]) };
  const segments = segmentsOf(terms, period);
  const windows = hoursOf(period, period.timeZone);
  const told = await readEventUsage(stores.postgres, {
    scope,
    customer,
    windows,
    restarts: new Set(segments.map(({ from }) => from)),
    meters: terms.meters.filter(({ key }) => own.has(key)),
    below: cellWatermarkOf(now.watermark),
    read: (selection) => withAdded(readMeteredEvents(stores.postgres, selection), added, selection),
  });
  const usage = new Map<string, MeterUsage>(present.map((one) => [one.meter, one]));
  for (const [meter, ofMeter] of own) {
    const before = usage.get(meter);
    const hours = before !== undefined && 'hours' in before ? before.hours : [];
    usage.set(meter, told.get(meter) ?? { meter, hours: plus(hours, hoursOfSlots(ofMeter.map(toBucket), windows)) });
  }
  return rateUsageOf({ terms, period, segments, usage: [...usage.values()], asOf }).rated.total;
}

function toBucket({ start, quantity, max, events }: AddedSlot): UsageHour {
  const text = (value: bigint) => formatDecimal(value, QUANTITY_SCALE);
  return { start, end: start + SLOT_MS, quantity: text(quantity), max: text(max), events };
}

/** Both in time order, and of the same windows. */
function plus(hours: readonly UsageHour[], added: readonly UsageHour[]): UsageHour[] {
  const sums = new Map(hours.map((hour) => [hour.start, hour]));
  for (const hour of added) {
    const before = sums.get(hour.start);
    sums.set(hour.start, before === undefined ? hour : joined(before, hour));
  }
  return [...sums.values()].sort((a, b) => a.start - b.start);
}

function joined(a: UsageHour, b: UsageHour): UsageHour {
  const largest = a.max !== undefined && b.max !== undefined && compareDecimals(a.max, b.max) < 0 ? b.max : a.max;
  return {
    ...a,
    quantity: addDecimals(a.quantity, b.quantity),
    events: a.events + b.events,
    ...(largest === undefined ? {} : { max: largest }),
  };
}

/** Beyond every place in the log: of two events at one time the added one comes later. */
const ADDED_EPOCH = 2_147_483_647;
/** Handed on at a time. */
const PAGE_EVENTS = 5_000;

async function* withAdded(
  stored: AsyncIterable<readonly CustomerEvent[]>,
  added: AddedUsage,
  selection: EventSelection,
): AsyncGenerator<CustomerEvent[]> {
  const meters = [...selection.properties].map(([meter, property]) => addedEvents(added, selection, meter, property));
  let merged = singly(stored);
  for (const events of meters) merged = merge(merged, events);
  let page: CustomerEvent[] = [];
  for await (const event of merged) {
    if (page.push(event) < PAGE_EVENTS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function* addedEvents(
  added: AddedUsage,
  { customer, period }: EventSelection,
  meter: string,
  property: string | undefined,
): AsyncGenerator<CustomerEvent> {
  let offset = 0n;
  for await (const page of added.events({ customer, meter, period })) {
    for (const { time, quantity, properties } of page) {
      const value = property === undefined ? undefined : propertyOf(properties, property);
      const position = { epoch: ADDED_EPOCH, partition: 0, offset: (offset += 1n), index: 0 };
      yield { meter, time, quantity, position, ...(value === undefined ? {} : { value }) };
    }
  }
}

async function* singly(pages: AsyncIterable<readonly CustomerEvent[]>): AsyncGenerator<CustomerEvent> {
  for await (const page of pages) yield* page;
}

/** In the order of time; where times are equal, those of `first` come first. */
async function* merge(first: AsyncGenerator<CustomerEvent>, second: AsyncGenerator<CustomerEvent>): AsyncGenerator<CustomerEvent> {
  let [a, b] = [await first.next(), await second.next()];
  while (a.done !== true && b.done !== true) {
    if (b.value.time < a.value.time) {
      yield b.value;
      b = await second.next();
    } else {
      yield a.value;
      a = await first.next();
    }
  }
  for (; a.done !== true; a = await first.next()) yield a.value;
  for (; b.done !== true; b = await second.next()) yield b.value;
}
