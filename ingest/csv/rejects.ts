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
  readonly #groups = new Map<string, ImportErrorGroup>();

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

const LINE_ENDINGS: Readonly<Record<string, string>> = { LF: '\n', CRLF: '\r\n', CR: '\r' };

/**
 * Writes rejected.csv to a working file: the header and the four error columns, then each rejected record byte for byte as it stood,
 * followed by its error cells. A file without a header gets one of `#1`, `#2`…, which its mapping understands as they are.
 * A record that is too large to be kept comes as empty cells.
 */
export class RejectedCsvWriter {
  readonly #path: string;
  readonly #dialect: StoredDialect;
  readonly #header: readonly string[];
  readonly #lineEnding: string;
  #handle: FileHandle | undefined;

  constructor(options: { path: string; dialect: StoredDialect; header: readonly string[] }) {
    this.#path = options.path;
    this.#dialect = options.dialect;
    this.#header = options.header;
    this.#lineEnding = LINE_ENDINGS[options.dialect.newline] ?? '\n';
  }

  async append(rejects: readonly RejectedRow[]): Promise<void> {
    if (rejects.length === 0) return;
    const parts: Uint8Array[] = [];
    if (this.#handle === undefined) {
      this.#handle = await open(this.#path, 'w');
      parts.push(Buffer.from((this.#dialect.bom ? '\ufeff' : '') + this.#join([...this.#header, ...ERROR_COLUMNS]) + this.#lineEnding));
    }
    for (const reject of rejects) {
      const { line, column, code, message } = reject;
      parts.push(reject.cut ? Buffer.from(this.#dialect.delimiter.repeat(this.#header.length - 1)) : reject.raw);
      parts.push(Buffer.from(this.#dialect.delimiter + this.#join([String(line), column ?? '', code, message]) + this.#lineEnding));
    }
    await this.#handle.writeFile(Buffer.concat(parts));
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

  #join(cells: readonly string[]): string {
    return cells.map((cell) => quoteCell(cell, this.#dialect)).join(this.#dialect.delimiter);
  }
}

/** A cell as text of the dialect, in quotes only where it needs them. */
export function quoteCell(cell: string, dialect: Pick<StoredDialect, 'delimiter' | 'quote' | 'escape'>): string {
  const { delimiter, quote, escape } = dialect;
  const plain = !cell.includes(delimiter) && !cell.includes(quote) && !cell.includes('\n') && !cell.includes('\r');
  if (plain) return cell;
  const escaped = escape === quote ? cell : cell.replaceAll(escape, escape + escape);
  return quote + escaped.replaceAll(quote, escape + quote) + quote;
}
