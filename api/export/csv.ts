/** CSV answers: streamed through json2csv page by page, safe to open in a spreadsheet. */
import { pipeline, Readable } from 'node:stream';
import { Transform } from '@json2csv/node';
import type { FastifyReply } from 'fastify';

export interface CsvColumn<Row> {
  label: string;
  /** Text is guarded against being read as a formula; a number is written as it is, so that −1 stays a number. */
  kind: 'text' | 'number';
  value: (row: Row) => string;
}

type MakeColumn<Row> = (label: string, value: (row: Row) => string | null | undefined) => CsvColumn<Row>;

/** How columns are written down; what a row has no value for is an empty cell. */
export function columnsOf<Row>(): { text: MakeColumn<Row>; number: MakeColumn<Row> } {
  const column =
    (kind: CsvColumn<Row>['kind']): MakeColumn<Row> =>
    (label, value) => ({ label, kind, value: (row) => value(row) ?? '' });
  return { text: column('text'), number: column('number') };
}

/** Per step: Node would keep 16 of them, which are pages of thousands of rows. */
const PAGES_AHEAD = 1;

/** Characters with which spreadsheets begin a formula, those of full width in East Asian ones. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;

/** A `'` before text that a spreadsheet would run as a formula. */
export function guardText(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

export interface CsvSource<Row> {
  columns: readonly CsvColumn<Row>[];
  pages: AsyncIterable<readonly Row[]>;
}

/** The pages as one CSV with a header; each page is one chunk. */
export function csvStream<Row>({ columns, pages }: CsvSource<Row>): Readable {
  const csv = createCsvTransform(columns);
  // What goes wrong, either of them tells whoever reads the CSV. (`compose` would keep sixteen more pages in between.)
  pipeline(Readable.from(filled(pages), { highWaterMark: PAGES_AHEAD }), csv, () => undefined);
  return Readable.from(withFinalNewline(csv), { objectMode: false });
}

/**
 * Answers with the pages as CSV. The first page is read before anything is sent, so that a failure up to then is a problem; later ones cut
 * the connection, which clients see as an incomplete answer.
 */
export async function sendCsv<Row>(reply: FastifyReply, options: CsvSource<Row> & { fileName: string }): Promise<FastifyReply> {
  const pages = options.pages[Symbol.asyncIterator]();
  const first = await pages.next();
  return reply
    .header('content-type', 'text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${options.fileName}"`)
    .send(csvStream({ columns: options.columns, pages: resume(first, pages) }));
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
    { objectMode: true, highWaterMark: PAGES_AHEAD },
  );
}

async function* filled<Row>(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<{ rows: readonly Row[] }> {
  for await (const rows of pages) if (rows.length > 0) yield { rows };
}

async function* resume<Row>(first: IteratorResult<readonly Row[]>, rest: AsyncIterator<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  try {
    for (let page = first; page.done !== true; page = await rest.next()) yield page.value;
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
