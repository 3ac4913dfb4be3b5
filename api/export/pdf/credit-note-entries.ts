/** What a credit note takes back, entry by entry, and what that comes to with the tax. */
import { toScaled } from '../../../core/decimal.ts';
import { formatMinor, minorDigits } from '../../../core/money.ts';
import type { CreditNoteDocument, CreditNoteEntry } from '../../../schemas/http/credit-notes.ts';
import { AMOUNT_WIDTH, amountText, entryRows, NOTE, PLAIN, resultRow } from './amount-rows.ts';
import type { HourEntry } from './hours-appendix.ts';
import { grouped, isZero, periodLabel } from './labels.ts';
import { CONTENT_RIGHT, LINE_HEIGHT, MARGIN, MUTED, type Row, type Sheet, type TextStyle } from './sheet.ts';
import { showHidden } from './text.ts';

const BOLD: TextStyle = { ...PLAIN, bold: true };
const GAP = 14;
const DESCRIPTION_X = MARGIN + 34;
const QUANTITY_RIGHT = CONTENT_RIGHT - AMOUNT_WIDTH - GAP;
const QUANTITY_WIDTH = 112;
const UNIT_WIDTH = 44;
const DESCRIPTION_WIDTH = QUANTITY_RIGHT - UNIT_WIDTH - QUANTITY_WIDTH - GAP - DESCRIPTION_X;
const DESCRIPTION_LINES_MAX = 8;

/** The tax of the invoice's own period stands below them, as on the invoice. */
export function* drawCreditNoteEntries(sheet: Sheet, note: CreditNoteDocument): Generator<void> {
  const entries = note.entries.filter((entry) => !isOwnTax(note, entry));
  const last = entries.at(-1);
  sheet.tableHead = (): void => drawHead(sheet, note.currency);
  sheet.tableHead();
  for (const entry of entries.slice(0, -1)) {
    yield* sheet.place(rowsOf(sheet, note, entry));
    yield;
  }
  yield* sheet.place([...(last === undefined ? [] : rowsOf(sheet, note, last)), ...totalRows(sheet, note)]);
  sheet.tableHead = undefined;
}

export function creditNoteHours({ entries }: CreditNoteDocument): HourEntry[] {
  return entries.map(({ n, description, meter, unit, period, hours }) => ({
    title: `Entry ${n} · ${description}${meter === null || meter === description ? '' : ` · ${showHidden(meter)}`}`,
    zone: period.timeZone,
    unit,
    hours,
  }));
}

function isOwn({ period }: CreditNoteDocument, entry: CreditNoteEntry): boolean {
  return entry.period.from === period.from;
}

function isOwnTax(note: CreditNoteDocument, entry: CreditNoteEntry): boolean {
  return entry.kind === 'tax' && isOwn(note, entry);
}

function drawHead(sheet: Sheet, currency: string): void {
  const y = sheet.y + 10;
  sheet.text('#', MARGIN, y, NOTE);
  sheet.text('Taken back', DESCRIPTION_X, y, NOTE);
  sheet.text('Quantity', QUANTITY_RIGHT - UNIT_WIDTH, y, NOTE, { align: 'right' });
  sheet.text(`Amount (${currency})`, CONTENT_RIGHT, y, NOTE, { align: 'right' });
  sheet.rule(sheet.y + 16);
  sheet.y += 20;
}

function rowsOf(sheet: Sheet, note: CreditNoteDocument, entry: CreditNoteEntry): Row[] {
  const texts = [
    ...sheet.wrap(entry.description, BOLD, DESCRIPTION_WIDTH, DESCRIPTION_LINES_MAX).map((text) => ({ text, style: BOLD })),
    ...notesOf(note, entry).flatMap((line) => sheet.wrap(line, NOTE, DESCRIPTION_WIDTH, 4).map((text) => ({ text, style: NOTE }))),
  ];
  const rows: Row[] = texts.map(({ text, style }, i) => {
    const above = i === 0 ? 3 : 0;
    return {
      height: style.size * LINE_HEIGHT + above,
      draw: (y) => {
        if (i === 0) drawFigures(sheet, entry, y + PLAIN.size + above);
        sheet.line(text, DESCRIPTION_X, y + style.size + above, style);
      },
    };
  });
  return [...rows, { height: 7, draw: (y) => sheet.rule(y + 4, MARGIN, CONTENT_RIGHT, '0.90 0.91 0.93') }];
}

function drawFigures(sheet: Sheet, { n, quantity, unit, amount }: CreditNoteEntry, y: number): void {
  sheet.text(String(n), MARGIN, y, { ...PLAIN, color: MUTED });
  if (!isZero(quantity)) {
    sheet.text(grouped(quantity), QUANTITY_RIGHT - UNIT_WIDTH, y, PLAIN, { align: 'right', width: QUANTITY_WIDTH, shrink: true });
    sheet.text(unit, QUANTITY_RIGHT - UNIT_WIDTH + 3, y, NOTE, { width: UNIT_WIDTH - 3 });
  }
  amountText(sheet, amount, y, PLAIN);
}

function notesOf(note: CreditNoteDocument, entry: CreditNoteEntry): string[] {
  const { line, meter, description, period } = entry;
  return [
    ...(line === null ? [] : [`Line ${line} of the invoice`]),
    ...(meter === null || meter === '' || meter === description ? [] : [`Meter ${showHidden(meter)}`]),
    ...(isOwn(note, entry) ? [] : [`${periodLabel(period, period.timeZone)}, ${period.timeZone}`]),
  ];
}

/** Net and tax of the invoice's period; adjustments have the tax of theirs among them. */
function totalRows(sheet: Sheet, note: CreditNoteDocument): Row[] {
  const { currency, total } = note;
  const sumOf = (entries: readonly CreditNoteEntry[]): string =>
    formatMinor(
      entries.reduce((minor, { amount }) => minor + toScaled(amount, minorDigits(currency)), 0n),
      currency,
    );
  const own = note.entries.filter((entry) => isOwn(note, entry) && entry.kind !== 'tax');
  const earlier = note.entries.filter((entry) => !isOwn(note, entry));
  const taxes = note.entries.filter((entry) => isOwnTax(note, entry));
  return [
    { height: 6, draw: (): void => undefined },
    ...entryRows(sheet, 'Net amount', sumOf(own)),
    ...taxes.flatMap(({ description, amount }) => entryRows(sheet, `${description} of ${grouped(sumOf(own))}`, amount)),
    ...(earlier.length === 0 ? [] : entryRows(sheet, 'Adjustments for earlier periods', sumOf(earlier))),
    resultRow(sheet, `Total credited (${currency})`, total),
  ];
}
