/** The top of the first page: who bills whom, for what period, and how much. */
import { compareDecimals } from '../../../core/decimal.ts';
import type { Invoice } from '../../../schemas/http/invoices.ts';
import type { Seller } from '../../../schemas/http/settings.ts';
import { dateLabel, grouped, isZero, periodLabel, timeLabel, zoneLabel } from './labels.ts';
import { CONTENT_RIGHT, CONTENT_WIDTH, LINE_HEIGHT, MARGIN, MUTED, type Sheet, type TextStyle } from './sheet.ts';
import { showHidden } from './text.ts';

/** Whom a document names: who bills, or who is billed. */
interface Party {
  name: string;
  lines: readonly string[];
}

/** A party's block takes at most so much of the first page; what is longer ends in an ellipsis. */
const NAME_LINES_MAX = 4;
/** A customer's id of 300 characters takes six lines. */
const DETAIL_LINES_MAX = 8;
const DETAILS_MAX = 14;

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
  const zone = invoice.period.timeZone;
  const half = CONTENT_WIDTH / 2 - 12;
  const right = MARGIN + CONTENT_WIDTH / 2 + 12;
  sheet.text(TITLES[invoice.status], MARGIN, 66, { size: 22, bold: true });
  const sellerEnd = drawParty(sheet, sellerParty(seller), { x: right, y: 56, width: half });
  const top = Math.max(100, sellerEnd + 14);
  sheet.text('Bill to', MARGIN, top, { size: 7.5, color: MUTED });
  const buyerEnd = drawParty(sheet, buyerParty(invoice, details), { x: MARGIN, y: top + 14, width: half });
  const facts: [string, string][] = [
    ['Invoice number', invoice.number ?? 'none yet'],
    ['Invoice date', typeof invoice.finalizedAt === 'string' ? dateLabel(Date.parse(invoice.finalizedAt), zone) : 'none yet'],
    ...(invoice.voided ? [['Voided', dateLabel(Date.parse(invoice.voided.at), zone)] as [string, string]] : []),
    ['Period', periodLabel(invoice.period, zone)],
    ['Time zone', zoneLabel(invoice.period)],
    ['Currency', invoice.currency],
    ['Plan', [...new Set(invoice.segments.map(({ plan }) => plan ?? 'none'))].join(', ')],
    ['Usage known at', timeLabel(invoice.asOf, zone)],
  ];
  const factsEnd = drawFacts(sheet, facts, { x: right, y: top, width: half });
  const y = Math.max(buyerEnd, factsEnd) + 16;
  drawAmount(sheet, invoice, y);
  sheet.y = y + 40;
}

function sellerParty({ name = '', address = [], taxId, email, phone, website }: Seller): Party {
  return {
    name,
    lines: [...address, ...(taxId === undefined ? [] : [`Tax number: ${taxId}`]), ...[email, phone, website].flatMap((line) => line ?? [])],
  };
}

function buyerParty({ customer, customerName }: Invoice, details: Readonly<Record<string, string>>): Party {
  const lines = Object.entries(details).flatMap(([label, value]) => {
    const [first = '', ...rest] = value.split(/\r?\n/u);
    return [label.toLowerCase() === 'address' ? first : `${label}: ${first}`, ...rest];
  });
  return {
    name: showHidden(customerName),
    lines: customerName === customer ? lines : [...lines, `Customer number: ${showHidden(customer)}`],
  };
}

function drawParty(sheet: Sheet, { name, lines }: Party, place: { x: number; y: number; width: number }): number {
  let y = place.y;
  const put = (text: string, style: TextStyle, linesMax: number): void => {
    for (const line of sheet.wrap(text, style, place.width, linesMax)) {
      sheet.line(line, place.x, y, style);
      y += style.size * LINE_HEIGHT;
    }
  };
  if (name !== '') put(name, { size: 10.5, bold: true }, NAME_LINES_MAX);
  for (const line of lines.filter((text) => text.trim() !== '').slice(0, DETAILS_MAX)) put(line, { size: 8.5 }, DETAIL_LINES_MAX);
  return y;
}

function drawFacts(sheet: Sheet, facts: readonly [string, string][], place: { x: number; y: number; width: number }): number {
  let y = place.y;
  const labelWidth = 78;
  for (const [label, value] of facts) {
    sheet.text(label, place.x, y, { size: 8.5, color: MUTED });
    const style = { size: 8.5 };
    for (const line of sheet.wrap(value, style, place.width - labelWidth, 2)) {
      sheet.line(line, place.x + labelWidth, y, style);
      y += style.size * LINE_HEIGHT;
    }
    y += 2;
  }
  return y;
}

function drawAmount(sheet: Sheet, { total, settlement, currency, status }: Invoice, y: number): void {
  sheet.rectangle(MARGIN, y - 6, CONTENT_WIDTH, 32, '0.95 0.96 0.97');
  const isCredit = compareDecimals(total, '0') < 0;
  const amount = isCredit ? total : (settlement?.payable ?? total);
  const label = isCredit ? 'Credit, set off against the next invoices' : isZero(amount) ? 'Nothing to pay' : 'Total due';
  const notes: Partial<Record<Invoice['status'], string>> = {
    preview: ' (not final)',
    draft: ' (not final)',
    void: ' (void, not to be paid)',
  };
  sheet.text(`${label}${notes[status] ?? ''}`, MARGIN + 12, y + 15, { size: 10.5, bold: true });
  const style = { size: 14, bold: true };
  sheet.text(`${currency} ${grouped(amount)}`, CONTENT_RIGHT - 12, y + 15, style, {
    align: 'right',
    width: CONTENT_WIDTH / 2,
    shrink: true,
  });
}
