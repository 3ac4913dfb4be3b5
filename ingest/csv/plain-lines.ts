/** Lines without quotes, which have no grammar but delimiters and line endings: decoded as one text and split. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { CR, LineStarts } from './line-endings.ts';
import type { Grammar } from './record-scanner.ts';
import type { RowSink } from './row-sink.ts';

export class PlainLines {
  readonly #grammar: Grammar;
  readonly #delimiter: string;
  readonly #comment: string;
  readonly #sink: RowSink;

  constructor(grammar: Grammar, { delimiter, comment }: StoredDialect, sink: RowSink) {
    this.#grammar = grammar;
    this.#delimiter = delimiter;
    this.#comment = comment;
    this.#sink = sink;
  }

  canTake(bytes: Buffer, from: number, to: number): boolean {
    const run = bytes.subarray(from, to);
    return isUtf8(run) && !run.includes(0);
  }

  /** Whole lines of bytes[from, to): without quotes, NUL, and anything that is not UTF-8. The last line may lack its ending. */
  take(bytes: Buffer, from: number, to: number): void {
    const sink = this.#sink;
    if (sink.skims) {
      const starts = new LineStarts(this.#grammar.ending);
      starts.push(bytes.subarray(from, to), () => (sink.line += 1));
      if (starts.pending) sink.line += 1;
      return;
    }
    const ascii = isAscii(bytes.subarray(from, to));
    const text = bytes.toString(ascii ? 'latin1' : 'utf8', from, to);
    const run = ascii ? 0 : sink.batch.addRun(from, to);
    const { ending, endsInCrlf } = this.#grammar;
    const mark = ending === 'CR' ? '\r' : '\n';
    const comment = this.#comment;
    let cr = ending === 'any' ? text.indexOf('\r') : -1;
    for (let at = 0, index = 0; at < text.length; index += 1) {
      let stop = text.indexOf(mark, at);
      let next = stop + 1;
      if (stop === -1) stop = next = text.length;
      if (cr !== -1 && cr < at) cr = text.indexOf('\r', at);
      if (cr !== -1 && cr < stop) {
        next = text.charCodeAt(cr + 1) === 0x0a ? cr + 2 : cr + 1;
        stop = cr;
      } else if (ending === 'LF' && stop > at && text.charCodeAt(stop - 1) === CR && (next > stop || endsInCrlf)) stop -= 1;
      if (stop > at && (comment === '' || !text.startsWith(comment, at))) {
        const line = text.slice(at, stop);
        if (ascii) sink.addPlain(line, line.split(this.#delimiter), from + at, from + stop);
        else sink.addPlain(line, line.split(this.#delimiter), index, run);
      }
      // Only the last line has no ending; it counts as read, but no line follows it.
      if (next > stop || next < text.length) sink.line += 1;
      at = next;
    }
  }
}
