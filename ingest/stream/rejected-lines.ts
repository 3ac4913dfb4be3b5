/**
 * The rejected lines of a stream of NDJSON, as they came: what can be mended and streamed again. They stand as cells in its rejected.csv,
 * byte for byte, beside the reasons, which JSON that cannot be read has no place for.
 */
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { ENCODED_EVENT_BYTES_MAX } from '../../schemas/usage-event.ts';
import { ERROR_COLUMNS } from '../csv/error-columns.ts';
import type { RejectedRow } from '../csv/faults.ts';
import { readRows } from '../csv/read-rows.ts';
import { quoteCell } from '../csv/rejects.ts';
import { NDJSON_DIALECT, NDJSON_HEADER } from './json-rows.ts';

const WIDTH = NDJSON_HEADER.length + ERROR_COLUMNS.length;
/** A line in which every byte is a quote, and the reasons. */
const RECORD_BYTES_MAX = 2 * ENCODED_EVENT_BYTES_MAX + 65_536;

/** How rejected.csv of a stream of NDJSON is written. */
export const REJECTED_DIALECT: StoredDialect = {
  ...NDJSON_DIALECT,
  delimiter: ',',
  quote: '"',
  escape: '"',
  header: true,
  limits: { columnsMax: WIDTH, cellBytesMax: RECORD_BYTES_MAX, recordBytesMax: RECORD_BYTES_MAX },
};

/** A line as the cell that it is of rejected.csv. As Latin-1 every byte is a character, so that those that are no UTF-8 stay. */
export function asCell(reject: RejectedRow): RejectedRow {
  return { ...reject, raw: Buffer.from(quoteCell(Buffer.from(reject.raw).toString('latin1'), REJECTED_DIALECT), 'latin1') };
}

/** Each line with its LF. One that was too large to be kept is not among them. */
export async function* rejectedLines(rejectedCsv: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  for await (const batch of readRows(rejectedCsv, { dialect: REJECTED_DIALECT, width: WIDTH })) {
    const lines = batch.lines.map((_, index) => firstCell(batch.raw(index).raw)).filter((line) => line !== '');
    if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  }
}

function firstCell(record: Uint8Array): string {
  const text = Buffer.from(record).toString('latin1');
  if (!text.startsWith('"')) return text.slice(0, text.indexOf(','));
  let end = text.indexOf('"', 1);
  while (text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return text.slice(1, end).replaceAll('""', '"');
}
