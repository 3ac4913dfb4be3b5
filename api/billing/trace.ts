/** From a line of a stored invoice to its days, and to their hours: each with the running figures before and after it. */
import { chargesOf } from '../../core/due.ts';
import { formatDecimal } from '../../core/decimal.ts';
import { ProblemError } from '../../core/errors.ts';
import { formatMinor } from '../../core/money.ts';
import type { CountedHour } from '../../core/packed-hours.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { dateOf, dayEnd, dayStart, instantText, type Window } from '../../core/window.ts';
import type { InvoiceLine } from '../../schemas/http/invoices.ts';
import type { TracedPart } from '../../schemas/http/invoice-life.ts';
import { readCharges } from '../queries/invoice-charges.ts';
import type { AsOfPosition, StoredInvoice } from '../queries/invoices.ts';
import { cellWatermarkOf } from '../queries/watermark.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import { rateDraft, writeDraft } from './draft.ts';
import type { BillingStores } from './due.ts';
import { requireInvoice } from './read-invoice.ts';
import type { BilledMeter, BillingTerms } from './terms.ts';

export interface TracedLine {
  invoice: Pick<StoredInvoice, 'id' | 'status' | 'customer' | 'currency' | 'timeZone'>;
  line: Omit<InvoiceLine, 'hours'>;
  hours: readonly CountedHour[];
  /** As the line was rated with; undefined for a fee. */
  meter: BilledMeter | undefined;
  /** What both stores had when it was rated. */
  below: CellWatermark;
  terms: BillingTerms;
  /** The invoice's. */
  period: Window;
  asOf: string;
}

/** Of a draft as it would be now. Throws `not_found` where there is no such invoice or line. */
export async function traceLine(stores: BillingStores, id: string, n: number): Promise<TracedLine> {
  const stored = await requireInvoice(stores.postgres, id);
  if (stored.status !== 'draft') {
    const line = stored.snapshot.lines[n - 1];
    const charge = (await readCharges(stores.postgres, 'invoice', [id], { n })).get(id)?.[0];
    if (line === undefined || charge === undefined) throw noSuchLine(id, n);
    const { position, terms, period, snapshot } = stored;
    if (position === null || terms === null) throw new Error(`invoice ${id} has no terms, or no place in the log`);
    const meter = terms.billing.meters.find(({ key }) => key === line.meter);
    const below = belowPosition(position);
    return { invoice: stored, line, hours: charge.hours, meter, below, terms: terms.billing, period, asOf: snapshot.asOf };
  }
  const draft = await rateDraft(stores, stored);
  const { rated, input, terms, watermark, asOf } = draft.rating;
  const line = writeDraft(draft, stored.month, { hours: false }).lines[n - 1];
  const [charge, changes] = [chargesOf(rated)[n - 1], rated.lines[n - 1]?.changes];
  if (line === undefined || charge === undefined) throw noSuchLine(id, n);
  return {
    invoice: { ...stored, currency: input.currency, timeZone: input.period.timeZone },
    line,
    hours: charge.hours.map((hour, at) => ({ ...hour, events: changes?.[at]?.events ?? 0 })),
    meter: terms.meters.find(({ key }) => key === line.meter),
    below: cellWatermarkOf(watermark),
    terms,
    period: input.period,
    asOf,
  };
}

export function tracedTotal({ line }: TracedLine): { quantity: string; amount: string } {
  return { quantity: line.quantity, amount: line.amount };
}

export function tracedHours({ invoice, hours }: TracedLine, day?: string): TracedPart[] {
  return partsOf(hours, invoice.currency).filter(({ start }) => day === undefined || dateOf(Date.parse(start), invoice.timeZone) === day);
}

/** Local days, whole ones even where the period begins within one. */
export function tracedDays({ invoice, hours }: TracedLine): (TracedPart & { day: string })[] {
  const { timeZone, currency } = invoice;
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

/** The customer's partition alone matters, and all its events of an epoch are in that one. */
function belowPosition({ epoch, partition, offset }: AsOfPosition): CellWatermark {
  return { epoch, nextOffsets: Array.from({ length: partition + 1 }, () => offset) };
}

function noSuchLine(id: string, n: number): ProblemError {
  return new ProblemError('not_found', `Invoice ${id} has no line ${n}.`);
}
