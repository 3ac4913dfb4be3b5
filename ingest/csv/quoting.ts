/** How cells are quoted, under one supposed delimiter: which reading of the quotes gives sound records. */
import type { Declaration, Newline } from './declared-dialect.ts';
import type { FileFault } from './faults.ts';
import { readHead, type HeadRecord, type HeadText } from './head-records.ts';
import { plainShape, shapeBehindPreamble } from './table-shape.ts';

export interface Quoting {
  quote: string;
  escape: string;
}

/** The records under the quoting that fits best, and the question that remains if another fits as well and reads something else. */
export interface QuotedReading extends Quoting {
  records: HeadRecord[];
  quoteReason: string;
  escapeReason: string;
  /** Nothing else would be possible. */
  quoteCertain: boolean;
  escapeCertain: boolean;
  doubt: FileFault | undefined;
}

export interface QuotingOptions {
  head: HeadText;
  delimiter: string;
  newline: Newline;
  comment: string;
  declared: Pick<Declaration, 'quote' | 'escape'>;
}

/** Of the rows, so many may hold stray quotes before it is asked whether quotes are quotes. */
const STRAY_SHARE_MAX = 0.1;
/** A reading is the better one with this many times fewer faults. */
const FEWER_FAULTS = 4;

export function chooseQuoting(options: QuotingOptions): QuotedReading {
  const { quote } = options.declared;
  if (quote !== undefined) return withEscape(options, quote);
  const double = withEscape(options, '"');
  const single = options.delimiter !== "'" && beginsSingle(double.records) ? withEscape(options, "'") : undefined;
  if (single) return doubleOrSingle(double, single);
  return double.doubt === undefined ? orUnquoted(options, double) : double;
}

/** Doubled quotes, or a backslash before each. */
function withEscape(options: QuotingOptions, quote: string): QuotedReading {
  const { head, declared } = options;
  const read = (escape: string) => readUnder(options, { quote, escape });
  if (declared.escape !== undefined || quote === '') {
    const escape = declared.escape ?? quote;
    return reading({ quote, escape }, read(escape), { escapeReason: 'no cell is quoted', escapeCertain: true });
  }
  const doubled = read(quote);
  const doubling = head.text.includes(quote + quote);
  const seen = doubling && doubled.some(({ cells }) => cells.some((cell) => cell.includes(quote)));
  // Quotes that are doubled show that a backslash is a character like any other, in front of another one too.
  if (!head.text.includes(`\\${quote}`) && (seen || !head.text.includes('\\\\'))) {
    const escapeReason = seen ? 'quotes inside quotes are doubled' : 'no quote stands inside quotes in the head; doubled ones are usual';
    return reading({ quote, escape: quote }, doubled, { escapeReason, escapeCertain: seen });
  }
  const escaped = read('\\');
  const faults = { doubled: faultsOf(doubled), escaped: faultsOf(escaped) };
  if (clearlyFewer(faults.escaped, faults.doubled)) {
    const escapeReason = 'quotes inside quotes come behind a backslash; doubled, they would leave broken rows';
    return reading({ quote, escape: '\\' }, escaped, { escapeReason, escapeCertain: true });
  }
  const escapeReason = 'no backslash is needed to read the rows';
  const base = reading({ quote, escape: quote }, doubled, { escapeReason, escapeCertain: true });
  if (clearlyFewer(faults.doubled, faults.escaped) || sameCells(doubled, escaped)) return base;
  const message =
    'inside quotes a backslash stands before a quote or another backslash; say escape=backslash if it escapes what follows, escape=doubled if it is a character like any other';
  return { ...base, doubt: { code: 'undetected_escape', message } };
}

function reading({ quote, escape }: Quoting, records: HeadRecord[], why: { escapeReason: string; escapeCertain: boolean }): QuotedReading {
  const quoted = records.reduce((count, record) => count + record.quoted, 0);
  return {
    quote,
    escape,
    records,
    quoteCertain: quoted > 0,
    quoteReason: quoted > 0 ? `${quoted} cells of the head stand in it` : 'no cell of the head is quoted; the double quote is usual',
    ...why,
    doubt: undefined,
  };
}

