/** From an entry of a stored invoice to its days, and to their hours: each with the running figures before and after it. */
import { chargesOf, type AdjustmentBasis, type Charge } from '../../core/due.ts';
import { formatDecimal, subtractDecimals, toScaled } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor, minorDigits } from '../../core/money.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { dateOf, dayEnd, dayStart, instantText, type Window } from '../../core/window.ts';
import { requireEveryCustomer, type Scope } from '../../platform/access/scope.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import type { InvoiceLine } from '../../schemas/http/invoices.ts';
import type { TracedPart } from '../../schemas/http/invoice-life.ts';
import { readCharges } from '../queries/invoice-charges.ts';
import type { AsOfPosition, InvoiceTerms, StoredInvoice } from '../queries/invoices.ts';
import type { LeftOut } from '../queries/left-out.ts';
import type { WeightedMoment } from '../queries/standing-records.ts';
import { cellWatermarkAt, cellWatermarkOf } from '../queries/watermark.ts';
import { adjustedMoments } from './adjust.ts';
import { rateDraft, writeDraft } from './draft.ts';
import type { BillingStores } from './due.ts';
import { requireInvoice } from './read-invoice.ts';
import type { BilledMeter, BillingTerms } from './terms.ts';

/** What an amount is opened by, be it of a line or of an adjustment. */
export interface TracedEntry {
  /** Of whoever opens it. */
  scope: Scope;
  /** Such as `Line 1 of invoice 5`. */
  name: string;
  customer: string;
  currency: string;
  timeZone: string;
  /** Empty for a fee that belongs to none. */
  meterKey: string;
  total: { quantity: string; amount: string };
  hours: readonly CountedHour[];
  /** As the entry was rated with; undefined for a fee. */
  meter: Pick<BilledMeter, 'aggregation' | 'property'> | undefined;
  /** Where its aggregate begins, epoch ms. */
  from: number;
  /** Whose rows come to its hours: one for a line, now and what was billed before for an adjustment. */
  moments: readonly WeightedMoment[];
}

/** Of a line or an adjustment: the invoice, and its number there. */
export interface EntryPlace {
  id: string;
  n: number;
}

export interface TracedLine extends TracedEntry {
  line: Omit<InvoiceLine, 'hours'>;
  terms: BillingTerms;
  /** The invoice's. */
  period: Window;
  asOf: string;
  /** Of a final invoice. */
  leftOut: LeftOut | undefined;
}

/** Of a draft as it would be now. Throws `not_found` where there is no such invoice or line. */
export async function traceLine(stores: BillingStores, scope: Scope, { id, n }: EntryPlace): Promise<TracedLine> {
  const stored = await requireInvoice(stores.postgres, scope, id);
  const name = `Line ${n} of invoice ${id}`;
  if (stored.status !== 'draft') {
    const { customer, currency, timeZone, period, snapshot } = stored;
    const { position, terms } = requireIssued(stored);
    const line = snapshot.lines[n - 1];
    const charge = (await readCharges(stores.postgres, scope, 'invoice', [id], { n })).get(id)?.[0];
    if (line === undefined || charge === undefined) throw nothingThere(`line ${n}`, id);
    const meter = terms.billing.meters.find(({ key }) => key === line.meter);
    const moments = [{ below: cellWatermarkAt(position), weight: 1 }];
    const { leftOut, billing } = terms;
    const entry = { scope, name, customer, currency, timeZone, ...lineEntry(line), hours: charge.hours, meter, moments };
    return { ...entry, line, terms: billing, period, asOf: snapshot.asOf, leftOut: leftOut[n - 1] };
  }
  const draft = await rateDraft(stores, requireEveryCustomer(scope), stored);
  const { rated, input, terms, watermark, asOf } = draft.rating;
  const line = writeDraft(draft, stored.month, { hours: false }).lines[n - 1];
  const [charge, changes] = [chargesOf(rated)[n - 1], rated.lines[n - 1]?.changes];
  if (line === undefined || charge === undefined) throw nothingThere(`line ${n}`, id);
  return {
    scope,
    name,
    customer: stored.customer,
    currency: input.currency,
    timeZone: input.period.timeZone,
    ...lineEntry(line),
    hours: charge.hours.map((hour, at) => ({ ...hour, events: changes?.[at]?.events ?? 0 })),
    meter: terms.meters.find(({ key }) => key === line.meter),
    moments: [{ below: cellWatermarkOf(watermark), weight: 1 }],
    line,
    terms,
    period: input.period,
    asOf,
    leftOut: undefined,
  };
}

function lineEntry({ meter, quantity, amount, from }: InvoiceLine): Pick<TracedEntry, 'meterKey' | 'total' | 'from'> {
  return { meterKey: meter, total: { quantity, amount }, from: Date.parse(from) };
}

