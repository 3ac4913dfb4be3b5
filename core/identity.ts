/**
 * What makes two events the same: the id that each gets from its row.
 *
 *   id columns     their cells                           `evt-1`        several: joined by `|`, with `\` before `\` and `|` in a cell
 *   row (default)  what the row says, and how often      `2026-10-01T05~<hash>`, the second equal row `…#2`
 *   file           the file, and the row's number in it  `<hash of the file>:<row>`
 *
 * Then, where a row can give several events, `:<meter>`. An event is the same event when customer and id are the same.
 */
import { hash } from 'node:crypto';

/** Bytes kept of a SHA-256: 128 bits; among 10^12 rows the chance of any two alike is 10^-15. */
export const ROW_HASH_BYTES = 16;

/**
 * Writes the hash of a text, ROW_HASH_BYTES. It comes as a text itself, in one character a byte, and is copied: a buffer for each hash would
 * take three times as long.
 */
export function writeHash(text: string, to: Buffer, at = 0): void {
  to.write(hash('sha256', text, 'binary'), at, ROW_HASH_BYTES, 'latin1');
}

export function joinIdCells(cells: readonly string[]): string {
  return cells.length === 1 ? (cells[0] as string) : cells.map((cell) => cell.replace(/[\\|]/g, '\\$&')).join('|');
}

/** Id under `identity: file`. `fileSha256` in hex; `row` is 1-based and counts every row, rejected ones too. */
export function createFileIds(fileSha256: string): (row: number) => string {
  const prefix = `${Buffer.from(fileSha256, 'hex').toString('base64url', 0, ROW_HASH_BYTES)}:`;
  return (row) => prefix + row;
}

export interface RowIds {
  /** Hash of the row's content, to count equal rows by. The buffer is overwritten by the next call. */
  hash(cells: readonly string[]): Uint8Array;
  /** Id of the row hashed last, which is the `occurrence`th (1-based) of its like in the file. */
  id(occurrence: number): string;
}

/**
 * Identity by content: the cells of named columns, whatever the order of the columns. `names[i]` is the name of column i, or undefined
 * for a column that does not count. Empty cells say nothing, so a new column that is empty changes no id.
 * Each cell is preceded by its name and its length, so no two contents share a text.
 */
export function createRowIds(names: readonly (string | undefined)[]): RowIds {
  const named = names.flatMap((name, index) => (name === undefined ? [] : [{ name, index }]));
  named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const indexes = named.map(({ index }) => index);
  const labels = named.map(({ name }) => `${name.length}:${name}=`);
  let prefix = '';
  const digest = Buffer.alloc(ROW_HASH_BYTES);
  return {
    hash(cells) {
      let text = '';
      prefix = '';
      for (let i = 0; i < indexes.length; i += 1) {
        const cell = cells[indexes[i] as number] as string;
        if (cell === '') continue;
        text += (labels[i] as string) + cell.length + ':' + cell;
        if (prefix === '' && cell.length >= 10) prefix = hourPrefix(cell);
      }
      writeHash(text, digest);
      return digest;
    },
    id(occurrence) {
      const base = prefix + digest.toString('base64url', 0, ROW_HASH_BYTES);
      return occurrence === 1 ? base : `${base}#${occurrence}`;
    },
  };
}

/** `2026-10-01T05~` of a cell that begins like a date, else nothing. Ids of one hour then lie together in the unique index. */
function hourPrefix(cell: string): string {
  if (cell.charCodeAt(4) !== 0x2d || cell.charCodeAt(7) !== 0x2d) return '';
  if (!(digits(cell, 0, 4) && digits(cell, 5, 7) && digits(cell, 8, 10))) return '';
  const separator = cell.charCodeAt(10);
  const hasHour = (separator === 0x54 || separator === 0x20) && cell.charCodeAt(13) === 0x3a && digits(cell, 11, 13);
  return hasHour ? `${cell.slice(0, 10)}T${cell.slice(11, 13)}~` : `${cell.slice(0, 10)}~`;
}

function digits(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
