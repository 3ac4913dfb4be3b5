/** An invoice as text: what rated-invoice.ts made of usage and plan, with the names, the numbers of the lines and the instants. */
import type { Aggregation } from '../schemas/http/customers.ts';
import type {
  Invoice,
  InvoiceAdjustment,
  InvoiceDiscount,
  InvoiceHour,
  InvoiceLine,
  InvoiceMinimum,
  InvoiceTier,
} from '../schemas/http/invoices.ts';
import { formatDecimal, formatFixed, fractionDigits, toScaled } from './decimal.ts';
import type { Adjustment } from './due.ts';
import { formatMinor } from './money.ts';

import { rateInvoice, type RatedInvoice, type RatedLine, type RatingInput } from './rated-invoice.ts';
import { EXACT_SCALE, PRICE_SCALE, QUANTITY_SCALE, type RatedTier } from './rating.ts';
import type { RatedDiscount, RatedMinimum } from './totals.ts';
import { dayEnd, dayStart, instantText, type Window } from './window.ts';

export interface InvoiceInput extends RatingInput {
  customer: { id: string; name: string };
  period: Window & { timeZone: string };
  /** A meter that is missing here has no unit and is named by its key. */
  meters: ReadonlyMap<string, { name: string; unit: string; aggregation: Aggregation }>;
  /** Epoch ms. */
  asOf: number;
}

/** What text needs to know of its invoice. */
interface TextContext {
  input: InvoiceInput;
  money: (minor: bigint) => string;
  /** An hour's instants stand in every line; each is written out once per invoice. */
  instant: (epochMs: number) => string;
}

/** A preview: no id, no number. Throws `currency_mismatch` when plan and customer have different currencies. */
export function buildInvoice(input: InvoiceInput): Invoice {
  return writeInvoice(input, rateInvoice(input), { hours: true });
}

/** `hours: false` leaves the hours out, which a draft does not store and which are nearly all of an invoice's text. */
export function writeInvoice(input: InvoiceInput, rated: RatedInvoice, options: { hours: boolean }): Invoice {
  const { customer, currency, period, segments } = input;
  const context: TextContext = { input, money: (minor) => formatMinor(minor, currency), instant: memoizedInstantText() };
  const { money, instant } = context;
  return {
    id: null,
    number: null,
    status: 'preview',
    customer: customer.id,
    customerName: customer.name,
    plan: segments.at(-1)?.plan?.id ?? null,
    currency,
    period: { from: instant(period.from), to: instant(period.to), timeZone: period.timeZone },
    segments: segments.map(({ from, to, plan }) => ({ from: instant(from), to: instant(to), plan: plan?.id ?? null })),
    asOf: instantText(input.asOf),
    lines: rated.lines.map((line, index) => lineText(line, index + 1, context, options)),
    subtotal: money(rated.subtotal),
    discounts: rated.discounts.map((discount) => discountText(discount, context)),
    minimums: rated.minimums.map((minimum) => minimumText(minimum, context)),
    tax: rated.taxes.map(({ rate, base, amount }) => ({ name: 'Tax', rate, base: money(base), amount: money(amount) })),
    adjustments: rated.adjustments
      .flatMap((adjustment) => adjustmentText(adjustment, context))
      .map((entry, index) => ({ n: index + 1, ...entry })),
    total: money(rated.total),
  };
}

/** The local days of a line, whole ones even where the period begins within a day: sums of its hours, and the running amount at the end. */
export function daysOfLine(line: Pick<InvoiceLine, 'hours'>, zone: string): InvoiceHour[] {
  const days: InvoiceHour[] = [];
  let [end, quantity, amount, events] = [-Infinity, 0n, 0n, 0];
  for (const hour of line.hours) {
    const digits = fractionDigits(hour.amount);
    const start = Date.parse(hour.start);
    if (start < end) days.pop();
    else [end, quantity, amount, events] = [dayEnd(start, zone), 0n, 0n, 0];
    quantity += toScaled(hour.quantity, QUANTITY_SCALE);
    amount += toScaled(hour.amount, digits);
    events += hour.events;
    days.push({
      start: instantText(dayStart(start, zone)),
      end: instantText(end),
      quantity: quantityText(quantity),
      events,
      amount: formatFixed(amount, digits),
      runningAmount: hour.runningAmount,
    });
  }
  return days;
}

