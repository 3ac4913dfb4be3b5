/**
 * Where physical lines end. One rule for the reader, the line index and the lines skipped before the header, so that all of them count
 * the same lines.
 *
 *   `LF`    LF ends a line, and a CR right before it belongs to the ending (so CRLF files are read by this one too); another CR is text
 *   `CR`    CR ends a line, and LF is text
 *   `any`   CR, LF and CRLF each end one line
 *
 * CR and LF are ASCII, which never occurs inside a UTF-8 sequence, so bytes can be compared.
 */
import type { StoredDialect } from '../../schemas/http/imports.ts';

export type LineEnding = 'LF' | 'CR' | 'any';

export const LF = 0x0a;
export const CR = 0x0d;

export function lineEndingOf(newline: StoredDialect['newline']): LineEnding {
  if (newline === 'mixed') return 'any';
  return newline === 'CR' ? 'CR' : 'LF';
}

/**
 * The start of the line after the one that `from` lies in, or -1 where none starts before `to`. Under `any`, a CR that is the last byte
 * ends its line only where `whole` says that nothing follows: the LF of a CRLF might.
 */
export function nextLineStart(bytes: Buffer, from: number, to: number, ending: LineEnding, whole: boolean): number {
  if (ending !== 'any') {
    const at = bytes.indexOf(ending === 'CR' ? CR : LF, from);
    return at === -1 || at >= to ? -1 : at + 1;
  }
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at];
    if (byte === LF) return at + 1;
    if (byte !== CR) continue;
    if (at + 1 < to) return bytes[at + 1] === LF ? at + 2 : at + 1;
    return whole ? at + 1 : -1;
  }
  return -1;
}

/** The start of the last line that starts after `from` and not behind `to`; `from` where none does. `whole` as above. */
export function lastLineStart(bytes: Buffer, from: number, to: number, ending: LineEnding, whole: boolean): number {
  const last = (byte: number, before: number) => (before <= from ? from : Math.max(from, bytes.lastIndexOf(byte, before - 1) + 1));
  if (ending !== 'any') return last(ending === 'CR' ? CR : LF, to);
  const openCr = !whole && bytes[to - 1] === CR;
  return Math.max(last(LF, to), last(CR, openCr ? to - 1 : to));
}

/** Where the text of a line ends that takes up bytes [from, next), its ending included if it has one. */
export function lineTextEnd(bytes: Buffer, from: number, next: number, ending: LineEnding): number {
  const last = bytes[next - 1];
  if (next === from) return next;
  if (ending === 'CR') return last === CR ? next - 1 : next;
  if (last === LF) return next - 1 > from && bytes[next - 2] === CR ? next - 2 : next - 1;
  return ending === 'any' && last === CR ? next - 1 : next;
}

/** Finds where lines start in bytes that come in chunks, whatever their edges. */
export class LineStarts {
  readonly #ending: LineEnding;
  /** The chunk before ended in a CR, whose LF may come. */
  #crBefore = false;

  constructor(ending: LineEnding) {
    this.#ending = ending;
  }

  /** A line has ended with the bytes so far that `push` has not told yet. */
  get pending(): boolean {
    return this.#crBefore;
  }

  /** Calls `found` with the position in the chunk of each line that starts there, or right behind it. */
  push(chunk: Uint8Array, found: (at: number) => void): void {
    if (chunk.length === 0) return;
    const ending = this.#ending;
    if (this.#crBefore) found(chunk[0] === LF ? 1 : 0);
    const from = this.#crBefore && chunk[0] === LF ? 1 : 0;
    this.#crBefore = false;
    const mark = ending === 'CR' ? CR : LF;
    let cr = ending === 'any' ? chunk.indexOf(CR, from) : -1;
    for (let at = from; ;) {
      const next = chunk.indexOf(mark, at);
      // Lines that end in a CR before that.
      for (; cr !== -1 && (next === -1 || cr < next); cr = chunk.indexOf(CR, cr + 1)) {
        if (cr + 1 === chunk.length) this.#crBefore = true;
        else if (chunk[cr + 1] !== LF) found(cr + 1);
      }
      if (next === -1) return;
      found(next + 1);
      at = next + 1;
    }
  }
}
