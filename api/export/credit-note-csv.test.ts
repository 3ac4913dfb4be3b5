import { buffer } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { addDecimals, compareDecimals } from '../../core/decimal.ts';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import { sampleCreditNote } from '../../test/support/sample-credit-note.ts';
import { creditNoteToCsv, type CreditNoteShape } from './credit-note-csv.ts';

async function rowsOf(note: CreditNoteDocument, shape: CreditNoteShape): Promise<Record<string, string>[]> {
  return parse(await buffer(creditNoteToCsv(note, shape)), { columns: true });
}
const sum = (rows: readonly Record<string, string>[], column: string): string =>
  rows.map((row) => row[column] ?? '0').reduce(addDecimals, '0');

describe('a credit note as CSV', () => {
  const note = sampleCreditNote();

  it.each(['lines', 'hours'] as const)('has amounts that come to its total, by %s', async (shape) => {
    const rows = await rowsOf(note, shape);
    expect(compareDecimals(sum(rows, 'amount'), note.total)).toBe(0);
    expect(rows.length).toBeGreaterThanOrEqual(note.entries.length);
    expect(rows[0]).toMatchObject({ number: note.number, invoice_number: note.invoiceNumber, invoice_date: note.invoiceDate });
  });

  it('has the same quantity by line and by hour', async () => {
    const [lines, hours] = [await rowsOf(note, 'lines'), await rowsOf(note, 'hours')];
    for (const { entry, quantity = '' } of lines)
      expect(compareDecimals(sum(hours.filter((row) => row['entry'] === entry), 'quantity'), quantity)).toBe(0); // prettier-ignore
  });

  it('is one row with its parts and its reason', async () => {
    const { reason, other, tax, total } = note;
    expect(await rowsOf(note, 'credit-notes')).toMatchObject([{ reason, other, tax, total, status: 'final' }]);
  });

  it('guards text that a spreadsheet would run, and never a number', async () => {
    const rows = await rowsOf(sampleCreditNote({ customerName: '=1+2', reason: '@x' }), 'lines');
    expect(new Set(rows.map(({ customer_name }) => customer_name))).toEqual(new Set(["'=1+2"]));
    expect(rows.map(({ meter }) => meter)).toContain("'=seats");
    expect(rows.every(({ amount = '' }) => /^-?\d/.test(amount))).toBe(true);
  });
});
