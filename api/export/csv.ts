/** CSV answers: streamed through json2csv page by page, safe to open in a spreadsheet. */
import { Readable } from 'node:stream';
import { Transform } from '@json2csv/node';
import type { FastifyReply } from 'fastify';

export interface CsvColumn<Row> {
  label: string;
  /** Text is guarded against being read as a formula; a number is written as it is, so that −1 stays a number. */
  kind: 'text' | 'number';
  value: (row: Row) => string;
}

/** Characters with which spreadsheets begin a formula. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA_START = /^[=+\-@\t\r]/;

/** A `'` before text that a spreadsheet would run as a formula. */
export function guardText(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

/**
 * Streams the pages as one CSV with a header. The first page is read before anything is sent, so that a failure up to
 * then is a problem; later ones cut the connection, which clients see as an incomplete answer.
 */
export async function sendCsv<Row>(
  reply: FastifyReply,
  options: { fileName: string; columns: readonly CsvColumn<Row>[]; pages: AsyncIterable<readonly Row[]> },
): Promise<FastifyReply> {
  const pages = options.pages[Symbol.asyncIterator]();
  const first = await pages.next();
  const csv = Readable.from(resume(first, pages)).compose(createCsvTransform(options.columns));
  return reply
    .header('content-type', 'text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${options.fileName}"`)
    .send(Readable.from(withFinalNewline(csv), { objectMode: false }));
}

/** The chunks are pages, not rows: a page becomes one write, a row by itself would be a system call. */
function createCsvTransform<Row>(columns: readonly CsvColumn<Row>[]): Transform<{ rows: readonly Row[] }, object> {
  return new Transform<{ rows: readonly Row[] }, object>(
    {
      fields: columns.map(({ label, kind, value }) => ({
        label,
        value: (row: object) => (kind === 'text' ? guardText(value(row as Row)) : value(row as Row)),
      })),
      transforms: [(page: { rows: readonly Row[] }) => page.rows as unknown as object[]],
      formatters: { string: quoteIfNeeded, header: quoteIfNeeded },
      eol: '\n',
    },
    {},
    { objectMode: true },
  );
}

async function* resume<Row>(
  first: IteratorResult<readonly Row[]>,
  rest: AsyncIterator<readonly Row[]>,
): AsyncGenerator<{ rows: readonly Row[] }> {
  try {
    for (let page = first; page.done !== true; page = await rest.next()) {
      if (page.value.length > 0) yield { rows: page.value };
    }
  } finally {
    await rest.return?.();
  }
}

async function* withFinalNewline(csv: AsyncIterable<string>): AsyncGenerator<string> {
  yield* csv;
  yield '\n';
}

function quoteIfNeeded(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
