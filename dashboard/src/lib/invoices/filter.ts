/** The Invoices page as it stands in its URL. `month` is the API's `period`: that name belongs to the address of a preview. */
import type { QueryValues } from '../api.ts';
import { isMonth } from '../month.ts';

export const STATUSES = ['draft', 'final', 'void'] as const;
export type Status = (typeof STATUSES)[number];

export interface InvoiceFilter {
  month: string | null;
  status: Status | null;
  customer: string | null;
}

interface Parameters {
  get(name: string): string | null;
  has(name: string): boolean;
}

export function readInvoiceFilter(parameters: Parameters): InvoiceFilter {
  const month = parameters.get('month');
  return {
    month: month !== null && isMonth(month) ? month : null,
    status: STATUSES.find((status) => status === parameters.get('status')) ?? null,
    customer: parameters.get('customer') || null,
  };
}

export function isFiltered({ month, status, customer }: InvoiceFilter): boolean {
  return month !== null || status !== null || customer !== null;
}

/** As the API names them: of the list, its totals, its credit notes and its CSV alike. */
export function queryOf({ month, status, customer }: InvoiceFilter): QueryValues {
  return { customer, status, period: month };
}

/** The preview stood at this page's address before there was a list, with a month or a line in it; links to it go on. Null: this page is meant. */
export function previewAddressOf(url: URL): string | null {
  return url.searchParams.has('period') || url.searchParams.has('line') ? `/invoices/preview${url.search}` : null;
}