function lineText(line: RatedLine, n: number, context: TextContext, options: { hours: boolean }): InvoiceLine {
  const { input, money, instant } = context;
  const { key, kind, segment, price, pricing } = line;
  const meter = input.meters.get(line.meter ?? '');
  return {
    n,
    key,
    kind,
    meter: line.meter ?? '',
    description: price?.description ?? meter?.name ?? line.meter ?? segment.plan?.name ?? '',
    quantity: quantityText(line.quantity),
    unit: kind === 'usage' ? (meter?.unit ?? '') : '',
    pricing,
    from: instant(segment.from),
    to: instant(segment.to),
    ...(kind === 'fee' ? shareText(segment, input.period) : {}),
    tiers: line.tiers.map((tier) => tierText(tier, context)),
    exactAmount: formatDecimal(line.exactAmount, EXACT_SCALE),
    amount: money(line.amount),
    hours: options.hours ? hourTexts(line, context) : [],
  };
}

function hourTexts({ changes, runningAmounts }: RatedLine, { money, instant }: TextContext): InvoiceHour[] {
  let before = 0n;
  return changes.map(({ start, end, quantity, events }, i) => {
    const after = runningAmounts[i] ?? before;
    const amount = after - before;
    before = after;
    return {
      start: instant(start),
      end: instant(end),
      quantity: quantityText(quantity),
      events,
      amount: money(amount),
      runningAmount: money(after),
    };
  });
}

function tierText(tier: RatedTier, { money }: TextContext): InvoiceTier {
  const { from, to, quantity, unitPrice, flatFee, packageSize, packages, amount } = tier;
  return {
    from: quantityText(from),
    to: to === null ? null : quantityText(to),
    quantity: quantityText(quantity),
    unitPrice: formatDecimal(unitPrice, PRICE_SCALE),
    ...(flatFee === undefined ? {} : { flatFee: formatDecimal(flatFee, PRICE_SCALE) }),
    ...(packageSize === undefined ? {} : { packageSize: quantityText(packageSize) }),
    ...(packages === undefined ? {} : { packages: packages.toString() }),
    amount: money(amount),
  };
}

function discountText({ key, discount, segment, base, amount }: RatedDiscount, { money, instant }: TextContext): InvoiceDiscount {
  return {
    key,
    meter: discount.meter ?? null,
    percent: discount.percent ?? null,
    offered: discount.amount ?? null,
    from: instant(segment.from),
    to: instant(segment.to),
    base: money(base),
    amount: money(amount),
  };
}

function minimumText({ key, segment, minimum, base, amount }: RatedMinimum, { input, money, instant }: TextContext): InvoiceMinimum {
  return {
    key,
    from: instant(segment.from),
    to: instant(segment.to),
    ...shareText(segment, input.period),
    minimum: money(minimum),
    base: money(base),
    amount: money(amount),
  };
}

function adjustmentText({ invoice, period, charges }: Adjustment, { money, instant }: TextContext): Omit<InvoiceAdjustment, 'n'>[] {
  return charges.map(({ key, kind, meter, quantity, amount, hours, causes }) => ({
    invoice,
    period: { from: instant(period.from), to: instant(period.to), timeZone: period.timeZone },
    key,
    kind,
    meter: meter ?? null,
    quantity: quantityText(quantity),
    amount: money(amount),
    hours: hours.map((hour) => ({
      start: instant(hour.start),
      end: instant(hour.end),
      quantity: quantityText(hour.quantity),
      amount: money(hour.amount),
    })),
    causes: causes.map((cause) => ({ ...cause, quantity: quantityText(cause.quantity) })),
  }));
}

function shareText(part: Window, whole: Window): { share?: { seconds: string; of: string } } {
  if (part.from === whole.from && part.to === whole.to) return {};
  return { share: { seconds: secondsText(part), of: secondsText(whole) } };
}

function secondsText({ from, to }: Window): string {
  return formatDecimal(BigInt(to - from), 3);
}

function quantityText(scaled: bigint): string {
  return formatDecimal(scaled, QUANTITY_SCALE);
}

function memoizedInstantText(): (epochMs: number) => string {
  const texts = new Map<number, string>();
  return (epochMs) => {
    const known = texts.get(epochMs);
    if (known !== undefined) return known;
    const text = instantText(epochMs);
    texts.set(epochMs, text);
    return text;
  };
}
