/** What the Invoices page shows: whose, which month, and the invoice as it would be now. */
import { call } from '../api.ts';
import { loadCustomerNames, type CustomerNames } from '../names.ts';
import type { Customer, Invoice, Session, Usage } from '../types.ts';
import { loadExtent } from '../usage/extent.ts';
import { monthKey, nextStart, startOf } from '../zone.ts';

export interface InvoiceView {
  names: CustomerNames;
  customer: Customer | null;
  /** `2026-10`. */
  period: string;
  /** Months in which this customer used something, oldest first. */
  months: string[];
  invoice: Invoice | null;
}

const PERIOD = /^\d{4}-(0[1-9]|1[0-2])$/;

export async function loadInvoiceView(
  wanted: { customer: string | null; period: string | null },
  now: number,
  session: Session | null,
): Promise<InvoiceView> {
  const [names, extent] = await Promise.all([loadCustomerNames(session), loadExtent()]);
  const customer = chooseCustomer(names, wanted.customer);
  if (customer === null) return { names, customer, period: '', months: [], invoice: null };
  const zone = customer.timeZone;
  const months = extent === null ? [] : await monthsOf(customer, Date.parse(extent.from), Date.parse(extent.to));
  const period = wanted.period !== null && PERIOD.test(wanted.period) ? wanted.period : (months.at(-1) ?? monthKey(now, zone));
  const invoice = await call<Invoice>('/v1/invoices/preview', { method: 'POST', json: { customer: customer.id, period } });
  return { names, customer, period, months, invoice };
}

/** Somebody with a plan shows more than somebody without. */
function chooseCustomer(names: CustomerNames, wanted: string | null): Customer | null {
  const customers = [...names.values()];
  return names.get(wanted ?? '') ?? customers.find(({ plan }) => plan !== null) ?? customers[0] ?? null;
}

async function monthsOf(customer: Customer, first: number, last: number): Promise<string[]> {
  const zone = customer.timeZone;
  const from = new Date(startOf(first, 'month', zone)).toISOString();
  const to = new Date(nextStart(last, 'month', zone)).toISOString();
  const { buckets } = await call<Usage>('/v1/usage', {
    query: { from, to, grain: 'month', groupBy: 'meter', customer: customer.id, timeZone: zone },
  });
  return [...new Set(buckets.map(({ start }) => monthKey(Date.parse(start), zone)))].sort();
}
