/** Where a line's cells stand in its text, so that one of them can be marked. */
export interface CellRange {
  from: number;
  to: number;
}

const DELIMITERS = [',', ';', '\t', '|', ':', ' '];

/** The cells of one line, quotes included. `quote` doubled inside quotes stands for itself. */
export function splitRanges(raw: string, delimiter: string, quote = '"'): CellRange[] {
  const ranges: CellRange[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at <= raw.length; at += 1) {
    const character = raw[at];
    if (character === quote && quoted && raw[at + 1] === quote) at += 1;
    else if (character === quote && (quoted || at === from)) quoted = !quoted;
    else if (character === undefined || (!quoted && character === delimiter)) {
      ranges.push({ from, to: at });
      from = at + 1;
    }
  }
  if (quoted) ranges.push({ from, to: raw.length });
  return ranges;
}

function textOf(raw: string, { from, to }: CellRange, quote: string): string {
  const text = raw.slice(from, to);
  return text.length > 1 && text.startsWith(quote) && text.endsWith(quote) ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
}

/** The delimiter under which `raw` splits into exactly `cells`; null where none of the usual ones does. */
export function delimiterOf(raw: string, cells: readonly string[], quote = '"'): string | null {
  for (const delimiter of DELIMITERS) {
    const ranges = splitRanges(raw, delimiter, quote);
    if (ranges.length === cells.length && ranges.every((range, index) => textOf(raw, range, quote).trim() === cells[index]?.trim()))
      return delimiter;
  }
  return null;
}
