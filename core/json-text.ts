/**
 * JSON (RFC 8259) read without losing anything: a number stays the text that it is, since no JavaScript number could hold
 * `0.1` or `12345678901234567890.5`; a member that is named twice is an error, since nobody can know which one was meant.
 */

export type JsonText =
  | { kind: 'string'; value: string }
  /** `text` as it is written: `1.50`, `-1.81E-8`, `true`, `null`. */
  | { kind: 'number' | 'boolean' | 'null'; text: string }
  | { kind: 'array'; items: JsonText[] }
  | { kind: 'object'; members: Map<string, JsonText> };

export type JsonOutcome = { ok: true; value: JsonText } | { ok: false; message: string };

/** Usage events are flat or nearly so; each level is a call on the stack. */
const DEPTH_MAX = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACES = /[ \t\r\n]*/y;

/** Reads one JSON value and nothing beside it. */
export function readJson(text: string): JsonOutcome {
  return attempt(text, (reader) => reader.document());
}

/** The texts of the items of a JSON array, as they are written; of any other value its own text, as the only one. */
export function splitJsonItems(text: string): { ok: true; isArray: boolean; texts: string[] } | { ok: false; message: string } {
  const spans: { from: number; to: number }[] = [];
  const outcome = attempt(text, (reader) => reader.document((from, to) => spans.push({ from, to })));
  if (!outcome.ok) return outcome;
  if (outcome.value.kind !== 'array') return { ok: true, isArray: false, texts: [text.trim()] };
  return { ok: true, isArray: true, texts: spans.map(({ from, to }) => text.slice(from, to)) };
}

/** The value as text without spaces, its members sorted by name. Equal text is equal content, but for ways to write a number. */
export function compactJson(value: JsonText): string {
  if (value.kind === 'string') return JSON.stringify(value.value);
  if (value.kind === 'array') return `[${value.items.map(compactJson).join(',')}]`;
  if (value.kind !== 'object') return value.text;
  const members = [...value.members].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${compactJson(member)}`).join(',')}}`;
}

function attempt(text: string, read: (reader: Reader) => JsonText): JsonOutcome {
  try {
    return { ok: true, value: read(new Reader(text)) };
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, message: error.message };
    throw error;
  }
}

/** Stays within this file. */
class JsonFault extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `onItem` hears of the spans of the items, where the value is an array. */
  document(onItem?: (from: number, to: number) => void): JsonText {
    this.#skipSpaces();
    const value = this.#value(onItem);
    this.#skipSpaces();
    if (this.#at < this.#text.length) throw this.#fault('something follows the value');
    return value;
  }

  #value(onItem?: (from: number, to: number) => void): JsonText {
    const first = this.#text[this.#at];
    if (first === '"') return { kind: 'string', value: this.#string() };
    if (first === '{') return this.#nested(() => this.#object());
    if (first === '[') return this.#nested(() => this.#array(onItem));
    const number = this.#match(NUMBER);
    if (number !== undefined) return { kind: 'number', text: number };
    const word = this.#match(WORD);
    if (word !== undefined) return { kind: word === 'null' ? 'null' : 'boolean', text: word };
    throw this.#fault(first === undefined ? 'the text ends where a value is missing' : `no value begins with "${first}"`);
  }

  #nested(read: () => JsonText): JsonText {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw this.#fault(`nested more than ${DEPTH_MAX} deep`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): JsonText {
    const members = new Map<string, JsonText>();
    this.#list('}', () => {
      if (this.#text[this.#at] !== '"') throw this.#fault('a name in quotes is missing');
      const name = this.#string();
      if (members.has(name)) throw this.#fault(`the name "${name.slice(0, 60)}" stands there twice`);
      this.#skipSpaces();
      this.#expect(':');
      this.#skipSpaces();
      members.set(name, this.#value());
    });
    return { kind: 'object', members };
  }

  #array(onItem?: (from: number, to: number) => void): JsonText {
    const items: JsonText[] = [];
    this.#list(']', () => {
      const from = this.#at;
      items.push(this.#value());
      onItem?.(from, this.#at);
    });
    return { kind: 'array', items };
  }

  /** What stands between brackets, at commas. */
  #list(close: string, read: () => void): void {
    this.#at += 1;
    this.#skipSpaces();
    if (this.#text[this.#at] === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      read();
      this.#skipSpaces();
      if (this.#text[this.#at] === close) break;
      this.#expect(',');
      this.#skipSpaces();
    }
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    for (let at = start + 1; ;) {
      const end = this.#text.indexOf('"', at);
      if (end === -1) throw this.#fault('a string is not closed');
      let backslashes = 0;
      while (this.#text[end - 1 - backslashes] === '\\') backslashes += 1;
      at = end + 1;
      if (backslashes % 2 === 1) continue;
      this.#at = at;
      return this.#unescape(this.#text.slice(start, at));
    }
  }

  #unescape(quoted: string): string {
    try {
      return JSON.parse(quoted) as string;
    } catch {
      throw this.#fault('a string holds a control character or an escape that there is not');
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipSpaces(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) this.#match(SPACES);
  }

  #expect(mark: string): void {
    if (this.#text[this.#at] !== mark) throw this.#fault(`"${mark}" is missing`);
    this.#at += 1;
  }

  #fault(what: string): JsonFault {
    return new JsonFault(`${what} (at character ${this.#at + 1})`);
  }
}
