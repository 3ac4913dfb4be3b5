/** Holds what a text was taken for against all of it. */
import { isAscii } from 'node:buffer';
import type { FileFault } from './faults.ts';
import { findOtherByte } from './shared-letters.ts';
import type { Encoding } from './transcode.ts';

/** What speaks against the encoding in as much of the text as is there. */
export function checkEncoding(
  text: Uint8Array,
  { encoding, sharedLettersOnly }: { encoding: Encoding; sharedLettersOnly: boolean },
  complete: boolean,
): FileFault | undefined {
  if (!isSingleByte(encoding)) return undefined;
  const check = new EncodingCheck(encoding, sharedLettersOnly);
  check.push(text);
  if (complete) check.end();
  return check.fault;
}

export function isSingleByte(encoding: Encoding): boolean {
  return encoding === 'windows-1252' || encoding === 'iso-8859-1';
}

/** For texts in a single-byte encoding. */
export class EncodingCheck {
  readonly #encoding: string;
  readonly #sharedLettersOnly: boolean;
  /** Until the text turns out not to be UTF-8. */
  #utf8: InstanceType<typeof TextDecoder> | undefined = new TextDecoder('utf-8', { fatal: true });
  #beyondAscii = false;
  #line = 1;
  #fault: FileFault | undefined;

  constructor(encoding: string, sharedLettersOnly: boolean) {
    this.#encoding = encoding;
    this.#sharedLettersOnly = sharedLettersOnly;
  }

  /** What speaks against the encoding. */
  get fault(): FileFault | undefined {
    return this.#fault;
  }

  push(chunk: Uint8Array): void {
    this.#tryUtf8(() => this.#utf8?.decode(chunk, { stream: true }));
    this.#beyondAscii ||= !isAscii(chunk);
    if (this.#sharedLettersOnly && this.#fault === undefined) this.#checkLetters(chunk);
  }

  end(): void {
    this.#tryUtf8(() => this.#utf8?.decode());
    if (this.#utf8 === undefined || !this.#beyondAscii) return;
    const message = `encoding=${this.#encoding} was declared, but all that is beyond ASCII in the file is sound UTF-8; leave \`encoding\` out, or say encoding=utf-8`;
    this.#fault ??= { code: 'undetected_encoding', message };
  }

  #tryUtf8(decode: () => void): void {
    try {
      decode();
    } catch {
      this.#utf8 = undefined;
    }
  }

  #checkLetters(chunk: Uint8Array): void {
    const at = findOtherByte(chunk);
    const end = at === -1 ? chunk.length : at;
    for (let next = chunk.indexOf(0x0a); next !== -1 && next < end; next = chunk.indexOf(0x0a, next + 1)) this.#line += 1;
    if (at === -1) return;
    const byte = (chunk[at] as number).toString(16).toUpperCase();
    const message = `line ${this.#line} is not UTF-8, and holds the byte ${byte}, which is another character in each single-byte encoding; say encoding=windows-1252 if the file comes from Western Europe, or convert it to UTF-8`;
    this.#fault = { code: 'undetected_encoding', message };
  }
}
