/** From the subtotal to the total, every step with what it was taken from; and before it what became due for earlier periods. */
import { toScaled } from '../../../core/decimal.ts';
import { formatMinor, minorDigits } from '../../../core/money.ts';
import type { Invoice, InvoiceAdjustment } from '../../../schemas/http/invoices.ts';
import type { Seller } from '../../../schemas/http/settings.ts';
import { AMOUNT_WIDTH, amountText, entryRows, NOTE, paragraphRows, PLAIN, resultRow } from './amount-rows.ts';
import { grouped, isZero, periodLabel, timeLabel } from './labels.ts';
import { CONTENT_RIGHT, CONTENT_WIDTH, LINE_HEIGHT, MARGIN, type Row, type Sheet } from './sheet.ts';
import { showHidden } from './text.ts';

/** The heading of a table and what it should not be without on a page. */
const HEAD_ROOM = 60;

export function* drawAdjustments(sheet: Sheet, { adjustments, currency }: Invoice): Generator<void> {
  if (adjustments.length === 0) return;
  const drawHead = (): void => {
    sheet.text('Adjustments for earlier periods', MARGIN, sheet.y + 12, { size: 8.5, bold: true });
    sheet.text(`Amount (${currency})`, CONTENT_RIGHT, sheet.y + 12, NOTE, { align: 'right' });
    sheet.rule(sheet.y + 18);
    sheet.y += 22;
  };
  if (!sheet.hasRoom(HEAD_ROOM)) yield* sheet.turn();
  drawHead();
  sheet.tableHead = drawHead;
  for (const adjustment of adjustments) {
    yield* sheet.place(adjustmentRows(sheet, adjustment));
    yield;
  }
  sheet.tableHead = undefined;
}

const ADJUSTED: Record<InvoiceAdjustment['kind'], string> = {
  usage: 'Usage',
  fee: 'Fee',
  discount: 'Discount',
  minimum: 'Minimum',
  tax: 'Tax',
};

function adjustmentRows(sheet: Sheet, adjustment: InvoiceAdjustment): Row[] {
  const { period, hours, quantity, amount } = adjustment;
  const [first, last] = [hours[0], hours.at(-1)];
  const what = `${adjustment.n}. ${ADJUSTED[adjustment.kind]}${adjustment.meter === null ? '' : ` · ${showHidden(adjustment.meter)}`}`;
  const notes = [
    `${periodLabel(period, period.timeZone)}, ${period.timeZone}${adjustment.kind === 'usage' ? `, quantity ${grouped(quantity)}` : ''}`,
    ...(first === undefined || last === undefined
      ? []
      : [
          `${hours.length === 1 ? '1 hour' : `${hours.length} hours`}: ${timeLabel(first.start, period.timeZone)} to ${timeLabel(last.end, period.timeZone)}`,
        ]),
  ];
  const width = CONTENT_WIDTH - AMOUNT_WIDTH - 14;
  const texts = [
    ...sheet.wrap(what, PLAIN, width, 3).map((text) => ({ text, style: PLAIN })),
    ...notes.flatMap((note) => sheet.wrap(note, NOTE, width, 2).map((text) => ({ text, style: NOTE }))),
  ];
  return texts.map(({ text, style }, i) => ({
    height: style.size * LINE_HEIGHT + (i === texts.length - 1 ? 5 : 0),
    draw: (y) => {
      sheet.line(text, MARGIN, y + style.size, style);
      if (i === 0) amountText(sheet, amount, y + style.size, PLAIN);
    },
  }));
}

export function totalRows(sheet: Sheet, invoice: Invoice): Row[] {
  const { settlement, currency, total } = invoice;
  return [
    { height: 6, draw: (): void => undefined },
    ...entryRows(sheet, 'Subtotal', invoice.subtotal),
    ...invoice.discounts.flatMap((discount) => entryRows(sheet, discountLabel(discount, invoice), discount.amount)),
    ...invoice.minimums.flatMap((minimum) => entryRows(sheet, minimumLabel(minimum, invoice), minimum.amount)),
    ...invoice.tax.flatMap(({ name, rate, base, amount }) => entryRows(sheet, `${name} ${grouped(rate)} % of ${grouped(base)}`, amount)),
    ...adjustmentSum(sheet, invoice),
    resultRow(sheet, `Total (${currency})`, total),
    ...(settlement?.applied ?? []).flatMap(({ number, invoice: id, amount }) =>
      entryRows(sheet, `Credit left by invoice ${number ?? id}`, negated(amount, currency)),
    ),
    ...(settlement !== undefined && settlement.applied.length > 0 ? [resultRow(sheet, `To pay (${currency})`, settlement.payable)] : []),
    ...(settlement === undefined || isZero(settlement.carried) ? [] : entryRows(sheet, 'Left to the next invoices', settlement.carried)),
  ];
}

function negated(amount: string, currency: string): string {
  return formatMinor(-toScaled(amount, minorDigits(currency)), currency);
}

/** The adjustments stand in their own table; here is what they come to. */
function adjustmentSum(sheet: Sheet, { adjustments, currency }: Invoice): Row[] {
  if (adjustments.length === 0) return [];
  const sum = adjustments.reduce((minor, { amount }) => minor + toScaled(amount, minorDigits(currency)), 0n);
  return entryRows(sheet, 'Adjustments for earlier periods', formatMinor(sum, currency));
}

/** How to pay, and what the document can be checked against. A void one is not to be paid, and does not say how. */
export function closingRows(sheet: Sheet, { status, contentHash }: Invoice, { paymentTerms, bankDetails = [] }: Seller): Row[] {
  const isPayable = status !== 'void';
  return [
    ...(isPayable ? paragraphRows(sheet, 'Payment terms', (paymentTerms ?? '').split(/\r?\n/u)) : []),
    ...(isPayable ? paragraphRows(sheet, 'Bank details', bankDetails) : []),
    ...paragraphRows(sheet, 'Content hash (SHA-256)', typeof contentHash === 'string' ? [contentHash] : []),
  ];
}

function discountLabel({ meter, percent, offered, base, from, to }: Invoice['discounts'][number], { period }: Invoice): string {
  const what = percent === null ? `Discount of ${grouped(offered ?? '0')} on` : `Discount ${grouped(percent)} % of`;
  return `${what} ${grouped(base)}${meter === null ? '' : ` (${showHidden(meter)})`}${partOf({ from, to }, period)}`;
}

function minimumLabel({ minimum, base, share, from, to }: Invoice['minimums'][number], { period }: Invoice): string {
  const part = share === undefined ? '' : ` for ${grouped(share.seconds)} of ${grouped(share.of)} seconds`;
  return `Up to the minimum of ${grouped(minimum)}${part}, from ${grouped(base)}${partOf({ from, to }, period)}`;
}

function partOf(part: { from: string; to: string }, period: Invoice['period']): string {
  return part.from === period.from && part.to === period.to ? '' : ` (${periodLabel(part, period.timeZone)})`;
}
