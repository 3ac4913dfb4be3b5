import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { CreditNoteDocument } from '../../schemas/http/credit-notes.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { pdfLines, readPdf, type PdfContent } from '../../test/support/pdf-text.ts';
import { sampleCreditNote } from '../../test/support/sample-credit-note.ts';
import { writeCreditNotePdf } from './credit-note-pdf.ts';
import { grouped } from './pdf/labels.ts';

const seller: Seller = {
  name: 'Tallyline Services AG',
  address: ['Bahnhofstrasse 1', '8001 Zürich'],
  taxId: 'CHE-123.456.789',
  paymentTerms: 'Payable within 30 days.',
  bankDetails: ['IBAN CH93 0076'],
};
const parties = { seller, invoiceDetails: { address: 'Unter den Linden 77\n10117 Berlin', VAT: 'DE123456789' } };

const bytesOf = (note: CreditNoteDocument): Promise<Buffer> => buffer(writeCreditNotePdf(note, parties));
const pdfOf = async (note: CreditNoteDocument): Promise<PdfContent> => readPdf(await bytesOf(note));
const allLines = ({ pages }: PdfContent): string[] => pages.flatMap(pdfLines);
const amountAfter = (lines: readonly string[], label: string): string | undefined =>
  lines
    .find((line) => line.startsWith(label))
    ?.split('\t')
    .at(-1);
const plain = (amount: string | undefined): string => (amount ?? '').replaceAll(',', '');
const withoutHours = (note: CreditNoteDocument): CreditNoteDocument => ({
  ...note,
  entries: note.entries.map((entry) => ({ ...entry, hours: [] })),
});

describe('the PDF of a credit note', () => {
  it('names itself and its invoice, both parties and the reason, each entry, and what they come to', async () => {
    const note = withoutHours(sampleCreditNote());
    const pdf = await pdfOf(note);
    const lines = allLines(pdf);
    for (const text of [
      'Credit note\tCN-2026-00003',
      'Date\t5 Nov 2026',
      'To invoice\tINV-2026-00012',
      'Invoice date\t2 Nov 2026',
      '1 Oct 2026 – 31 Oct 2026',
      'Tallyline Services AG',
      'Tax number: CHE-123.456.789',
      '10117 Berlin',
      'VAT: DE123456789',
      'Billed to the wrong company',
    ]) {
      expect(lines.join('\n')).toContain(text);
    }
    expect(lines.join('\n')).not.toMatch(/Payable within|IBAN|VOID/);
    for (const { n, description, amount } of note.entries.filter(({ key }) => key !== 'tax/19')) {
      expect(lines.find((line) => line.startsWith(`${n}\t`))?.split('\t')).toEqual(expect.arrayContaining([description, grouped(amount)]));
    }
    const [net, tax, earlier, total] = ['Net amount', 'Tax 19 % of', 'Adjustments for earlier', 'Total credited (USD)'].map((label) =>
      plain(amountAfter(lines, label)),
    );
    expect([tax, total]).toEqual([note.tax, note.total]);
    expect(earlier).toBe('14.68');
    expect([net, tax, earlier].map((amount) => amount ?? '').reduce(addDecimals)).toBe(note.total);
    expect(amountAfter(lines, 'Credited')).toBe(`USD ${grouped(note.total)}`);
    expect(pdf.title).toBe('Credit note CN-2026-00003 · Acme GmbH · to invoice INV-2026-00012');
  });

  it('lists the hours that it takes back, where it has them', async () => {
    const note = sampleCreditNote();
    const { pages } = await pdfOf(note);
    const small = pages.flatMap((page) => page.filter(({ size }) => size === 6.5).sort((a, b) => a.y - b.y || a.x - b.x));
    const hours = note.entries.flatMap((entry) => entry.hours);
    expect(small.length).toBe(3 * hours.length);
    const amounts = small.filter((_cell, i) => i % 3 === 2).map(({ text }) => plain(text));
    expect(amounts.reduce(addDecimals, '0')).toBe(hours.map(({ amount }) => amount).reduce(addDecimals, '0'));
    expect(allLines(await pdfOf(withoutHours(note))).join('\n')).not.toContain('Appendix');
  });

  it('says across every page that it is void with its invoice', async () => {
    const voided = { at: '2026-11-07T12:00:00Z', by: 'ada', reason: 'wrong plan' };
    const { pages } = await pdfOf(sampleCreditNote({ status: 'void', voided }));
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(page.filter(({ text }) => text === 'VOID')).toHaveLength(1);
    const first = pdfLines(pages[0] ?? []).join('\n');
    expect(first).toContain('Credited (void with its invoice)');
    expect(first).toContain('Voided\t7 Nov 2026');
  });

  it('is the same file each time', async () => {
    expect((await bytesOf(sampleCreditNote())).equals(await bytesOf(structuredClone(sampleCreditNote())))).toBe(true);
  });

  it('keeps every text on the page, whatever names, ids and reasons are like', async () => {
    const note = sampleCreditNote({
      customer: `kunde\u200f/"x" ${'abcdefghij'.repeat(29)}`,
      customerName: 'Ω'.repeat(500),
      reason: `مثال 例え 🎉 ${'because '.repeat(240)}`,
      number: 'CN-'.repeat(30),
      total: `-${'9'.repeat(40)}.99`,
    });
    const entries = note.entries.map((entry) => ({
      ...entry,
      description: 'x'.repeat(500),
      quantity: '-12345678901234567890.123456789012345678',
    }));
    const pdf = await pdfOf({ ...note, entries });
    for (const { x, y } of pdf.pages.flat()) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThan(560);
      expect(y).toBeLessThan(830);
    }
    expect(pdf.missingGlyphs).toBe(0);
    expect(pdf.pages[0]?.map(({ text }) => text).join('')).toContain('kunde[U+200F]/"x" ');
  });

  it('breaks 1,000 entries into pages with a heading each, and keeps the totals with the last', async () => {
    const note = withoutHours(sampleCreditNote());
    const [first] = note.entries;
    const entries = Array.from({ length: 1000 }, (_, i) => ({ ...(first ?? note.entries[0]), n: i + 1 }) as typeof note.entries[number]); // prettier-ignore
    const texts = (await pdfOf({ ...note, entries })).pages.map(pdfLines);
    const numbers = texts.flatMap((page) => page.map((line) => Number(/^(\d+)\t/.exec(line)?.[1] ?? 0)).filter((n) => n > 0));
    expect(numbers).toEqual(entries.map(({ n }) => n));
    for (const page of texts) expect(page.filter((line) => line.startsWith('#\tTaken back'))).toHaveLength(1);
    expect(texts.at(-1)?.some((line) => line.startsWith('1000\t'))).toBe(true);
  });
});
