/**
 * What an import did to invoices, or what its undo would do: every touched month of a customer is rated with the import's events and without
 * them. Without: buckets less what the import put into them, and for meters that do not add up, from the events that are left.
 */
import type { UsageHour } from '../../core/aggregation.ts';
import { createEventHours } from '../../core/contribution.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import type { MeterUsage } from '../../core/rated-invoice.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { hoursOf, monthOf, type Window } from '../../core/window.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import { readEffectSlots, readEffectTotals, readEventsWithout, type EffectScope, type EffectSlot } from '../queries/import-effect.ts';
import { findStoredImport } from '../queries/imports.ts';
import { propertyOf } from '../queries/metered-events.ts';
import { findCustomerInvoices, type StoredInvoice } from '../queries/invoices.ts';
import { billingPeriod } from './billing-period.ts';
import { billedBeside } from './draft.ts';
import type { BillingStores } from './due.ts';
import { rateCustomer, rateUsageOf, segmentsOf, type CustomerRating } from './rate.ts';
import { readTerms, type BillingTerms } from './terms.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

/** Each is rated twice per touched month: a second or two for all of them. */
export const RATED_CUSTOMERS_MAX = 50;

/** Throws `not_found` for an import that is none. */
export async function readEffect(stores: BillingStores, scope: EveryCustomer, part: EffectScope): Promise<Effect> {
  if ((await findStoredImport(stores.postgres, part.importId)) === undefined)
    throw new ProblemError('not_found', `There is no import ${part.importId}.`);
  const totals = await readEffectTotals(stores.postgres, scope, part);
  const effect: Effect = { ...totals, money: [], invoices: [], isComplete: totals.customers.length <= RATED_CUSTOMERS_MAX };
  for (const { id } of totals.customers.slice(0, RATED_CUSTOMERS_MAX)) {
    const slots = await readEffectSlots(stores.postgres, scope, part, id);
    const present = (await readTerms(stores.postgres, scope, [id], stores.clock.now())).get(id);
    if (present === undefined) throw new Error(`customer ${id} has usage and no row`);
    const { money, invoices } = await customerEffect(stores, scope, { present, slots }, async (request) => {
      const now = await rateCustomer(stores, request);
      const without = await rateWithout(stores, scope, part, { now, slots });
      return part.ofUndo ? { before: now.rated.total, after: without } : { before: without, after: now.rated.total };
    });
    effect.money.push(...money);
    effect.invoices.push(...invoices);
  }
  return effect;
}

/** Totals in minor units. */
interface Totals {
  before: bigint;
  after: bigint;
}

/** What usage in these slots does to a customer's months. `rate` tells the total of one of them before and after. */
export async function customerEffect(
  stores: BillingStores,
  scope: EveryCustomer,
  { present, slots }: { present: BillingTerms; slots: readonly { start: number }[] },
  rate: (request: { scope: EveryCustomer; customer: string; period: Window; terms: BillingTerms }) => Promise<Totals>,
): Promise<Pick<Effect, 'money' | 'invoices'>> {
  const customer = present.customer.id;
  const stored = await findCustomerInvoices(stores.postgres, scope, customer);
  const sums = new Map<string, Totals>();
  const invoices: Effect['invoices'] = [];
  for (const month of new Set(slots.map(({ start }) => monthOf(start, present.timeZone)))) {
    const own = stored.filter((invoice) => invoice.month === month && invoice.status !== 'void');
    const issued = own.find(({ status }) => status === 'final');
    const terms = issued?.terms?.billing ?? present;
    const period = issued?.period ?? billingPeriod(month, terms.timeZone, billedBeside(stored, month));
    const { before, after } = await rate({ scope, customer, period, terms });
    const sum = sums.get(terms.currency) ?? { before: 0n, after: 0n };
    sums.set(terms.currency, { before: sum.before + before, after: sum.after + after });
    for (const invoice of own) invoices.push(touched(invoice, formatMinor(after - before, terms.currency)));
  }
  const money = [...sums].map(([currency, { before, after }]) => ({
    customer,
    currency,
    before: formatMinor(before, currency),
    after: formatMinor(after, currency),
  }));
  return { money, invoices };
}

function touched({ id, number, customer, month, status }: StoredInvoice, change: string): Effect['invoices'][number] {
  return { id, number, customer, month, status, change };
}

/** The total in minor units. */
async function rateWithout(
  { postgres }: BillingStores,
  scope: EveryCustomer,
  part: EffectScope,
  { now, slots }: { now: CustomerRating; slots: readonly EffectSlot[] },
): Promise<bigint> {
  const { terms, asOf } = now;
  const { period } = now.input;
  const segments = segmentsOf(terms, period);
  const hours = hoursOf(period, period.timeZone);
  const restarts = new Set(segments.map(({ from }) => from));
  const usage: MeterUsage[] = [];
  for (const one of now.input.usage) {
    const { aggregation = 'sum', property = null } = terms.meters.find(({ key }) => key === one.meter) ?? {};
    const own = slots.filter(({ meter }) => meter === one.meter);
    if (own.length === 0) usage.push(one);
    else if ('hours' in one && (aggregation === 'sum' || aggregation === 'count'))
      usage.push({ meter: one.meter, hours: less(one.hours, own) });
    else {
      const fold = createEventHours({ aggregation, hours, restarts });
      for await (const page of readEventsWithout(postgres, scope, part, { customer: terms.customer.id, meter: one.meter, period })) {
        for (const { properties, ...event } of page) {
          const value = property === null ? undefined : propertyOf(properties, property);
          fold.add({ ...event, ...(value === undefined ? {} : { value }) });
        }
      }
      usage.push({ meter: one.meter, changes: fold.changes() });
    }
  }
  return rateUsageOf({ terms, period, segments, usage, asOf }).rated.total;
}

/** Both in time order; every slot lies in one of the hours. Hours of which nothing is left are left out. */
function less(hours: readonly UsageHour[], slots: readonly EffectSlot[]): UsageHour[] {
  let at = 0;
  return hours.flatMap((hour) => {
    let quantity = toScaled(hour.quantity, QUANTITY_SCALE);
    let { events } = hour;
    for (; slots[at] !== undefined && (slots[at]?.start ?? 0) < hour.end; at++) {
      const slot = slots[at];
      if (slot === undefined || slot.start < hour.start) continue;
      quantity -= slot.quantity;
      events -= slot.events;
    }
    return events > 0 ? [{ start: hour.start, end: hour.end, quantity: formatDecimal(quantity, QUANTITY_SCALE), events }] : [];
  });
}
