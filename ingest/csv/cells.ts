/** The cells of a record as text, byte for byte as they stood, without their quotes and the escapes inside those. */
import { ESCAPED_CELL } from './record-scanner.ts';
import type { RecordScanner } from './record-scanner.ts';

export interface Marks {
  delimiter: string;
  quote: string;
  /** Equal to `quote` where quotes are doubled. */
  escape: string;
}

/** Of the record that the scanner found last, which is sound UTF-8. `ascii`: and no more than that. */
export function cutCells(bytes: Buffer, scanner: RecordScanner, marks: Marks, ascii: boolean): string[] {
  const { start, end, cells } = scanner;
  const text = bytes.toString(ascii ? 'latin1' : 'utf8', start, end);
  if (!scanner.hasQuotes) return text.split(marks.delimiter);
  // A character of its own for each byte: positions in the text are those of the bytes.
  const aligned = text.length === end - start;
  const values: string[] = [];
  for (let at = 0; at < cells.length; at += 3) {
    const [from, to, style] = [cells[at] as number, cells[at + 1] as number, cells[at + 2]];
    const cell = aligned ? text.slice(from - start, to - start) : bytes.toString('utf8', from, to);
    values.push(style === ESCAPED_CELL ? unescape(cell, marks) : cell);
  }
  return values;
}

function unescape(cell: string, { quote, escape }: Marks): string {
  if (escape === quote) return cell.replaceAll(quote + quote, quote);
  let text = '';
  let from = 0;
  for (let at = cell.indexOf(escape); at !== -1; at = cell.indexOf(escape, at)) {
    const after = cell[at + 1];
    if (after === quote || after === escape) {
      text += cell.slice(from, at);
      from = at + 1;
      at += 2;
    } else at += 1;
  }
  return text + cell.slice(from);
}

/** The first cell of more than so many bytes, if there is one. */
export function cellBeyond(cells: readonly string[], bytesMax: number): { index: number; bytes: number } | undefined {
  for (const [index, cell] of cells.entries()) {
    // No UTF-16 unit takes more than three bytes of UTF-8.
    if (cell.length * 3 <= bytesMax) continue;
    const bytes = Buffer.byteLength(cell);
    if (bytes > bytesMax) return { index, bytes };
  }
  return undefined;
}
