/** The top of a document's first page: its title, who issues it to whom, what names it, and the amount it comes to. */
import type { Seller } from '../../../schemas/http/settings.ts';
import { CONTENT_RIGHT, CONTENT_WIDTH, LINE_HEIGHT, MARGIN, MUTED, type Sheet, type TextStyle } from './sheet.ts';
import { showHidden } from './text.ts';

export interface Letterhead {
  title: string;
  seller: Seller;
  /** What stands above the customer: `Bill to`. */
  recipientLabel: string;
  recipient: Recipient;
  /** Label and value, from the top. */
  facts: readonly [string, string][];
  amount: { label: string; text: string };
}

interface Recipient {
  customer: string;
  customerName: string;
  /** What is known of the customer beside name and id; `address` is printed as it is, everything else after its name. */
  details: Readonly<Record<string, string>>;
}

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
/** A number by the longest pattern is read to its end. */
const FACT_LINES_MAX = 4;
const FACT_LABEL_WIDTH = 78;

export function drawLetterhead(sheet: Sheet, { title, seller, recipientLabel, recipient, facts, amount }: Letterhead): void {
  const half = CONTENT_WIDTH / 2 - 12;
  const right = MARGIN + CONTENT_WIDTH / 2 + 12;
  sheet.text(title, MARGIN, 66, { size: 22, bold: true });
  const sellerEnd = drawParty(sheet, sellerParty(seller), { x: right, y: 56, width: half });
  const top = Math.max(100, sellerEnd + 14);
  sheet.text(recipientLabel, MARGIN, top, { size: 7.5, color: MUTED });
  const buyerEnd = drawParty(sheet, recipientParty(recipient), { x: MARGIN, y: top + 14, width: half });
  const factsEnd = drawFacts(sheet, facts, { x: right, y: top, width: half });
  const y = Math.max(buyerEnd, factsEnd) + 16;
  drawAmount(sheet, amount, y);
  sheet.y = y + 40;
}

function sellerParty({ name = '', address = [], taxId, email, phone, website }: Seller): Party {
  return {
    name,
    lines: [...address, ...(taxId === undefined ? [] : [`Tax number: ${taxId}`]), ...[email, phone, website].flatMap((line) => line ?? [])],
  };
}

function recipientParty({ customer, customerName, details }: Recipient): Party {
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
  for (const [label, value] of facts) {
    sheet.text(label, place.x, y, { size: 8.5, color: MUTED });
    const style = { size: 8.5 };
    for (const line of sheet.wrap(value, style, place.width - FACT_LABEL_WIDTH, FACT_LINES_MAX)) {
      sheet.line(line, place.x + FACT_LABEL_WIDTH, y, style);
      y += style.size * LINE_HEIGHT;
    }
    y += 2;
  }
  return y;
}

function drawAmount(sheet: Sheet, { label, text }: Letterhead['amount'], y: number): void {
  sheet.rectangle(MARGIN, y - 6, CONTENT_WIDTH, 32, '0.95 0.96 0.97');
  sheet.text(label, MARGIN + 12, y + 15, { size: 10.5, bold: true });
  sheet.text(text, CONTENT_RIGHT - 12, y + 15, { size: 14, bold: true }, { align: 'right', width: CONTENT_WIDTH / 2, shrink: true });
}
