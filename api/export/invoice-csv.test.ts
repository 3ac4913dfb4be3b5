import { buffer } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { addDecimals, compareDecimals } from '../../core/decimal.ts';
import { buildInvoice } from '../../core/invoice.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { inputOf, planOf, usageOf } from '../../test/support/invoice-input.ts';
import { FINAL, sampleInvoice } from '../../test/support/sample-invoice.ts';
import { invoicesToCsv } from './invoice-csv.ts';
import type { InvoiceShape } from './invoice-rows.ts';

type Row = Record<string, string>;

async function rowsOf(invoices: Iterable<Invoice> | AsyncIterable<Invoice>, shape: InvoiceShape): Promise<Row[]> {
  return parse(await buffer(invoicesToCsv(invoices, shape)), { columns: true });
}
const sum = (rows: readonly Row[], column: string): string => rows.map((row) => row[column] ?? '').reduce(addDecimals, '0');
const equals = (a: string, b: string): boolean => compareDecimals(a, b) === 0;

const yen = buildInvoice(
  inputOf(
    { currency: 'JPY', customer: { id: '@yen', name: '-1+2' }, usage: [usageOf('calls', '0.5', '0.5', '0.5')] },
    {
      ...planOf([{ meter: 'calls', model: 'per_unit', unitPrice: '1' }]),
      currency: 'JPY',
    },
  ),
);
const invoices = [sampleInvoice(FINAL), { ...yen, id: '13' }];

describe('invoices as CSV', () => {
  it.each(['lines', 'hours'] as const)('have amounts that come to the total of each invoice, by %s', async (shape) => {
    const rows = await rowsOf(invoices, shape);
    for (const { id, total } of invoices) {
      expect([
        sum(
          rows.filter(({ invoice }) => invoice === id),
          'amount',
        ),
        total,
      ]).toSatisfy(([a, b]: [string, string]) => equals(a, b));
    }
  });

  it('have a row per invoice whose parts come to its total', async () => {
    const rows = await rowsOf(invoices, 'invoices');
    expect(rows.map(({ invoice, number, status, total }) => [invoice, number, status, total])).toEqual([
      ['12', FINAL.number, 'final', invoices[0]?.total],
      ['13', '', 'preview', '2'],
    ]);
    for (const row of rows) {
      const parts = ['subtotal', 'discounts', 'minimum', 'tax', 'adjustments'].map((column) => row[column] ?? '');
      expect(equals(parts.reduce(addDecimals, '0'), row['total'] ?? '')).toBe(true);
    }
  });

  it('have the same quantity by line and by hour', async () => {
    const [lines, hours] = [await rowsOf(invoices, 'lines'), await rowsOf(invoices, 'hours')];
    const used = lines.filter(({ kind }) => kind === 'usage' || kind === 'adjustment');
    for (const line of used) {
      const own = hours.filter((row) => ['invoice', 'kind', 'line'].every((column) => row[column] === line[column]));
      expect([line['kind'], sum(own, 'quantity')]).toEqual([line['kind'], addDecimals(line['quantity'] ?? '', '0')]);
    }
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['usage', 'fee', 'discount', 'minimum', 'tax', 'adjustment']));
  });

  it('say what of an adjustment no hour accounts for', async () => {
    const adjusted = (await rowsOf(invoices, 'hours')).filter(({ kind, line }) => kind === 'adjustment' && line === '1');
    expect(adjusted.map(({ start, quantity, amount }) => [start, quantity, amount])).toEqual([
      ['2026-08-31T22:00:00Z', '-10', '-2.00'],
      ['2026-08-31T23:00:00Z', '-20', '-10.00'],
      ['', '0', '-0.34'],
    ]);
  });

  it('guard text that a spreadsheet would run, and never a number', async () => {
    const rows = await rowsOf(invoices, 'hours');
    expect(new Set(rows.map(({ customer, customer_name }) => [customer, customer_name].join(' ')))).toEqual(
      new Set(['acme Acme GmbH', "'@yen '-1+2"]),
    );
    expect(new Set(rows.map(({ meter }) => meter))).toContain("'=seats");
    expect(rows.filter(({ meter, quantity }) => meter === 'unknown' && quantity === '-1')).toHaveLength(745);
  });

  it('are read one by one as somebody reads on', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Invoice> {
      for (;;) {
        read++;
        yield sampleInvoice({ id: String(read) });
      }
    }
    const csv = invoicesToCsv(endless(), 'hours');
    const rows: string[] = [];
    for await (const chunk of csv) {
      rows.push(...String(chunk).split('\n'));
      if (rows.length > 20_000) break;
    }
    // An invoice is some 3,000 rows, a page 5,000: seven invoices have been asked for, and a few pages are under way.
    expect(read).toBeLessThan(20);
  });
});
