/** The top of an invoice's first page: who bills whom, for what period, and how much. */
import { compareDecimals } from '../../../core/decimal.ts';
import type { Invoice } from '../../../schemas/http/invoices.ts';
import type { Seller } from '../../../schemas/http/settings.ts';
import { dateLabel, grouped, isZero, periodLabel, timeLabel, zoneLabel } from './labels.ts';
import { drawLetterhead, type Letterhead } from './letterhead.ts';
import type { Sheet } from './sheet.ts';

const TITLES: Record<Invoice['status'], string> = {
  preview: 'Invoice preview',
  draft: 'Draft invoice',
  final: 'Invoice',
  void: 'Invoice (void)',
};

export function titleOf({ status, number }: Pick<Invoice, 'status' | 'number'>): string {
  return number === null ? TITLES[status] : `${TITLES[status]} ${number}`;
}

/** `details`: what is known of the customer beside name and id; `address` is printed as it is, everything else after its name. */
export function drawHeading(
  sheet: Sheet,
  invoice: Invoice,
  { seller, details }: { seller: Seller; details: Readonly<Record<string, string>> },
): void {
  const { customer, customerName, period, currency, number, finalizedAt, voided, segments, asOf } = invoice;
  const zone = period.timeZone;
  drawLetterhead(sheet, {
    title: TITLES[invoice.status],
    seller,
    recipientLabel: 'Bill to',
    recipient: { customer, customerName, details },
    facts: [
      ['Invoice number', number ?? 'none yet'],
      ['Invoice date', typeof finalizedAt === 'string' ? dateLabel(Date.parse(finalizedAt), zone) : 'none yet'],
      ...(voided ? [['Voided', dateLabel(Date.parse(voided.at), zone)] as [string, string]] : []),
      ['Period', periodLabel(period, zone)],
      ['Time zone', zoneLabel(period)],
      ['Currency', currency],
      ['Plan', [...new Set(segments.map(({ plan }) => plan ?? 'none'))].join(', ')],
      ['Usage known at', timeLabel(asOf, zone)],
    ],
    amount: amountOf(invoice),
  });
}

function amountOf({ total, settlement, currency, status }: Invoice): Letterhead['amount'] {
  const isCredit = compareDecimals(total, '0') < 0;
  const amount = isCredit ? total : (settlement?.payable ?? total);
  const label = isCredit ? 'Credit, set off against the next invoices' : isZero(amount) ? 'Nothing to pay' : 'Total due';
  const notes: Partial<Record<Invoice['status'], string>> = {
    preview: ' (not final)',
    draft: ' (not final)',
    void: ' (void, not to be paid)',
  };
  return { label: `${label}${notes[status] ?? ''}`, text: `${currency} ${grouped(amount)}` };
}
