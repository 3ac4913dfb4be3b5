import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import { pdfLines, readPdf, type PdfContent } from '../../test/support/pdf-text.ts';
import { FINAL, sampleInvoice } from '../../test/support/sample-invoice.ts';
import { writeInvoicePdf } from './invoice-pdf.ts';
import { grouped } from './pdf/labels.ts';

const seller: Seller = {
  name: 'Tallyline Services AG',
  address: ['Bahnhofstrasse 1', '8001 Zürich'],
  taxId: 'CHE-123.456.789',
  paymentTerms: 'Payable within 30 days.\nPlease give the number.',
  bankDetails: ['IBAN CH93 0076'],
};
const options = { seller, invoiceDetails: { address: 'Unter den Linden 77\n10117 Berlin', VAT: 'DE123456789' }, hours: false };
const LARGE_TEST_MS_MAX = 180_000;

const bytesOf = (invoice: Invoice, hours = false): Promise<Buffer> => buffer(writeInvoicePdf(invoice, { ...options, hours }));
const pdfOf = async (invoice: Invoice, hours = false): Promise<PdfContent> => readPdf(await bytesOf(invoice, hours));
const allLines = ({ pages }: PdfContent): string[] => pages.flatMap(pdfLines);
/** What stands on the right of the first line that begins so. */
const amountAfter = (lines: readonly string[], label: string): string | undefined =>
  lines
    .find((line) => line.startsWith(label))
    ?.split('\t')
    .at(-1);
const plainSum = (amounts: readonly string[]): string => amounts.map((amount) => amount.replaceAll(',', '')).reduce(addDecimals, '0');

