/** A customer's invoice as it would be now: usage by local hour from ClickHouse, rated by the customer's plan. Nothing is stored. */
import type { UsageHour } from '../../core/aggregation.ts';
import { ProblemError } from '../../core/errors.ts';
import { buildInvoice } from '../../core/invoice.ts';
import type { MeterUsage } from '../../core/rated-invoice.ts';
import { monthOf, monthPeriod, type Window } from '../../core/window.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Invoice, PreviewInput } from '../../schemas/http/invoices.ts';
import { readRange } from '../instants.ts';
import { findCustomer, findMeters } from '../queries/customers.ts';
import { findPlan } from '../queries/plans.ts';
import { readUsage } from '../queries/usage.ts';
import { readWatermark } from '../queries/watermark.ts';
import { windowsOf } from '../usage/windows.ts';

/** A billing year with room for a leap day. Longer periods are several invoices. */
const PERIOD_HOURS_MAX = 9_000;
/** Hours over all meters in one answer, some 60 MB of JSON. */
const INVOICE_HOURS_MAX = 300_000;

/** Throws `not_found` for a customer nobody has heard of, `invalid_range` for a period that cannot be billed as one. */
export async function previewInvoice(platform: Platform, input: PreviewInput): Promise<Invoice> {
  const { postgres, clickhouse, clock } = platform;
  const customer = await findCustomer(postgres, input.customer);
  if (customer === undefined)
    throw new ProblemError('not_found', `There is no customer "${input.customer}", neither set up nor seen in usage.`);
  const period = periodOf(input, customer.timeZone, clock.now().getTime());
  const { asOf } = await readWatermark(platform);
  const usage = await readHours(clickhouse, customer.id, period, customer.timeZone);
  const plan = customer.plan === null ? undefined : await findPlan(postgres, customer.plan);
  const meters = await findMeters(
    postgres,
    usage.map(({ meter }) => meter),
  );
  return buildInvoice({
    customer,
    segments: [{ ...period, plan }],
    period: { ...period, timeZone: customer.timeZone },
    usage,
    meters: new Map(meters.map((meter) => [meter.key, meter])),
    taxRate: customer.taxRate,
    currency: customer.currency,
    asOf: Date.parse(asOf),
  });
}

/** A month of the customer's zone, or a range; the current month when neither is given. */
function periodOf(input: PreviewInput, timeZone: string, nowMs: number): Window {
  const { period, from, to } = input;
  if (period !== undefined && (from !== undefined || to !== undefined))
    throw new ProblemError('invalid_request', 'Give either period, or from and to.');
  if ((from === undefined) !== (to === undefined)) throw new ProblemError('invalid_request', 'from and to go together.');
  if (from === undefined || to === undefined) return monthPeriod(period ?? monthOf(nowMs, timeZone), timeZone);
  const range = readRange(from, to);
  return { from: range.from.epochMs, to: range.to.epochMs };
}

async function readHours(clickhouse: ClickHouse, customer: string, period: Window, timeZone: string): Promise<MeterUsage[]> {
  const windows = windowsOf(period, 'hour', timeZone);
  if (windows.length > PERIOD_HOURS_MAX)
    throw new ProblemError('invalid_range', 'An invoice covers at most a year. Preview shorter periods one by one.');
  const hoursByMeter = new Map<string, UsageHour[]>();
  let count = 0;
  for await (const page of readUsage(clickhouse, { windows, customer, byCustomer: false })) {
    count += page.length;
    if (count > INVOICE_HOURS_MAX)
      throw new ProblemError('invalid_range', `The invoice would list more than ${INVOICE_HOURS_MAX} hours. Preview a shorter period.`);
    for (const { window, meter, quantity, events } of page) {
      const hour: UsageHour = { start: window.from, end: window.to, quantity, events: Number(events) };
      const hours = hoursByMeter.get(meter);
      if (hours === undefined) hoursByMeter.set(meter, [hour]);
      else hours.push(hour);
    }
  }
  return [...hoursByMeter].map(([meter, hours]) => ({ meter, hours }));
}
