/** Stored invoices one after the other, newest first, as they are shown: for exports of any length. */
import { ProblemError } from '../../core/errors.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { listInvoices, type InvoiceFilter } from '../queries/invoice-list.ts';
import type { BillingStores } from './due.ts';
import { readInvoice } from './read-invoice.ts';
import type { Scope } from '../../platform/access/scope.ts';

/** Ids per question to Postgres; one invoice is read at a time. */
const PAGE_INVOICES = 100;

export async function* exportInvoices(
  stores: BillingStores,
  scope: Scope,
  filter: InvoiceFilter,
  options: { hours: boolean },
): AsyncGenerator<Invoice> {
  let before: string | undefined;
  do {
    const page = await listInvoices(stores.postgres, scope, filter, { before, rows: PAGE_INVOICES });
    for (const { id } of page) {
      const invoice = await readUnlessGone(stores, scope, id, options);
      if (invoice !== undefined) yield invoice;
    }
    before = page.length < PAGE_INVOICES ? undefined : page.at(-1)?.id;
  } while (before !== undefined);
}

/** A draft may be deleted while invoices before it are read. */
async function readUnlessGone(stores: BillingStores, scope: Scope, id: string, options: { hours: boolean }): Promise<Invoice | undefined> {
  try {
    return await readInvoice(stores, scope, id, options);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not_found') return undefined;
    throw error;
  }
}
