/** Builds an invoice from usage and a plan: quantity × price, hour by hour, by the rules of docs/billing.md. */
import type { Aggregation } from '../schemas/http/customers.ts';
import type { Invoice, InvoiceHour, InvoiceLine, InvoiceTier } from '../schemas/http/invoices.ts';
import type { PlanDefinition, Price } from '../schemas/http/plans.ts';
import { formatDecimal, formatFixed, fractionDigits, toScaled } from './decimal.ts';
import { ProblemError } from './errors.ts';
import { formatMinor, minorDigits, rounderOf, type Rounding } from './money.ts';
import { EXACT_SCALE, PRICE_SCALE, priceFunction, QUANTITY_SCALE, rateUsage, UNPRICED, type RatedTier } from './rating.ts';
import { dayEnd, dayStart, instantText, type Window } from './window.ts';

/** One local hour of one meter; `start` and `end` in epoch ms. */
export interface UsageHour {
  start: number;
  end: number;
  /** Sum of the hour's quantities, a decimal string of at most 18 fraction digits. */
  quantity: string;
  events: number;
}

export interface MeterUsage {
  meter: string;
  /** In time order, without overlap. Hours without events may be left out. */
  hours: readonly UsageHour[];
}

export interface InvoiceInput {
  customer: { id: string; name: string };
  plan: (PlanDefinition & { id: string }) | undefined;
  period: Window & { timeZone: string };
  usage: readonly MeterUsage[];
  /** Definitions by meter key. A meter that is missing here is a sum without a unit, named by its key. */
  meters: ReadonlyMap<string, { name: string; unit: string; aggregation: Aggregation }>;
  /** Percent, a decimal string. */
  taxRate: string;
  currency: string;
  /** Epoch ms. */
  asOf: number;
  rounding?: Rounding;
}

/** What a line needs to know of its invoice. */
interface LineContext {
  input: InvoiceInput;
  round: (exact: bigint) => bigint;
  /** An hour's instants stand in every line; each is written out once per invoice. */
  textOf: (epochMs: number) => string;
}

/**
 * A preview: no id, no number. Lines are in the plan's order, then, for meters it has no price for, by key. Throws `currency_mismatch`
 * when plan and customer have different currencies.
 */
export function buildInvoice(input: InvoiceInput): Invoice {
  const { customer, plan, period, currency } = input;
  if (plan !== undefined && plan.currency !== currency) {
    throw new ProblemError('currency_mismatch', `Plan ${plan.id} is in ${plan.currency}, customer ${customer.id} pays in ${currency}.`);
  }
  const rounding = input.rounding ?? 'half-away';
  const context: LineContext = { input, round: rounderOf({ currency, scale: EXACT_SCALE, rounding }), textOf: memoizedInstantText() };
  const rated = inLineOrder(input.usage, plan).map(({ usage, price }, index) => buildLine(usage, price, index + 1, context));
  const subtotal = rated.reduce((sum, { amount }) => sum + amount, 0n);
  const tax = taxOf(subtotal, input.taxRate, currency, rounding);
  return {
    id: null,
    number: null,
    status: 'preview',
    customer: customer.id,
    customerName: customer.name,
    plan: plan?.id ?? null,
    currency,
    period: { from: instantText(period.from), to: instantText(period.to), timeZone: period.timeZone },
    asOf: instantText(input.asOf),
    lines: rated.map(({ line }) => line),
    subtotal: formatMinor(subtotal, currency),
    tax:
      tax === undefined
        ? []
        : [{ name: 'Tax', rate: input.taxRate, base: formatMinor(subtotal, currency), amount: formatMinor(tax, currency) }],
    total: formatMinor(subtotal + (tax ?? 0n), currency),
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
      quantity: formatDecimal(quantity, QUANTITY_SCALE),
      events,
      amount: formatFixed(amount, digits),
      runningAmount: hour.runningAmount,
    });
  }
  return days;
}

