/** Every hour of every entry that has some. They add up to the amounts on the pages before. */
import type { Invoice } from '../../../schemas/http/invoices.ts';
import { grouped, timeLabel } from './labels.ts';
import { CONTENT_BOTTOM, CONTENT_WIDTH, MARGIN, MUTED, type Sheet, type TextStyle } from './sheet.ts';
import { showHidden } from './text.ts';

export interface HourEntry {
  title: string;
  zone: string;
  unit: string;
  hours: readonly { start: string; quantity: string; amount: string }[];
}

const CELL: TextStyle = { size: 6.5 };
const ROW_HEIGHT = 9.2;
const COLUMN_GAP = 18;
/** Side by side, where the numbers are short enough. */
const COLUMNS_MAX = 3;

export function invoiceHours(invoice: Invoice): HourEntry[] {
  return [
    ...invoice.lines.map(({ n, description, unit, hours }) => ({
      title: `Line ${n} · ${description}`,
      zone: invoice.period.timeZone,
      unit,
      hours,
    })),
    ...invoice.adjustments.map(({ n, period, meter, key, hours }) => ({
      title: `Adjustment ${n} · ${showHidden(meter ?? key)}`,
      zone: period.timeZone,
      unit: '',
      hours,
    })),
  ];
}

export function* drawHours(sheet: Sheet, currency: string, entries: readonly HourEntry[]): Generator<void> {
  if (entries.every(({ hours }) => hours.length === 0)) return;
  sheet.tableHead = undefined;
  yield* sheet.turn();
  sheet.text('Appendix: hours', MARGIN, sheet.y + 16, { size: 14, bold: true });
  const about = `Each row is the local hour that begins then, with its offset from UTC, its quantity, and by how much it changed the amount (${currency}).`;
  sheet.text(about, MARGIN, sheet.y + 30, { size: 7.5, color: MUTED });
  sheet.y += 44;
  for (const entry of entries) if (entry.hours.length > 0) yield* drawEntry(sheet, entry);
}

function* drawEntry(sheet: Sheet, entry: HourEntry): Generator<void> {
  const widths = widthsOf(sheet, entry);
  const natural = widths.time + widths.quantity + widths.amount + 20;
  const count = Math.max(1, Math.min(COLUMNS_MAX, Math.floor((CONTENT_WIDTH + COLUMN_GAP) / (natural + COLUMN_GAP))));
  const width = (CONTENT_WIDTH - (count - 1) * COLUMN_GAP) / count;
  let rest = entry.hours;
  for (let isFirst = true; rest.length > 0; isFirst = false) {
    if (!sheet.hasRoom(30 + 3 * ROW_HEIGHT)) yield* sheet.turn();
    sheet.text(
      isFirst ? entry.title : `${entry.title} (continued)`,
      MARGIN,
      sheet.y + 10,
      { size: 8.5, bold: true },
      { width: CONTENT_WIDTH },
    );
    const top = sheet.y + 22;
    const room = Math.floor((CONTENT_BOTTOM - top - 8) / ROW_HEIGHT);
    const rows = Math.min(room, Math.ceil(rest.length / count));
    for (let column = 0; column < count; column++) {
      const x = MARGIN + column * (width + COLUMN_GAP);
      const hours = rest.slice(column * rows, (column + 1) * rows);
      if (hours.length > 0) drawColumn(sheet, { ...entry, hours }, { x, y: top, width, ...widths });
    }
    rest = rest.slice(rows * count);
    sheet.y = top + (rows + 1) * ROW_HEIGHT + 8;
    yield;
  }
}

function drawColumn(
  sheet: Sheet,
  { hours, zone, unit }: HourEntry,
  place: { x: number; y: number; width: number; time: number; quantity: number; amount: number },
): void {
  const right = place.x + place.width;
  const quantityRight = right - place.amount - 10;
  const head = { size: 6, color: MUTED };
  sheet.text('Hour', place.x, place.y, head);
  sheet.text(unit === '' ? 'Quantity' : `Quantity, ${unit}`, quantityRight, place.y, head, { align: 'right', width: place.quantity });
  sheet.text('Amount', right, place.y, head, { align: 'right' });
  sheet.rule(place.y + 2.5, place.x, right);
  const quantityRoom = quantityRight - place.x - place.time - 10;
  for (const [i, { start, quantity, amount }] of hours.entries()) {
    const y = place.y + (i + 1) * ROW_HEIGHT + 1;
    sheet.text(timeLabel(start, zone), place.x, y, CELL);
    sheet.text(grouped(quantity), quantityRight, y, CELL, { align: 'right', width: quantityRoom, shrink: true });
    sheet.text(grouped(amount), right, y, CELL, { align: 'right', width: place.amount, shrink: true });
  }
}

/** By the longest texts: digits are all equally wide. */
function widthsOf(sheet: Sheet, { hours }: HourEntry): { time: number; quantity: number; amount: number } {
  let [quantity, amount] = ['Quantity', 'Amount'];
  for (const hour of hours) {
    if (hour.quantity.length > quantity.length) quantity = hour.quantity;
    if (hour.amount.length > amount.length) amount = hour.amount;
  }
  const wide = (text: string): number => sheet.width(/\d/.test(text) ? grouped(text).replace(/\d/g, '0') : text, CELL);
  return { time: sheet.width('2026-10-25 02:00 +01:00', CELL), quantity: wide(quantity), amount: Math.min(wide(amount), 110) };
}
