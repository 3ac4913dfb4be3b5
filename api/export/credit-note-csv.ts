/** A credit note as CSV in three shapes: one row, a row per entry, per hour. The amounts come to its total in every shape. */
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { CreditNoteDocument, CreditNoteEntry } from '../../schemas/http/credit-notes.ts';
import { columnsOf, csvStream, sendCsv, type CsvColumn, type CsvSource } from './csv.ts';

export type CreditNoteShape = 'credit-notes' | 'lines' | 'hours';

interface NoteRow {
  note: CreditNoteDocument;
  entry?: CreditNoteEntry;
  hour?: CreditNoteEntry['hours'][number];
}

const { text, number } = columnsOf<NoteRow>();

const HEAD = [
  text('credit_note', ({ note }) => note.id),
  text('number', ({ note }) => note.number),
  text('status', ({ note }) => note.status),
  text('created_at', ({ note }) => note.createdAt),
  text('invoice', ({ note }) => note.invoice),
  text('invoice_number', ({ note }) => note.invoiceNumber),
  text('invoice_date', ({ note }) => note.invoiceDate),
  text('customer', ({ note }) => note.customer),
  text('customer_name', ({ note }) => note.customerName),
  text('time_zone', ({ note }) => note.period.timeZone),
  text('currency', ({ note }) => note.currency),
];

const ENTRY = [
  text('kind', ({ entry }) => entry?.kind),
  number('entry', ({ entry }) => entry?.n.toString()),
  number('invoice_line', ({ entry }) => entry?.line?.toString()),
  text('key', ({ entry }) => entry?.key),
  text('meter', ({ entry }) => entry?.meter),
  text('description', ({ entry }) => entry?.description),
  text('unit', ({ entry }) => entry?.unit),
  text('period_from', ({ entry }) => entry?.period.from),
  text('period_to', ({ entry }) => entry?.period.to),
];

const COLUMNS: Readonly<Record<CreditNoteShape, CsvColumn<NoteRow>[]>> = {
  'credit-notes': [
    ...HEAD,
    text('reason', ({ note }) => note.reason),
    number('other', ({ note }) => note.other),
    number('tax', ({ note }) => note.tax),
    number('total', ({ note }) => note.total),
  ],
  lines: [...HEAD, ...ENTRY, number('quantity', ({ entry }) => entry?.quantity), number('amount', ({ entry }) => entry?.amount)],
  hours: [
    ...HEAD,
    ...ENTRY,
    text('start', ({ hour }) => hour?.start),
    text('end', ({ hour }) => hour?.end),
    number('quantity', ({ hour, entry }) => (hour ?? entry)?.quantity),
    number('amount', ({ hour, entry }) => (hour ?? entry)?.amount),
  ],
};

/** For the shape `hours`, the note needs its hours; what has none is one row. */
export function creditNoteToCsv(note: CreditNoteDocument, shape: CreditNoteShape): Readable {
  return csvStream(sourceOf(note, shape));
}

/** The same as an answer: `name-lines.csv`. */
export function sendCreditNoteCsv(
  reply: FastifyReply,
  note: CreditNoteDocument,
  { name, shape }: { name: string; shape: CreditNoteShape },
): Promise<FastifyReply> {
  return sendCsv(reply, { ...sourceOf(note, shape), fileName: `${name}-${shape}.csv` });
}

function sourceOf(note: CreditNoteDocument, shape: CreditNoteShape): CsvSource<NoteRow> {
  return { columns: COLUMNS[shape], pages: pagesOf(note, shape) };
}

/** An entry at a time: with its hours that is what a page of an invoice's CSV is too. */
async function* pagesOf(note: CreditNoteDocument, shape: CreditNoteShape): AsyncGenerator<NoteRow[]> {
  if (shape === 'credit-notes') yield [{ note }];
  else for (const entry of note.entries) yield entry.hours.length === 0 || shape === 'lines' ? [{ note, entry }] : hourRows(note, entry);
}

function hourRows(note: CreditNoteDocument, entry: CreditNoteEntry): NoteRow[] {
  return entry.hours.map((hour) => ({ note, entry, hour }));
}
