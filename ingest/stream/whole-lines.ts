/** Bytes on their way, to be taken by whole lines: those that the reader of rows is done with. Lines end in LF. */
import { LF } from '../csv/line-endings.ts';

export class WholeLines {
  /** What has been taken so far, earlier sessions included. */
  bytes: number;
  lines: number;
  #chunks: Buffer[] = [];

  constructor({ bytes, lines }: { bytes: number; lines: number }) {
    this.bytes = bytes;
    this.lines = lines;
  }

  /** Passes the source on and remembers it. */
  async *tap(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const chunk of source) {
      this.#chunks.push(chunk);
      yield chunk;
    }
  }

  /** Takes what lies before the end of line `line`, as far as it is there. */
  takeTo(line: number): Buffer {
    const taken: Buffer[] = [];
    while (this.lines < line) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      let end = 0;
      while (this.lines < line) {
        const at = chunk.indexOf(LF, end);
        if (at === -1) break;
        this.lines += 1;
        end = at + 1;
      }
      const isPart = this.lines === line && end < chunk.length;
      taken.push(isPart ? chunk.subarray(0, end) : chunk);
      if (isPart) this.#chunks.unshift(chunk.subarray(end));
    }
    return this.#count(Buffer.concat(taken));
  }

  /** Takes all that is left; a last line that has no ending gets `ending`. */
  takeRest(ending: string): Buffer {
    const rest = Buffer.concat(this.#chunks);
    this.#chunks = [];
    const whole = rest.length === 0 || rest.at(-1) === LF ? rest : Buffer.concat([rest, Buffer.from(ending)]);
    for (let at = whole.indexOf(LF); at !== -1; at = whole.indexOf(LF, at + 1)) this.lines += 1;
    return this.#count(whole);
  }

  #count(bytes: Buffer): Buffer {
    this.bytes += bytes.length;
    return bytes;
  }
}
