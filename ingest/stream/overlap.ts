/** Lines that are sent again: compared with what is kept of them, byte for byte, and left out. */
import { ProblemError } from '../../core/errors.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';
import { offsetOfLine } from '../csv/line-index.ts';
import { CR, LF } from '../csv/line-endings.ts';

export interface Kept {
  files: FileStore;
  importId: string;
  bytes: number;
  lines: number;
  /** Hears how many lines of the body were kept already, as they are found. */
  onKnown(lines: number): void;
}

/**
 * The body from the line on that is not kept yet; it begins at line `fromLine`, at most one behind the last that is kept. Throws
 * `idempotency_key_reused` where a line is another than the one that is kept under its number: it was published as that one.
 */
export async function* skipKept(body: AsyncIterable<Buffer>, fromLine: number, kept: Kept): AsyncGenerator<Buffer, void> {
  if (fromLine > kept.lines) return yield* body;
  const { files, importId } = kept;
  const start = await offsetOfLine({ files, importId, part: 'original' }, fromLine);
  if (start === undefined) throw new Error(`import ${importId}: line ${fromLine} of ${kept.lines} was not found`);
  const known = new Comparison(
    ((await files.read(importId, 'original', { start, end: kept.bytes })) as AsyncIterable<Buffer>)[Symbol.asyncIterator](),
    fromLine,
  );
  try {
    for await (const chunk of body) {
      const before = known.line;
      const rest = await known.compare(chunk);
      kept.onKnown(known.line - before);
      if (rest.length > 0) yield rest;
    }
    await known.finish();
  } finally {
    await known.close();
  }
}

class Comparison {
  readonly #source: AsyncIterator<Buffer>;
  #kept: Buffer = Buffer.alloc(0);
  #isOver = false;
  line: number;
  /** The last byte compared. */
  #last: number | undefined;

  constructor(source: AsyncIterator<Buffer>, fromLine: number) {
    this.#source = source;
    this.line = fromLine;
  }

  /** What of the chunk comes behind all that is kept. */
  async compare(chunk: Buffer): Promise<Buffer> {
    for (let at = 0; ;) {
      if (this.#kept.length === 0 && !this.#isOver) await this.#next();
      if (this.#isOver || at === chunk.length) return chunk.subarray(at);
      const count = Math.min(this.#kept.length, chunk.length - at);
      const [sent, kept] = [chunk.subarray(at, at + count), this.#kept.subarray(0, count)];
      if (!sent.equals(kept)) throw differs(this.line + lineOfDifference(sent, kept));
      for (const byte of sent) if (byte === LF) this.line += 1;
      this.#kept = this.#kept.subarray(count);
      this.#last = sent.at(-1);
      at += count;
    }
  }

  /** The body has ended: not in the middle of a line that goes on here. */
  async finish(): Promise<void> {
    if (this.#last === LF || this.#last === undefined) return;
    if (this.#kept.length === 0 && !this.#isOver) await this.#next();
    if (!this.#isOver && this.#kept[0] !== LF && this.#kept[0] !== CR) throw differs(this.line);
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #next(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done === true) this.#isOver = true;
    else this.#kept = value;
  }
}

function lineOfDifference(sent: Buffer, kept: Buffer): number {
  let lines = 0;
  for (let at = 0; sent[at] === kept[at]; at += 1) if (sent[at] === LF) lines += 1;
  return lines;
}

function differs(line: number): ProblemError {
  return new ProblemError(
    'idempotency_key_reused',
    `Line ${line} is not the one that was sent before under this Idempotency-Key. Nothing of it was taken; another stream needs a key of its own.`,
  );
}
