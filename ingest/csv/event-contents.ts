/** The events of a file by their ids: which lines report one event, and say different things of it. */
import { ROW_HASH_BYTES, writeHash } from '../../core/identity.ts';
import { createExploder } from './explode.ts';
import type { EventBatch } from './explode.ts';
import { DIFFERENCES_MAX, KeyContents } from './key-contents.ts';
import type { Difference, KeyedLines } from './key-contents.ts';
import { processFile } from './process.ts';
import type { ProcessOptions } from './process.ts';
import { readRows } from './read-rows.ts';

export interface FileToCheck extends Pick<ProcessOptions, 'open' | 'dialect' | 'mapping' | 'nowMs' | 'scratchDirectory'> {
  /** Of the table of ids. */
  bytesMax?: number | undefined;
}

export interface ComparedEvents {
  /** All of them, or the first `DIFFERENCES_MAX`. By hashes of 128 bits: see `readDifferences`. */
  differences: readonly Difference[];
  rowsRejected: number;
  /** Columns of the id that were empty in some row. */
  emptyColumns: ReadonlySet<string>;
}

/** What an event says of its import has no part in what it is. */
const NO_IMPORT = { importId: '1', sha256: '' };

export async function compareEvents(file: FileToCheck): Promise<ComparedEvents> {
  const contents = new KeyContents({ directory: file.scratchDirectory, bytesMax: file.bytesMax });
  const emptyColumns = new Set<string>();
  let rowsRejected = 0;
  try {
    for await (const chunk of processFile({ ...file, ...NO_IMPORT })) {
      rowsRejected = chunk.rowsRejected;
      for (const { code, column } of chunk.rejects) if (code === 'missing_id') emptyColumns.add(column ?? '');
      const entries = createKeyedLines(chunk.payloads.length);
      for (const payload of chunk.payloads) {
        const { key, content, line } = partsOf(payload);
        addKeyedLine(entries, key, content, line);
      }
      await contents.add(entries);
      if (contents.differences.length >= DIFFERENCES_MAX) break;
    }
    await contents.finish();
    return { differences: contents.differences, rowsRejected, emptyColumns };
  } finally {
    await contents.close();
  }
}

/** The same of the events on these lines alone. */
export async function compareLines(file: FileToCheck, lines: ReadonlySet<number>): Promise<readonly Difference[]> {
  const contents = new KeyContents({ directory: file.scratchDirectory, bytesMax: file.bytesMax });
  try {
    for await (const { line, events } of readRowsAt(file, lines)) {
      const entries = createKeyedLines(events.length);
      for (const { key, content } of events) addKeyedLine(entries, key, content, line);
      await contents.add(entries);
      if (contents.differences.length >= DIFFERENCES_MAX) break;
    }
    await contents.finish();
    return contents.differences;
  } finally {
    await contents.close();
  }
}

/** An id with two meanings. */
export interface AmbiguousId {
  lines: readonly [number, number];
  /** Of the two rows. */
  cells: readonly [readonly string[], readonly string[]];
}

/** Reads the lines again, and answers those that do differ: hashes that are alike by chance are no difference. In the order given. */
export async function readDifferences(file: FileToCheck, differences: readonly Difference[]): Promise<AmbiguousId[]> {
  if (differences.length === 0) return [];
  const rows = new Map<number, ReadRow>();
  for await (const row of readRowsAt(file, new Set(differences.flatMap(({ first, second }) => [first, second])))) rows.set(row.line, row);
  return differences.flatMap(({ first, second }) => {
    const [one, other] = [rows.get(first), rows.get(second)];
    if (one === undefined || other === undefined) return [];
    if (!one.events.some(({ key, content }) => other.events.some((event) => event.key === key && event.content !== content))) return [];
    return [{ lines: [first, second] as const, cells: [one.cells, other.cells] as const }];
  });
}

interface ReadRow {
  line: number;
  cells: readonly string[];
  events: { key: string; content: string }[];
}

async function* readRowsAt(file: FileToCheck, lines: ReadonlySet<number>): AsyncGenerator<ReadRow> {
  const { open, dialect, mapping } = file;
  const exploder = createExploder({ ...file, ...NO_IMPORT });
  let found = 0;
  for await (const batch of readRows(await open(0), { dialect, width: mapping.header.length })) {
    for (let index = 0; index < batch.lines.length; index += 1) {
      const line = batch.lines[index] as number;
      if (!lines.has(line) || batch.faults?.has(index) === true) continue;
      const cells = (batch.cells[index] as string[]).map(detached);
      const out: EventBatch = { customers: [], payloads: [] };
      if (exploder.check(cells) === undefined) exploder.push(exploder.givenId(), line, out);
      found += 1;
      yield { line, cells, events: out.payloads.map(partsOf) };
    }
    if (found === lines.size) return;
  }
}

/** A cell may hold on to the whole block it was read from. */
function detached(cell: string): string {
  return Buffer.from(cell).toString();
}

/**
 * `{"v":1,"id":…,"c":…` | `,"m":…,"t":…,"q":…,"p":…` | `,"i":…,"l":7}`: which event it is, what it says, and where it stands. Within texts
 * a quote has a backslash before it, so the borders are found for certain.
 */
export function partsOf(payload: string): { key: string; content: string; line: number } {
  const border = payload.indexOf(',"m":');
  const end = payload.lastIndexOf(',"i":"');
  return {
    key: payload.slice(0, border),
    content: payload.slice(border, end),
    line: Number(payload.slice(payload.lastIndexOf(':') + 1, -1)),
  };
}

export function createKeyedLines(room: number): KeyedLines {
  const bytes = room * ROW_HASH_BYTES;
  return { keys: Buffer.alloc(bytes), contents: Buffer.alloc(bytes), lines: new Float64Array(room), count: 0 };
}

export function addKeyedLine(entries: KeyedLines, key: string, content: string, line: number): void {
  const at = entries.count * ROW_HASH_BYTES;
  writeHash(key, entries.keys, at);
  writeHash(content, entries.contents, at);
  entries.lines[entries.count] = line;
  entries.count += 1;
}
