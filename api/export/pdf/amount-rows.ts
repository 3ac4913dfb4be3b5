/** Rows below a table: what is added with its amount, what it comes to, and paragraphs of text. */
import { grouped } from './labels.ts';
import { CONTENT_RIGHT, CONTENT_WIDTH, LINE_HEIGHT, MARGIN, MUTED, type Row, type Sheet, type TextStyle } from './sheet.ts';

export const PLAIN: TextStyle = { size: 8.5 };
export const NOTE: TextStyle = { size: 7.5, color: MUTED };
export const AMOUNT_WIDTH = 112;
const LABEL_X = MARGIN + CONTENT_WIDTH * 0.36;
const LABEL_WIDTH = CONTENT_RIGHT - AMOUNT_WIDTH - 14 - LABEL_X;

export function entryRows(sheet: Sheet, label: string, amount: string): Row[] {
  const lines = sheet.wrap(label, PLAIN, LABEL_WIDTH, 4);
  return lines.map((line, i) => ({
    height: PLAIN.size * LINE_HEIGHT + (i === lines.length - 1 ? 3 : 0),
    draw: (y) => {
      sheet.line(line, LABEL_X, y + PLAIN.size, PLAIN);
      if (i === 0) amountText(sheet, amount, y + PLAIN.size, PLAIN);
    },
  }));
}

export function resultRow(sheet: Sheet, label: string, amount: string): Row {
  const style = { size: 11, bold: true };
  return {
    height: 26,
    draw: (y) => {
      sheet.rule(y + 2, LABEL_X);
      sheet.text(label, LABEL_X, y + 17, style);
      sheet.text(grouped(amount), CONTENT_RIGHT, y + 17, style, { align: 'right', width: AMOUNT_WIDTH + 60, shrink: true });
    },
  };
}

export function amountText(sheet: Sheet, amount: string, y: number, style: TextStyle): void {
  sheet.text(grouped(amount), CONTENT_RIGHT, y, style, { align: 'right', width: AMOUNT_WIDTH, shrink: true });
}

/** A title and its lines over the whole width; nothing where there is no text. */
export function paragraphRows(sheet: Sheet, title: string, lines: readonly string[]): Row[] {
  const texts = lines.filter((line) => line.trim() !== '').flatMap((line) => sheet.wrap(line, PLAIN, CONTENT_WIDTH));
  if (texts.length === 0) return [];
  return [
    { height: 22, draw: (y) => sheet.text(title, MARGIN, y + 18, NOTE) },
    ...texts.map((line) => ({
      height: PLAIN.size * LINE_HEIGHT,
      draw: (y: number): void => sheet.line(line, MARGIN, y + PLAIN.size, PLAIN),
    })),
  ];
}