function inLineOrder(usage: readonly MeterUsage[], plan: PlanDefinition | undefined): { usage: MeterUsage; price: Price | undefined }[] {
  const prices = plan?.prices ?? [];
  const places = new Map(prices.map(({ meter }, place) => [meter, place]));
  const placeOf = (meter: string): number => places.get(meter) ?? prices.length;
  return usage
    .filter(({ hours }) => hours.length > 0)
    .sort((a, b) => placeOf(a.meter) - placeOf(b.meter) || (a.meter < b.meter ? -1 : 1))
    .map((one) => ({ usage: one, price: prices[placeOf(one.meter)] }));
}

function buildLine(usage: MeterUsage, price: Price | undefined, n: number, context: LineContext): { line: InvoiceLine; amount: bigint } {
  const { currency, meters } = context.input;
  const meter = meters.get(usage.meter);
  const quantities = quantitiesOf(usage, meter?.aggregation ?? 'sum');
  const rated = rateUsage(price === undefined ? UNPRICED : priceFunction(price), quantities, context.round);
  const line: InvoiceLine = {
    n,
    meter: usage.meter,
    description: price?.description ?? meter?.name ?? usage.meter,
    quantity: formatDecimal(rated.quantity, QUANTITY_SCALE),
    unit: meter?.unit ?? '',
    pricing: price?.model ?? 'unpriced',
    tiers: rated.tiers.map((tier) => tierOf(tier, currency)),
    exactAmount: formatDecimal(rated.exactAmount, EXACT_SCALE),
    amount: formatMinor(rated.amount, currency),
    hours: hoursOfLine(usage, quantities, rated.runningAmounts, context),
  };
  return { line, amount: rated.amount };
}

/** What each hour adds to the line's quantity. */
function quantitiesOf({ meter, hours }: MeterUsage, aggregation: Aggregation): bigint[] {
  switch (aggregation) {
    case 'sum':
      return hours.map(({ quantity }) => toScaled(quantity, QUANTITY_SCALE));
    case 'count':
      return hours.map(({ events }) => toScaled(String(events), QUANTITY_SCALE));
    case 'max':
    case 'unique':
    case 'latest':
      throw new Error(`meter ${meter}: the aggregation ${aggregation} cannot be rated from sums, and is refused when a meter is defined`);
  }
}

function hoursOfLine(usage: MeterUsage, quantities: readonly bigint[], running: readonly bigint[], context: LineContext): InvoiceHour[] {
  const { currency } = context.input;
  let before = 0n;
  return usage.hours.map(({ start, end, events }, i) => {
    const after = running[i] ?? before;
    const amount = after - before;
    before = after;
    return {
      start: context.textOf(start),
      end: context.textOf(end),
      quantity: formatDecimal(quantities[i] ?? 0n, QUANTITY_SCALE),
      events,
      amount: formatMinor(amount, currency),
      runningAmount: formatMinor(after, currency),
    };
  });
}

function tierOf(tier: RatedTier, currency: string): InvoiceTier {
  return {
    from: formatDecimal(tier.from, QUANTITY_SCALE),
    to: tier.to === null ? null : formatDecimal(tier.to, QUANTITY_SCALE),
    quantity: formatDecimal(tier.quantity, QUANTITY_SCALE),
    unitPrice: formatDecimal(tier.unitPrice, PRICE_SCALE),
    ...(tier.flatFee === undefined ? {} : { flatFee: formatDecimal(tier.flatFee, PRICE_SCALE) }),
    amount: formatMinor(tier.amount, currency),
  };
}

/** The tax on the whole subtotal, rounded once; undefined at a rate of 0, which is no tax at all. */
function taxOf(subtotal: bigint, ratePercent: string, currency: string, rounding: Rounding): bigint | undefined {
  const rateScale = fractionDigits(ratePercent);
  const rate = toScaled(ratePercent, rateScale);
  if (rate === 0n) return undefined;
  const scale = minorDigits(currency) + rateScale + PERCENT_DIGITS;
  return rounderOf({ currency, scale, rounding })(subtotal * rate);
}

/** A percentage is a hundredth: two more fraction digits. */
const PERCENT_DIGITS = 2;

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
