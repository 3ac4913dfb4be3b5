/** Detects the dialect of a text and reads its rows by it, as an import does. For tests. */
import { decodeHead, detectDialect, type DeclaredDialect, type DetectedDialect } from '../../ingest/csv/dialect.ts';
import { detectEncoding } from '../../ingest/csv/encoding.ts';
import { readRows } from '../../ingest/csv/read-rows.ts';

export interface ReadText extends DetectedDialect {
  /** Cells of the sound rows, and their physical lines. */
  rows: string[][];
  lines: number[];
  /** Line and code of the others. */
  faults: string[];
}

/** Throws with code and message of what is not clear. */
export async function readText(file: string | Buffer, declared: DeclaredDialect = {}): Promise<ReadText> {
  const bytes = Buffer.from(file);
  const encoding = detectEncoding(bytes, declared.encoding, true);
  if (!encoding.ok) throw new Error(`${encoding.fault.code}: ${encoding.fault.message}`);
  const text = decodeHead(bytes, encoding, true);
  const outcome = detectDialect(text, declared, true, encoding);
  if (!outcome.ok) throw new Error(`${outcome.fault.code}: ${outcome.fault.message}`);
  const result: ReadText = { ...outcome, rows: [], lines: [], faults: [] };
  async function* source(): AsyncGenerator<Uint8Array> {
    yield text;
  }
  for await (const batch of readRows(source(), { dialect: outcome.dialect, width: outcome.header.length })) {
    batch.cells.forEach((cells, index) => {
      const fault = batch.faults?.get(index);
      if (fault) result.faults.push(`${batch.lines[index]} ${fault.code}`);
      else {
        result.rows.push(cells);
        result.lines.push(batch.lines[index] as number);
      }
    });
  }
  return result;
}

/** By property. */
export const confidencesOf = ({ choices }: DetectedDialect) =>
  Object.fromEntries(choices.map(({ property, confidence }) => [property, confidence]));
