/**
 * A whole text on its way into the file store: its encoding is found from its beginning, and all of it comes out in UTF-8.
 *
 * What was found is held against every byte that follows, as nothing is published before the text is there: a text that was declared to be
 * in a single-byte encoding and is sound UTF-8 from beginning to end is refused, and so is one that goes beyond the letters by which its
 * encoding was recognised.
 */
import { EncodingCheck, isSingleByte } from './encoding-check.ts';
import { detectEncoding, HEAD_BYTES_MAX, type EncodingOutcome } from './encoding.ts';
import { createTranscoder, type Transcoder } from './transcode.ts';

export class TextDecoding {
  readonly #declared: string | undefined;
  #outcome: EncodingOutcome | undefined;
  #check: EncodingCheck | undefined;

  constructor(declared: string | undefined) {
    this.#declared = declared;
  }

  /** Once the text has been read. */
  get outcome(): EncodingOutcome {
    if (this.#outcome === undefined) throw new Error('the text has not been read');
    const fault = this.#check?.fault;
    return fault === undefined ? this.#outcome : { ok: false, fault };
  }

  /** Passes the text on, in UTF-8 if it is in an encoding that is read here, else as it is. Memory: the head, then a chunk. */
  async *read(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const head: Uint8Array[] = [];
    let headBytes = 0;
    let transcoder: Transcoder | undefined;
    for await (const chunk of source) {
      if (transcoder === undefined) {
        head.push(chunk);
        headBytes += chunk.length;
        // One more, so as to know that it is not all.
        if (headBytes <= HEAD_BYTES_MAX) continue;
        transcoder = this.#begin(Buffer.concat(head), false);
        yield* this.#push(transcoder, Buffer.concat(head));
      } else yield* this.#push(transcoder, chunk);
    }
    if (transcoder === undefined) {
      const whole = Buffer.concat(head);
      transcoder = this.#begin(whole, true);
      yield* this.#push(transcoder, whole);
    }
    this.#check?.end();
    const rest = transcoder.end();
    if (rest.length > 0) yield rest;
  }

  #begin(head: Uint8Array, complete: boolean): Transcoder {
    const outcome = detectEncoding(head, this.#declared, complete);
    this.#outcome = outcome;
    if (!outcome.ok) return createTranscoder('utf-8');
    const { encoding, sharedLettersOnly } = outcome;
    if (isSingleByte(encoding)) this.#check = new EncodingCheck(encoding, sharedLettersOnly);
    return createTranscoder(encoding);
  }

  *#push(transcoder: Transcoder, chunk: Uint8Array): Generator<Uint8Array, void> {
    this.#check?.push(chunk);
    const text = transcoder.push(chunk);
    if (text.length > 0) yield text;
  }
}
