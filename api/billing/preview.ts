/** A customer's invoice as it would be now. Nothing is stored. */
import { ProblemError } from '../../core/errors.ts';
import { writeInvoice } from '../../core/invoice.ts';
import { monthOf, monthPeriod, type Window } from '../../core/window.ts';
import { noCustomer, type Scope } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Invoice, PreviewInput } from '../../schemas/http/invoices.ts';
import { readRange } from '../instants.ts';
import { rateCustomer } from './rate.ts';
import { readTerms } from './terms.ts';

/** Throws `not_found` for a customer nobody has heard of, `invalid_range` for a period that cannot be billed as one. */
export async function previewInvoice(platform: Platform, scope: Scope, input: PreviewInput): Promise<Invoice> {
  const now = platform.clock.now();
  const terms = (await readTerms(platform.postgres, scope, [input.customer], now)).get(input.customer);
  if (terms === undefined) throw noCustomer(input.customer);
  const period = periodOf(input, terms.timeZone, now.getTime());
  const rating = await rateCustomer(platform, { scope, customer: input.customer, period, terms });
  return writeInvoice(rating.input, rating.rated, { hours: true });
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
