/** The lines: quantity × price by tier, what the amount was before rounding, and the usage day by day. */
import { compareDecimals } from '../../../core/decimal.ts';
import type { Invoice, InvoiceLine, InvoiceTier } from '../../../schemas/http/invoices.ts';
import { DailyCharts } from './daily-chart.ts';
import { grouped, isZero, periodLabel, tierLabel } from './labels.ts';
import { CONTENT_RIGHT, LINE_HEIGHT, MARGIN, MUTED, type Row, type Sheet, type TextStyle } from './sheet.ts';
import { showHidden } from './text.ts';

const SIZE = 8.5;
const SMALL = 7.5;
const MAIN: TextStyle = { size: SIZE };
const NOTE: TextStyle = { size: SMALL, color: MUTED };
const GAP = 14;
/** So much for a column of numbers, whatever they are; what is wider is set smaller. */
const COLUMN_MIN = 58;
const COLUMN_MAX = 112;
const UNIT_MAX = 44;
const DESCRIPTION_LINES_MAX = 8;

interface Columns {
  description: number;
  descriptionWidth: number;
  quantity: { right: number; width: number };
  unit: { left: number; width: number };
  price: { right: number; width: number };
  amount: { right: number; width: number };
}

/** `closing`: what follows the lines, together with the last one, so that no page has totals alone where that can be helped. */
export function* drawLines(sheet: Sheet, invoice: Invoice, closing: readonly Row[]): Generator<void> {
  const columns = columnsFor(sheet, invoice);
  const charts = new DailyCharts(invoice.period.timeZone);
  sheet.tableHead = (): void => drawHead(sheet, columns, invoice.currency);
  sheet.tableHead();
  for (const line of invoice.lines.slice(0, -1)) {
    yield* sheet.place(rowsOf(sheet, line, { invoice, columns, charts }));
    yield;
  }
  const last = invoice.lines.at(-1);
  const none: Row = { height: 20, draw: (y) => sheet.text('No usage and no fees.', MARGIN, y + 13, NOTE) };
  yield* sheet.place([...(last === undefined ? [none] : rowsOf(sheet, last, { invoice, columns, charts })), ...closing]);
  sheet.tableHead = undefined;
}

function columnsFor(sheet: Sheet, { lines, currency }: Invoice): Columns {
  const fit = (texts: readonly string[]): number =>
    Math.min(
      COLUMN_MAX,
      texts.reduce((most, text) => Math.max(most, sheet.width(text, MAIN)), COLUMN_MIN),
    );
  const amount = { right: CONTENT_RIGHT, width: fit([`Amount (${currency})`, ...lines.map((line) => grouped(line.amount))]) };
  const prices = lines.flatMap(({ tiers }) => tiers.map(({ unitPrice }) => grouped(unitPrice)));
  const price = { right: amount.right - amount.width - GAP, width: fit(prices) };
  const unitWidth = Math.min(
    UNIT_MAX,
    lines.reduce((most, { unit }) => Math.max(most, sheet.width(unit, NOTE)), 0),
  );
  const unit = { left: price.right - price.width - GAP - unitWidth, width: unitWidth };
  const quantities = lines.flatMap((line) => [line.quantity, ...line.tiers.map((tier) => tier.quantity)]).map(grouped);
  const quantity = { right: unit.left - (unitWidth === 0 ? 0 : 3), width: fit(quantities) };
  const description = MARGIN + Math.max(18, sheet.width(String(lines.length), MAIN) + 10);
  return { description, descriptionWidth: quantity.right - quantity.width - GAP - description, quantity, unit, price, amount };
}

function drawHead(sheet: Sheet, columns: Columns, currency: string): void {
  const style = { size: SMALL, color: MUTED };
  const y = sheet.y + 10;
  sheet.text('#', MARGIN, y, style);
  sheet.text('Description', columns.description, y, style);
  sheet.text('Quantity', columns.quantity.right, y, style, { align: 'right' });
  sheet.text('Unit price', columns.price.right, y, style, { align: 'right' });
  sheet.text(`Amount (${currency})`, columns.amount.right, y, style, { align: 'right' });
  sheet.rule(sheet.y + 16);
  sheet.y += 20;
}

