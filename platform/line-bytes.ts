/**
 * Lines of text as UTF-8, one behind the other in one buffer.
 *
 * Ten thousand rows or events are a hundred thousand pieces of text. Kept as strings until their batch is whole, the garbage collector
 * carried them along, which was a fifth of all processor time; bytes outside the heap cost it nothing.
 */

/** Most batches of streams fit; those of files grow beyond it in a few steps. */
const FIRST_BYTES = 16_384;
/** A UTF-16 unit takes at most three bytes. */
const BYTES_PER_UNIT_MAX = 3;
const NEWLINE = 0x0a;

export class LineBytes {
  /** None for nothing: an open stream has a batch for each partition, and mostly writes to one. */
  #bytes = Buffer.alloc(0);
  /** Where the next line begins. */
  length = 0;
  lines = 0;

  /** Well-formed text without a newline, which is added: a lone surrogate would become another character. */
  add(line: string): void {
    this.#makeRoom(line.length * BYTES_PER_UNIT_MAX + 1);
    this.length += this.#bytes.write(line, this.length);
    this.#bytes[this.length] = NEWLINE;
    this.length += 1;
    this.lines += 1;
  }

  /** The line that stands there in other bytes, its newline included. */
  copy(from: Buffer, start: number, end: number): void {
    this.#makeRoom(end - start);
    this.length += from.copy(this.#bytes, this.length, start, end);
    this.lines += 1;
  }

  /** All lines, each with its newline. What is added later is not seen in it. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #makeRoom(most: number): void {
    if (this.#bytes.length - this.length >= most) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.#bytes.length * 2, this.length + most));
    this.#bytes.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
  }
}
