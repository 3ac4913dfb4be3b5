/** What becomes of rejected rows: a summary by kind, and rejected.csv, which can be mended and uploaded again. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ImportErrorGroup, StoredDialect } from '../../schemas/http/imports.ts';
import { ERROR_COLUMNS } from './error-columns.ts';
import type { RejectedRow } from './faults.ts';

const EXAMPLES_MAX = 3;
const RAW_LENGTH_MAX = 1000;

export class RejectSummary {
  readonly #groups: Map<string, ImportErrorGroup>;

  /** `before`: the groups of earlier rows. */
  constructor(before: readonly ImportErrorGroup[] = []) {
    this.#groups = new Map(before.map((group) => [group.code, { ...group, examples: [...group.examples] }]));
  }

  add(rejects: readonly RejectedRow[]): void {
    for (const reject of rejects) {
      let group = this.#groups.get(reject.code);
      if (group === undefined) this.#groups.set(reject.code, (group = { code: reject.code, count: 0, examples: [] }));
      group.count += 1;
      if (group.examples.length < EXAMPLES_MAX) {
        group.examples.push({ line: reject.line, column: reject.column, message: reject.message, raw: showRaw(reject.raw) });
      }
    }
  }

  /** By count, the largest first. */
  groups(): ImportErrorGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }
}

/** Bytes as text for people and for Postgres, which takes neither NUL nor half characters: NUL as ␀, what is not UTF-8 as �. */
export function showRaw(raw: Uint8Array): string {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  return text.slice(0, RAW_LENGTH_MAX).toWellFormed().replaceAll('\0', '\u2400');
}

const LINE_ENDINGS: Readonly<Record<StoredDialect['newline'], string>> = { LF: '\n', CRLF: '\r\n', CR: '\r', mixed: '\n' };

/**
 * The text of rejected.csv: the header and the four error columns, then each rejected record byte for byte as it stood, followed by its
 * error cells. It is written in the dialect of the file, so that it reads the same by the options that were declared for the file, and is
 * detected as the file was where none were. What is not repeated, a preamble and comments, has no part in this: as many lines as were
 * skipped before the header stand there, `sep=` on the first (which spreadsheets know) and none of them with text of the file.
 *
 * A file without a header gets one of `#1`, `#2`…, which its mapping understands as they are; where that would be a comment, and nothing
 * can be quoted, the error columns come first. A row that was padded has all its cells.
 * A record that is too large to be kept comes as empty cells.
 */
export class RejectedCsv {
  readonly #dialect: StoredDialect;
  readonly #header: readonly string[];
  readonly #lineEnding: string;
  readonly #errorsFirst: boolean;
  /** The header would begin as a comment does. */
  readonly #isComment: boolean;

  constructor({ dialect, header }: { dialect: StoredDialect; header: readonly string[] }) {
    this.#dialect = dialect;
    this.#header = header;
    this.#lineEnding = LINE_ENDINGS[dialect.newline];
    this.#isComment = dialect.comment !== '' && header[0]?.startsWith(dialect.comment) === true;
    this.#errorsFirst = this.#isComment && dialect.quote === '';
  }

  header(): Buffer {
    const { bom, encoding, skipLines, delimiter, quote, trailingDelimiter } = this.#dialect;
    // It is UTF-8 whatever the file was, and says so to whoever declares the encoding of the file for it too.
    const mark = bom || encoding !== 'utf-8' ? '\ufeff' : '';
    const preamble = skipLines === 0 ? '' : `sep=${delimiter}${this.#lineEnding.repeat(skipLines)}`;
    const names = this.#errorsFirst ? [...ERROR_COLUMNS, ...this.#header] : [...this.#header, ...ERROR_COLUMNS];
    const cells = names.map((name) => quoteCell(name, this.#dialect));
    if (this.#isComment && cells[0]?.startsWith(quote) === false) cells[0] = quote + cells[0] + quote;
    return Buffer.from(mark + preamble + cells.join(delimiter) + (trailingDelimiter ? delimiter : '') + this.#lineEnding);
  }

  records(rejects: readonly RejectedRow[]): Buffer {
    const { delimiter, trailingDelimiter } = this.#dialect;
    const parts: Uint8Array[] = [];
    for (const { line, column, code, message, raw, cut, padded } of rejects) {
      // A quote left open in the row is closed by that of the message: on its line, and as the stray that it is.
      const isOpen = code === 'unclosed_quote' || code === 'stray_quote';
      const errors = [this.#cell(String(line)), this.#cell(column ?? ''), this.#cell(code), this.#cell(message, isOpen)].join(delimiter);
      const row = cut ? Buffer.from(delimiter.repeat(this.#header.length - 1)) : raw;
      const trails = trailingDelimiter && !cut && raw.at(-1) === delimiter.charCodeAt(0);
      const missing = delimiter.repeat(padded) + (trails ? '' : delimiter);
      const end = (trailingDelimiter ? delimiter : '') + this.#lineEnding;
      if (!this.#errorsFirst) parts.push(row, Buffer.from(missing + errors + end));
      else
        parts.push(
          Buffer.from(errors + delimiter),
          row,
          Buffer.from((trailingDelimiter ? missing : delimiter.repeat(padded)) + this.#lineEnding),
        );
    }
    return Buffer.concat(parts);
  }

  /** Of words of ours: what the dialect cannot say in them is left out. */
  #cell(text: string, always = false): string {
    const { delimiter, quote, escape } = this.#dialect;
    const sayable = quote === '' ? text.replaceAll(delimiter, ' ') : escape === '' ? text.replaceAll(quote, ' ') : text;
    const line = sayable.replaceAll(/[\r\n]/g, ' ');
    const cell = quoteCell(line, this.#dialect);
    return always && cell === line ? quote + cell + quote : cell;
  }
}

/** Writes rejected.csv to a working file. */
export class RejectedCsvWriter {
  readonly #path: string;
  readonly #text: RejectedCsv;
  #handle: FileHandle | undefined;

  constructor(options: { path: string; dialect: StoredDialect; header: readonly string[] }) {
    this.#path = options.path;
    this.#text = new RejectedCsv(options);
  }

  async append(rejects: readonly RejectedRow[]): Promise<void> {
    if (rejects.length === 0) return;
    if (this.#handle === undefined) {
      this.#handle = await open(this.#path, 'w');
      await this.#handle.writeFile(this.#text.header());
    }
    await this.#handle.writeFile(this.#text.records(rejects));
  }

  /** Ends the file. True where there is one: without rejects there is none. */
  async finish(): Promise<boolean> {
    const handle = this.#handle;
    await handle?.close();
    return handle !== undefined;
  }

  /** The file written. After `finish`. */
  read(): Readable {
    return createReadStream(this.#path);
  }
}

/** A cell as text of the dialect, in quotes only where it needs them. Without quotes there are no cells that need them. */
export function quoteCell(cell: string, dialect: Pick<StoredDialect, 'delimiter' | 'quote' | 'escape'>): string {
  const { delimiter, quote, escape } = dialect;
  if (quote === '') return cell;
  const plain = !cell.includes(delimiter) && !cell.includes(quote) && !cell.includes('\n') && !cell.includes('\r');
  if (plain) return cell;
  const escaped = escape === quote || escape === '' ? cell : cell.replaceAll(escape, escape + escape);
  return quote + escaped.replaceAll(quote, escape + quote) + quote;
}