function rowsOf(
  sheet: Sheet,
  line: InvoiceLine,
  { invoice, columns, charts }: { invoice: Invoice; columns: Columns; charts: DailyCharts },
): Row[] {
  const only = line.tiers.length === 1 ? line.tiers[0] : undefined;
  const price = line.pricing === 'unpriced' || line.pricing === 'covered' ? '–' : only === undefined ? '' : grouped(only.unitPrice);
  const number = (text: string, column: { right: number; width: number }, y: number, style: TextStyle): void =>
    sheet.text(text, column.right, y, style, { align: 'right', width: column.width, shrink: true });
  const first: Row = {
    height: 0,
    draw: (y) => {
      sheet.text(String(line.n), MARGIN, y + SIZE + 3, { ...MAIN, color: MUTED });
      number(grouped(line.quantity), columns.quantity, y + SIZE + 3, MAIN);
      sheet.text(line.unit, columns.unit.left, y + SIZE + 3, NOTE, { width: columns.unit.width });
      number(price, columns.price, y + SIZE + 3, MAIN);
      number(grouped(line.amount), columns.amount, y + SIZE + 3, MAIN);
    },
  };
  const bold: TextStyle = { size: SIZE, bold: true };
  const texts = [
    ...sheet.wrap(line.description, bold, columns.descriptionWidth, DESCRIPTION_LINES_MAX).map((text) => ({ text, style: bold })),
    ...notesOf(line, invoice, only).flatMap((note) =>
      sheet.wrap(note, NOTE, columns.descriptionWidth, 4).map((text) => ({ text, style: NOTE })),
    ),
  ];
  const rows: Row[] = texts.map(({ text, style }, i) => ({
    height: style.size * LINE_HEIGHT + (i === 0 ? 3 : 0),
    draw: (y) => {
      if (i === 0) first.draw(y);
      sheet.line(text, columns.description, y + style.size + (i === 0 ? 3 : 0), style);
    },
  }));
  if (only === undefined) rows.push(...line.tiers.map((tier) => tierRow(sheet, tier, columns, number)));
  const width = columns.quantity.right - columns.description;
  rows.push(...charts.rows(sheet, line, { x: columns.description, width }));
  rows.push({ height: 7, draw: (y) => sheet.rule(y + 4, MARGIN, CONTENT_RIGHT, '0.90 0.91 0.93') });
  return rows;
}

function tierRow(
  sheet: Sheet,
  tier: InvoiceTier,
  columns: Columns,
  number: (text: string, column: { right: number; width: number }, y: number, style: TextStyle) => void,
): Row {
  const draw = (y: number): void => {
    sheet.text(tierLabel(tier), columns.description + 8, y + SMALL, NOTE, { width: columns.descriptionWidth - 8 });
    number(grouped(tier.quantity), columns.quantity, y + SMALL, NOTE);
    number(`× ${grouped(tier.unitPrice)}`, columns.price, y + SMALL, NOTE);
    // A little to the left, so that nobody adds it to the amounts of the lines.
    number(`= ${grouped(tier.amount)}`, { ...columns.amount, right: columns.amount.right - 8 }, y + SMALL, NOTE);
  };
  return { height: SMALL * LINE_HEIGHT + 1, draw };
}

const PRICING_NOTES: Partial<Record<InvoiceLine['pricing'], string>> = {
  graduated: 'Each tier at its own price',
  volume: 'All units at the price of the tier reached',
  package: 'Per package begun',
  covered: 'Covered by a fixed fee',
  unpriced: 'The plan has no price for this meter: not charged',
};

function notesOf(line: InvoiceLine, { period }: Invoice, only: InvoiceTier | undefined): string[] {
  const { share, meter, description, pricing, exactAmount, amount } = line;
  const notes: string[] = [];
  if (meter !== '' && meter !== description) notes.push(`Meter ${showHidden(meter)}`);
  const model = PRICING_NOTES[pricing];
  const tier = only === undefined || pricing === 'unpriced' || pricing === 'covered' ? '' : tierLabel(only);
  if (model !== undefined || tier !== '') notes.push([model, tier].filter(Boolean).join(': '));
  if (line.from !== period.from || line.to !== period.to) notes.push(periodLabel(line, period.timeZone));
  if (share !== undefined) notes.push(`Share of the period: ${grouped(share.seconds)} of ${grouped(share.of)} seconds`);
  if (!isZero(exactAmount) && compareDecimals(exactAmount, amount) !== 0) notes.push(`Before rounding: ${grouped(exactAmount)}`);
  return notes;
}