/** Throws `not_found` where there is no such invoice or adjustment. */
export async function traceAdjustment(stores: BillingStores, scope: Scope, { id, n }: EntryPlace): Promise<TracedEntry> {
  const stored = await requireInvoice(stores.postgres, scope, id);
  if (stored.status !== 'draft') {
    const { snapshot, currency } = stored;
    const { position, terms } = requireIssued(stored);
    const [adjustment, basis] = [snapshot.adjustments[n - 1], terms.adjustments[n - 1]];
    if (adjustment === undefined || basis === undefined) throw nothingThere(`adjustment ${n}`, id);
    // As `invoiceCharges` puts them in order.
    const own = snapshot.lines.length + snapshot.discounts.length + snapshot.minimums.length + snapshot.tax.length;
    const charge = (await readCharges(stores.postgres, scope, 'invoice', [id], { n: own + n })).get(id)?.[0];
    if (charge?.key !== adjustment.key) throw new Error(`adjustment ${n} of invoice ${id} is not entry ${own + n}`);
    return adjustedEntry(
      { ...charge, basis },
      { scope, n, stored, currency, timeZone: adjustment.period.timeZone, below: cellWatermarkAt(position) },
    );
  }
  const { rated, input, watermark } = (await rateDraft(stores, requireEveryCustomer(scope), stored)).rating;
  const [found] = rated.adjustments
    .flatMap(({ charges, period: { timeZone } }) => charges.map((charge) => ({ charge, timeZone })))
    .slice(n - 1, n);
  if (found === undefined) throw nothingThere(`adjustment ${n}`, id);
  const { charge, timeZone } = found;
  return adjustedEntry(charge, { scope, n, stored, currency: input.currency, timeZone, below: cellWatermarkOf(watermark) });
}

function adjustedEntry(
  { meter, quantity, amount, hours, basis }: Charge & { basis: AdjustmentBasis },
  context: { scope: Scope; n: number; stored: StoredInvoice; currency: string; timeZone: string; below: CellWatermark },
): TracedEntry {
  const { scope, n, stored, currency, timeZone, below } = context;
  return {
    scope,
    name: `Adjustment ${n} of invoice ${stored.id}`,
    customer: stored.customer,
    currency,
    timeZone,
    meterKey: meter ?? '',
    total: { quantity: formatDecimal(quantity, QUANTITY_SCALE), amount: formatMinor(amount, currency) },
    hours: hours.map((hour) => ({ ...hour, events: 0 })),
    meter: basis.meter ?? undefined,
    from: basis.from,
    moments: adjustedMoments(below, basis.billed),
  };
}

function requireIssued({ id, position, terms }: StoredInvoice): { position: AsOfPosition; terms: InvoiceTerms } {
  if (position === null || terms === null) throw new Error(`invoice ${id} has no terms, or no place in the log`);
  return { position, terms };
}

/** What of the total is in no hour. */
export function withoutHours({ total, hours, currency }: TracedEntry): TracedEntry['total'] {
  const [quantity, amount] = hours.reduce(([q, a], hour) => [q + hour.quantity, a + hour.amount], [0n, 0n]);
  return {
    quantity: subtractDecimals(total.quantity, formatDecimal(quantity, QUANTITY_SCALE)),
    amount: formatMinor(toScaled(total.amount, minorDigits(currency)) - amount, currency),
  };
}

export function tracedHours({ currency, timeZone, hours }: TracedEntry, day?: string): TracedPart[] {
  return partsOf(hours, currency).filter(({ start }) => day === undefined || dateOf(Date.parse(start), timeZone) === day);
}

/** Local days, whole ones even where the period begins within one. */
export function tracedDays({ currency, timeZone, hours }: TracedEntry): (TracedPart & { day: string })[] {
  const days = [...Map.groupBy(hours, ({ start }) => dateOf(start, timeZone))].map(([day, some]) => {
    const first = some[0]?.start ?? 0;
    return {
      day,
      start: dayStart(first, timeZone),
      end: dayEnd(first, timeZone),
      quantity: some.reduce((sum, { quantity }) => sum + quantity, 0n),
      amount: some.reduce((sum, { amount }) => sum + amount, 0n),
      events: some.reduce((sum, { events }) => sum + events, 0),
    };
  });
  return partsOf(days, currency).map((part, at) => ({ day: days[at]?.day ?? '', ...part }));
}

function partsOf(parts: readonly CountedHour[], currency: string): TracedPart[] {
  let [quantity, amount] = [0n, 0n];
  const running = () => ({ quantity: formatDecimal(quantity, QUANTITY_SCALE), amount: formatMinor(amount, currency) });
  return parts.map((part) => {
    const from = running();
    quantity += part.quantity;
    amount += part.amount;
    return {
      start: instantText(part.start),
      end: instantText(part.end),
      quantity: formatDecimal(part.quantity, QUANTITY_SCALE),
      events: part.events,
      amount: formatMinor(part.amount, currency),
      from,
      to: running(),
    };
  });
}

function nothingThere(entry: string, id: string): ProblemError {
  return new ProblemError('not_found', `Invoice ${id} has no ${entry}.`);
}