describe('the PDF of an invoice', () => {
  it('says what the invoice says, down to the tiers', async () => {
    const invoice = sampleInvoice(FINAL);
    const pdf = await pdfOf(invoice);
    const lines = allLines(pdf);
    expect(amountAfter(lines, 'Total due')).toBe(`USD ${grouped(invoice.total)}`);
    expect(amountAfter(lines, 'Subtotal')).toBe(grouped(invoice.subtotal));
    expect(amountAfter(lines, 'Total (USD)')).toBe(grouped(invoice.total));
    expect(amountAfter(lines, 'Tax 19 %')).toBe(grouped(invoice.tax[0]?.amount ?? ''));
    expect(amountAfter(lines, 'Discount 10 %')).toBe(grouped(invoice.discounts[0]?.amount ?? ''));
    expect(amountAfter(lines, 'Up to the minimum')).toBe(grouped(invoice.minimums[0]?.amount ?? ''));
    expect(amountAfter(lines, 'Adjustments for earlier periods\t-')).toBe('-14.68');
    for (const { n, description, amount, tiers } of invoice.lines) {
      expect(lines.find((line) => line.startsWith(`${n}\t`))?.split('\t')).toEqual(expect.arrayContaining([description, grouped(amount)]));
      if (tiers.length > 1)
        for (const tier of tiers) expect(lines.join('\n')).toContain(`× ${grouped(tier.unitPrice)}\t= ${grouped(tier.amount)}`);
    }
    for (const text of [
      'Tallyline Services AG',
      '8001 Zürich',
      '10117 Berlin',
      'VAT: DE123456789',
      FINAL.number,
      '2 Nov 2026',
      FINAL.contentHash,
    ]) {
      expect(lines.join('\n')).toContain(text);
    }
    expect(lines.join('\n')).toContain('1 Oct 2026 – 31 Oct 2026');
    expect(lines.join('\n')).toContain('Europe/Berlin (UTC+02:00, then +01:00)');
    expect([pdf.title, pdf.language]).toEqual([`Invoice ${FINAL.number} · Acme GmbH · 1 Oct 2026 – 31 Oct 2026`, 'en']);
  });

  it('shows which credits it uses and what is left to pay', async () => {
    const settlement = { applied: [{ invoice: '7', number: 'INV-7', amount: '900.00' }], payable: '10985.32', carried: '0.00' };
    const lines = allLines(await pdfOf(sampleInvoice({ ...FINAL, settlement })));
    expect(amountAfter(lines, 'Credit left by invoice INV-7')).toBe('-900.00');
    expect(amountAfter(lines, 'To pay (USD)')).toBe('10,985.32');
    expect(amountAfter(lines, 'Total due')).toBe('USD 10,985.32');
  });

  it('says what is not to be paid, and what is left to the customer', async () => {
    const voided = { at: '2026-11-03T12:00:00Z', by: 'ada', reason: 'wrong plan' };
    const lines = allLines(await pdfOf(sampleInvoice({ ...FINAL, status: 'void', voided })));
    expect(lines.join('\n')).toContain('Total due (void, not to be paid)');
    expect(lines.join('\n')).toContain('Voided\t3 Nov 2026');
    expect(lines.join('\n')).not.toMatch(/Payable within|IBAN/);
    const credit = { total: '-12.50', settlement: { applied: [], payable: '0.00', carried: '12.50' } };
    const credited = allLines(await pdfOf(sampleInvoice({ ...FINAL, ...credit })));
    expect(amountAfter(credited, 'Credit, set off')).toBe('USD -12.50');
    expect(amountAfter(credited, 'Left to the next invoices')).toBe('12.50');
  });

  it('has a bar for each day with usage, over the days of the line', async () => {
    const invoice = sampleInvoice(FINAL);
    const [seats] = invoice.lines.filter(({ meter }) => meter === '=seats');
    expect(allLines(await pdfOf({ ...invoice, lines: seats === undefined ? [] : [seats] })).join('\n')).toContain(
      '1 Oct 2026\tmost 900 on 1 Oct 2026\t31 Oct 2026',
    );
    const drafted = invoice.lines.map((line) => ({ ...line, hours: [] }));
    expect(allLines(await pdfOf({ ...invoice, lines: drafted })).join('\n')).not.toContain('most ');
  });

  it('lists hours that come to the lines and adjustments, where they are asked for', async () => {
    const invoice = sampleInvoice(FINAL);
    const pdf = await pdfOf(invoice, true);
    const appendix = pdf.pages.slice(pdf.pages.findIndex((page) => page.some(({ text }) => text === 'Appendix: hours')));
    const small = appendix.flatMap((page) => page.filter(({ size }) => size === 6.5).sort((a, b) => a.y - b.y || a.x - b.x));
    const hours = small.filter(({ text }) => /^\d{4}-\d\d-\d\d \d\d:\d\d [+-]/.test(text));
    const entries = [...invoice.lines, ...invoice.adjustments].flatMap((entry) => entry.hours);
    expect(hours).toHaveLength(entries.length);
    expect(small.length).toBe(3 * entries.length);
    const amounts = small.filter((_cell, i) => i % 3 === 2).map(({ text }) => text);
    expect(plainSum(amounts)).toBe(plainSum(entries.map(({ amount }) => amount)));
    expect(allLines(await pdfOf(invoice)).join('\n')).not.toContain('Appendix');
  });

  it('is the same file each time', async () => {
    const hash = async (invoice: Invoice) => createHash('sha256').update(await bytesOf(invoice, true)).digest('hex'); // prettier-ignore
    expect(await hash(sampleInvoice(FINAL))).toBe(await hash(structuredClone(sampleInvoice(FINAL))));
    expect(await hash(sampleInvoice(FINAL))).not.toBe(await hash(sampleInvoice({ ...FINAL, number: 'INV-2026-00013' })));
  });

  it.each([
    ['preview', 'PREVIEW'],
    ['draft', 'DRAFT'],
    ['void', 'VOID'],
    ['final', undefined],
  ] as const)('says across every page that it is a %s', async (status, stamp) => {
    const { pages } = await pdfOf(sampleInvoice({ status }), true);
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages)
      expect(page.filter(({ text }) => /^(PREVIEW|DRAFT|VOID)$/.test(text)).map(({ text }) => text)).toEqual(
        stamp === undefined ? [] : [stamp],
      );
  });

  it('breaks 1,000 lines into numbered pages with a heading each, and keeps the totals with the last line', async () => {
    const invoice = sampleInvoice(FINAL);
    const lines = Array.from(
      { length: 1000 },
      (_, i) => ({ ...(invoice.lines[i % invoice.lines.length] ?? invoice.lines[0]), n: i + 1 }) as Invoice['lines'][number],
    );
    const { pages } = await pdfOf({ ...invoice, lines, adjustments: [] });
    const texts = pages.map(pdfLines);
    const numbers = texts.flatMap((page) =>
      page.map((line) => Number(/^(\d+)\t(?!Description)/.exec(line)?.[1] ?? NaN)).filter((n) => n > 0),
    );
    expect(numbers).toEqual(lines.map(({ n }) => n));
    for (const [i, page] of texts.entries()) {
      expect(page.join('\n')).toContain(`Page ${i + 1} of `);
      expect(pages[i]?.at(-1)?.text).toBe(String(pages.length));
      expect(page.filter((line) => line.startsWith('#\tDescription'))).toHaveLength(1);
    }
    expect(texts.at(-1)?.some((line) => line.startsWith('1000\t'))).toBe(true);
    expect(pages.length).toBeLessThan(200);
  });

  it('keeps every text on the page', async () => {
    const long = sampleInvoice({ customer: `kunde\u200f/"x" ${'abcdefghij'.repeat(29)}`, customerName: 'Ω'.repeat(500) });
    const lines = long.lines.map((line) => ({
      ...line,
      description: 'x'.repeat(500),
      quantity: '12345678901234567890.123456789012345678',
    }));
    const { pages } = await pdfOf({ ...long, lines, total: `-${'9'.repeat(40)}.99` });
    for (const { x, y } of pages.flat()) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThan(560);
      expect(y).toBeLessThan(830);
    }
    expect(pages[0]?.map(({ text }) => text).join('')).toContain('kunde[U+200F]/"x" ');
  });
});

