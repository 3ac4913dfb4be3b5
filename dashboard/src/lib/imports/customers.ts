/** Whose usage a file has brought, and where that is billed, in words. */
import { formatCount } from '../format.ts';
import { formatMonth } from '../time.ts';
import type { Import, ImportCustomer } from '../types.ts';

/** "Acme AI, Helio Labs and 12 more"; null where it is not known, or nobody. */
export function customersInWords(customers: Import['customers']): string | null {
  if (customers === null || customers.count === 0) return null;
  const names = customers.first.map(({ name }) => name);
  const rest = customers.count - names.length;
  if (rest > 0) return `${names.join(', ')} and ${formatCount(rest)} more`;
  return names.length < 2 ? (names[0] ?? null) : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

type BillingInvoice = ImportCustomer['invoices'][number];

export interface Billed {
  href: string;
  label: string;
  /** What of the file's events it does not bill; empty where it bills all of them. */
  note: string;
}

export function billedIn({ id, number, status, month, events, billed }: BillingInvoice): Billed {
  const late = events - billed;
  const label = status === 'draft' ? `draft for ${formatMonth(month)}` : (number ?? `invoice ${id}`);
  return { href: `/invoices/${id}`, label, note: late === 0 ? '' : lateNote(billed, late) };
}

function lateNote(billed: number, late: number): string {
  const due = late === 1 ? 'falls due on a later invoice' : 'fall due on a later invoice';
  if (billed > 0) return `${formatCount(billed)} of ${formatCount(billed + late)}; ${formatCount(late)} came after it was final and ${due}`;
  return late === 1 ? `its event came after it was final and ${due}` : `all ${formatCount(late)} came after it was final and ${due}`;
}
