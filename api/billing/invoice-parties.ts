/** Who bills and who is billed, as an invoice names them: a final one as it was frozen, any other as the settings are now. */
import type { Scope } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { findInvoice } from '../queries/invoices.ts';
import { readSettings } from '../queries/settings.ts';
import { readInvoice } from './read-invoice.ts';
import { readTerms } from './terms.ts';

export interface InvoiceParties {
  seller: Seller;
  invoiceDetails: Readonly<Record<string, string>>;
}

/** A stored invoice with who bills and who is billed: what every route answers with, so that none says less of it than another. */
export async function readNamedInvoice(platform: Platform, scope: Scope, id: string, options: { hours: boolean }): Promise<Invoice> {
  const invoice = await readInvoice(platform, scope, id, options);
  const { seller, invoiceDetails } = await readParties(platform, scope, invoice);
  return { ...invoice, parties: { seller, customerDetails: invoiceDetails } };
}

export async function readParties({ postgres, clock }: Platform, scope: Scope, { id, customer }: Invoice): Promise<InvoiceParties> {
  const stored = id === null ? undefined : await findInvoice(postgres, scope, id);
  const terms = stored?.terms ?? null;
  if (terms !== null) return { seller: terms.seller, invoiceDetails: terms.billing.customer.invoiceDetails };
  const [{ seller }, current] = await Promise.all([readSettings(postgres), readTerms(postgres, scope, [customer], clock.now())]);
  return { seller, invoiceDetails: current.get(customer)?.customer.invoiceDetails ?? {} };
}