describe('a large PDF', () => {
  const invoice = sampleInvoice(FINAL);
  const [line] = invoice.lines.filter(({ hours }) => hours.length > 700);

  /** 1,000 lines of which each says when its hours are looked at. */
  function largeInvoice(onHours: (n: number) => void): Invoice {
    const lines = Array.from({ length: 1000 }, (_, i) => ({
      ...(line ?? invoice.lines[0]),
      n: i + 1,
      get hours() {
        onHours(i + 1);
        return line?.hours ?? [];
      },
    }));
    return { ...invoice, lines: lines as Invoice['lines'], adjustments: [] };
  }

  it(
    'of 1,000 lines with all their hours comes in chunks of about a page',
    async () => {
      let [chunks, largest, bytes] = [0, 0, 0];
      for await (const chunk of writeInvoicePdf(
        largeInvoice(() => undefined),
        { ...options, hours: true },
      ) as AsyncIterable<Buffer>) {
        chunks++;
        bytes += chunk.length;
        largest = Math.max(largest, chunk.length);
      }
      expect(chunks).toBeGreaterThan(3000);
      expect(bytes).toBeGreaterThan(10_000_000);
      // The last chunk has the fonts, and twenty bytes for each object before it.
      expect(largest).toBeLessThan(1_000_000);
    },
    LARGE_TEST_MS_MAX,
  );

  it('is drawn no further than somebody reads', async () => {
    let drawn = 0;
    const pdf = writeInvoicePdf(
      largeInvoice((n) => (drawn = Math.max(drawn, n))),
      { ...options, hours: true },
    );
    let bytes = 0;
    for await (const chunk of pdf as AsyncIterable<Buffer>) if ((bytes += chunk.length) > 15_000) break;
    expect(drawn).toBeGreaterThan(10);
    expect(drawn).toBeLessThan(300);
  });
});