/** Whether a cell begins with an apostrophe, as far as double quotes leave it one. */
function beginsSingle(records: readonly HeadRecord[]): boolean {
  return records.some(({ cells, first }) => first === "'" || cells.some((cell) => cell.startsWith("'")));
}

function enclosed(cell: string): boolean {
  return cell.length > 1 && cell.startsWith("'") && cell.endsWith("'");
}

function doubleOrSingle(double: QuotedReading, single: QuotedReading): QuotedReading {
  const quoted = (records: readonly HeadRecord[]) => records.reduce((count, record) => count + record.quoted, 0);
  const singleSound = faultsOf(single.records) === 0 || clearlyFewer(faultsOf(single.records), faultsOf(double.records));
  if (!singleSound || quoted(double.records) > 0) return double;
  const headerToo = (single.records[0]?.quoted ?? 0) > 0;
  if (headerToo || clearlyFewer(faultsOf(single.records), faultsOf(double.records))) return single;
  // Here and there an apostrophe on either side of a word is text; around what would need quotes, or in all of a column, it is a question.
  const otherCells = JSON.stringify(single.records.map(widthOf)) !== JSON.stringify(double.records.map(widthOf));
  if (!otherCells && !hasEnclosedColumn(double.records) && !needsQuotes(double.records)) return double;
  const message = `cells stand between apostrophes; say quote=' if these only enclose them, quote=" if they belong to them`;
  return { ...double, doubt: { code: 'undetected_quote', message } };
}

function hasEnclosedColumn(records: readonly HeadRecord[]): boolean {
  const rows = records.slice(1).filter(({ fault }) => fault === undefined);
  const width = Math.max(0, ...rows.map(({ cells }) => cells.length));
  return Array.from({ length: width }, (_, column) => rows.map(({ cells }) => cells[column] ?? '')).some((column) => {
    const full = column.filter((cell) => cell !== '');
    return full.length > 0 && full.every(enclosed);
  });
}

function widthOf({ cells }: HeadRecord): number {
  return cells.length;
}

function needsQuotes(records: readonly HeadRecord[]): boolean {
  return records.some(({ cells }) => cells.some((cell) => enclosed(cell) && /[\r\n'"]/.test(cell.slice(1, -1))));
}

/** Where no cell is quoted and many hold a stray quote, quotes may be text: inches, for example. */
function orUnquoted(options: QuotingOptions, double: QuotedReading): QuotedReading {
  const strays = double.records.filter(({ fault }) => fault === 'stray' || fault === 'open');
  const [first] = strays;
  if (first === undefined || strays.length < 2 || strays.length <= double.records.length * STRAY_SHARE_MAX || double.quoteCertain)
    return double;
  const unquoted = readUnder(options, { quote: '', escape: '' });
  if (!clearlyFewer(faultsOf(unquoted), faultsOf(double.records))) return double;
  const message = `quotes stand inside cells, first on line ${first.line}, and no cell is quoted; say quote=none if they are characters like any other, quote=" if those rows are broken`;
  return { ...double, doubt: { code: 'undetected_quote', message } };
}

function readUnder({ head, delimiter, newline, comment }: QuotingOptions, quoting: Quoting): HeadRecord[] {
  return readHead(head, { delimiter, newline, comment, ...quoting });
}

/** Records that cannot be read, or are not as wide as the table. */
function faultsOf(records: readonly HeadRecord[]): number {
  const shapes = [plainShape(records), shapeBehindPreamble(records)].filter((shape) => shape !== undefined);
  return Math.min(
    records.length,
    ...shapes.map(({ width, agreement, rows }) => (width === 0 ? rows + 1 : Math.round((1 - agreement) * rows))),
  );
}

function clearlyFewer(few: number, many: number): boolean {
  return many > 0 && few * FEWER_FAULTS <= many;
}

function sameCells(a: readonly HeadRecord[], b: readonly HeadRecord[]): boolean {
  return JSON.stringify(a.map(({ cells }) => cells)) === JSON.stringify(b.map(({ cells }) => cells));
}
