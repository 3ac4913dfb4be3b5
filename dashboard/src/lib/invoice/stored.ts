/** What the page of a stored invoice shows: the document, what was done to it, and whether files and stores agree about it. */
import { call } from '../api.ts';
import { monthKey } from '../zone.ts';
import type { AuditEntry, Invoice, List, Reconciliation } from '../types.ts';
import { agreementOf, type Agreement } from './agreement.ts';
import { hoursOfPeriod } from './clock-changes.ts';

export interface StoredView {
  invoice: Invoice;
  /** `2026-10`. */
  month: string;
  /** Newest first. */
  audit: AuditEntry[];
}

/** `isStaff`: what was done to it is for them alone. */
export async function loadStoredInvoice(id: string, isStaff: boolean): Promise<StoredView> {
  const [invoice, audit] = await Promise.all([
    call<Invoice>(`/v1/invoices/${encodeURIComponent(id)}`),
    isStaff ? call<List<AuditEntry>>('/v1/audit', { query: { subject: `invoice/${id}` } }).then(({ items }) => items) : [],
  ]);
  const month = invoice.month ?? monthKey(Date.parse(invoice.period.from), invoice.period.timeZone);
  return { invoice, month, audit };
}

/** Both stores are read anew for these hours: `state=open` leaves out what agrees, and what differs is counted besides. */
export async function loadAgreement({ customer, period }: Invoice): Promise<{ found: Agreement; at: number }> {
  const { from, to } = period;
  const result = await call<Reconciliation>('/v1/reconciliation', { query: { customer, from, to, state: 'open' } });
  return { found: agreementOf(result, hoursOfPeriod(period)), at: Date.now() };
}
