/** Reads bytes through the row reader, in chunks of any size, and lists what comes out. For tests. */
import { expect } from 'vitest';
import { readRows } from '../../ingest/csv/read-rows.ts';
import type { ReadRowsOptions } from '../../ingest/csv/read-rows.ts';
import { plainDialect } from './dialect.ts';

export interface ReadRow {
  row: number;
  line: number;
  cells: string[];
  fault: string | undefined;
  /** Its bytes, a character each. */
  raw: string;
  cut: boolean;
}

export interface ReadFile {
  rows: ReadRow[];
  fileFault: { code: string; message: string } | undefined;
}

export async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; at += chunkBytes) yield buffer.subarray(at, at + chunkBytes);
}

export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function readFileRows(
  bytes: Uint8Array | string,
  options: Partial<ReadRowsOptions> & { chunkBytes?: number } = {},
): Promise<ReadFile> {
  const { chunkBytes = 1000, ...rest } = options;
  const file: ReadFile = { rows: [], fileFault: undefined };
  let bytesRead = -1;
  for await (const batch of readRows(chunksOf(Buffer.from(bytes), chunkBytes), { dialect: plainDialect(), width: 2, ...rest })) {
    expect(file.fileFault).toBeUndefined();
    if (batch.lines.length > 0) expect(batch.bytesRead).toBeGreaterThan(bytesRead);
    bytesRead = batch.bytesRead;
    batch.cells.forEach((cells, index) => {
      const { raw, cut } = batch.raw(index);
      file.rows.push({
        row: batch.firstRow + index,
        line: batch.lines[index] ?? 0,
        cells,
        fault: batch.faults?.get(index)?.code,
        raw: Buffer.from(raw).toString('latin1'),
        cut,
      });
    });
    file.fileFault = batch.fileFault;
  }
  return file;
}

/** Line and cells, or fault, of each row; and of the file. */
export function summaryOf({ rows, fileFault }: ReadFile): [number, string][] {
  const lines = rows.map(({ line, cells, fault }): [number, string] => [line, fault ?? cells.join('·')]);
  const faultLine = /line (\d+)/.exec(fileFault?.message ?? '')?.[1];
  return fileFault === undefined ? lines : [...lines, [Number(faultLine), `file: ${fileFault.code}`]];
}
