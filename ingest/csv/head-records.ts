/** The first records of a file, read under a supposed dialect. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { CR, LF, RecordScanner } from './record-scanner.ts';

/** Records that detection compares; more would not make it surer. */
const HEAD_RECORDS_MAX = 500;

export interface SupposedDialect {
  delimiter: string;
  quote: string;
  escape: string;
  newline: string;
}

export interface HeadRecord {
  line: number;
  /** None where the record is at fault. */
  cells: string[];
}

/** `whole`: the bytes are all there is, so the last record needs no line ending. Records at fault come without cells. */
export function readHead(bytes: Buffer, supposed: SupposedDialect, whole: boolean): HeadRecord[] {
  const { delimiter, quote, escape, newline } = supposed;
  const grammar = {
    lineByte: newline === 'CR' ? CR : LF,
    delimiter: delimiter.charCodeAt(0),
    quote: quote.charCodeAt(0),
    escape: escape.charCodeAt(0),
  };
  const scanner = new RecordScanner(grammar);
  const rest = scanner.scan(bytes, 0, 0, bytes.length);
  const end = whole ? scanner.endFile(bytes, rest, { endsInCrlf: newline === 'CRLF', always: false }) : undefined;
  if (end?.unclosed === true) scanner.strays[scanner.strays.length - 1] = true;
  return scanner.lines.slice(0, HEAD_RECORDS_MAX).map((line, index) => {
    if (scanner.strays[index] === true) return { line, cells: [] };
    const record = bytes.subarray(scanner.starts[index], scanner.ends[index]);
    if (record.includes(0) || !isUtf8(record)) return { line, cells: [] };
    if (!record.includes(grammar.quote)) return { line, cells: record.toString().split(delimiter) };
    // The line endings inside quotes are content; the record itself has none.
    return {
      line,
      cells:
        parse(record, {
          delimiter,
          quote,
          escape,
          record_delimiter: newline === 'CR' ? '\r' : ['\r\n', '\n'],
          relax_column_count: true,
        })[0] ?? [],
    };
  });
}
