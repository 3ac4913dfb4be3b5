/** Real usage files through the running program, with figures that were counted by other means (ingest/samples/README.md). */
import { describe, expect, test } from 'vitest';
import type { Import, Mapping } from '../../schemas/http/imports.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Usage } from '../../schemas/http/usage.ts';
import { addDecimals } from '../../core/decimal.ts';
import { importFile, sample, usageTotals } from '../support/imports.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { useTallyline } from '../support/use-tallyline.ts';

let tallyline: Tallyline;
useTallyline((started) => {
  tallyline = started;
});

const LLM: Mapping = {
  customer: { const: 'acme-ai' },
  time: 'TIMESTAMP',
  timeZone: 'UTC',
  measures: [
    { meter: { const: 'context_tokens' }, quantity: 'ContextTokens' },
    { meter: { const: 'generated_tokens' }, quantity: 'GeneratedTokens' },
  ],
};
const VM: Mapping = { customer: 'VM_id', time: 'starttime', timeZone: 'UTC', measures: [{ meter: { const: 'fio' }, quantity: 'runtime' }] };
const FOCUS: Mapping = {
  id: 'Id',
  customer: 'SubAccountId',
  time: 'ChargePeriodStart',
  timeZone: 'UTC',
  measures: [{ meter: { column: 'ServiceName' }, quantity: 'BilledCost' }],
  nullTokens: ['', 'NULL'],
};

describe('a file with two measures per row and neither id nor customer', () => {
  test('is accepted whole, and its totals are exact', async () => {
    const result = await importFile(tallyline, await sample('azure_llm_inference_code.csv'), { name: 'llm.csv', mapping: LLM });
    expect(result).toMatchObject({
      status: 'complete',
      identity: 'row',
      rows: { read: 8819, new: 8819, known: 0, conflict: 0, rejected: 0 },
      events: { published: 17638, accepted: 17638, duplicate: 0, conflict: 0, dead: 0 },
    });
    expect(await usageTotals(tallyline, { customer: 'acme-ai' })).toEqual({ context_tokens: '18059974', generated_tokens: '245896' });
  });

  test('uploaded again bills nothing, and says where it was known from', async () => {
    const first = await tallyline.json<{ items: Import[] }>('/v1/imports');
    const again = await importFile(tallyline, await sample('azure_llm_inference_code.csv'), { name: 'llm-again.csv', mapping: LLM });
    expect(again.events).toEqual({ published: 17638, accepted: 0, duplicate: 17638, conflict: 0, dead: 0 });
    expect(again.rows).toEqual({ read: 8819, new: 0, known: 8819, conflict: 0, rejected: 0 });
    expect(again.knownFrom).toEqual([{ importId: first.items[0]?.id, name: 'llm.csv', events: 17638 }]);
    expect(await usageTotals(tallyline, { customer: 'acme-ai' })).toEqual({ context_tokens: '18059974', generated_tokens: '245896' });
  });

  test('is priced to the cent, and the hours of the line add up', async () => {
    await tallyline.json('/v1/plans/tokens', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'Tokens',
        currency: 'USD',
        prices: [{ meter: 'context_tokens', model: 'per_unit', unitPrice: '0.0000004' }],
      }),
    });
    await tallyline.json('/v1/customers/acme-ai', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Acme AI', currency: 'USD', timeZone: 'UTC', plan: 'tokens' }),
    });
    const invoice = await tallyline.json<Invoice>('/v1/invoices/preview', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customer: 'acme-ai', period: '2023-11' }),
    });
    const line = invoice.lines.find(({ meter }) => meter === 'context_tokens');
    expect(line).toMatchObject({ quantity: '18059974', exactAmount: '7.2239896', amount: '7.22', pricing: 'per_unit' });
    expect(line?.hours.map(({ amount }) => amount).reduce(addDecimals)).toBe('7.22');
    expect(line?.hours.map(({ quantity }) => quantity).reduce(addDecimals)).toBe('18059974');
    expect(invoice.lines.find(({ meter }) => meter === 'generated_tokens')).toMatchObject({
      pricing: 'unpriced',
      amount: '0.00',
      quantity: '245896',
    });
    expect(invoice.total).toBe('7.22');
  });

  test('shows the line of the file behind an event', async () => {
    const { items } = await tallyline.json<{ items: { key: string; line: number; quantity: string; meter: string }[] }>(
      '/v1/records?customer=acme-ai&meter=generated_tokens&from=2023-11-16T18:17:04Z&to=2023-11-16T18:17:04.04Z',
    );
    expect(items).toHaveLength(1);
    const source = await tallyline.json(`/v1/records/${items[0]?.key}/source?context=1`);
    expect(source).toMatchObject({
      fileName: 'llm.csv',
      line: 3,
      column: 'GeneratedTokens',
      header: ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'],
      raw: '2023-11-16 18:17:04.0319600,3180,8',
      cells: ['2023-11-16 18:17:04.0319600', '3180', '8'],
      before: [{ line: 2, raw: '2023-11-16 18:17:03.9799600,4808,10' }],
    });
  });
});

describe('a file with a customer column and decimals', () => {
  test('has exact totals for each of three customers', async () => {
    const result = await importFile(tallyline, await sample('azure_vm_noise_fio.csv'), { name: 'fio.csv', mapping: VM });
    expect(result.events).toMatchObject({ published: 5892, accepted: 5892 });
    expect(await usageTotals(tallyline, { meter: 'fio' })).toEqual({ fio: '475203.82' });
    const byCustomer = await tallyline.json<Usage>(
      '/v1/usage?from=2023-01-01T00:00:00Z&to=2025-01-01T00:00:00Z&grain=month&meter=fio&groupBy=customer',
    );
    expect(new Set(byCustomer.buckets.map(({ customer }) => customer))).toEqual(new Set(['0', '1', '2']));
  });

  test.each(['UTC', 'Asia/Kathmandu'])('months are the sums of their hours in %s', async (timeZone) => {
    const query = { from: '2023-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z', meter: 'fio', timeZone };
    const [months, hours] = await Promise.all(
      ['month', 'hour'].map((grain) => tallyline.json<Usage>(`/v1/usage?${new URLSearchParams({ ...query, grain })}`)),
    );
    expect(months?.buckets.length).toBeGreaterThan(10);
    for (const { start, end, quantity } of months?.buckets ?? []) {
      const inside = (hours?.buckets ?? []).filter(
        (hour) => Date.parse(hour.start) >= Date.parse(start) && Date.parse(hour.start) < Date.parse(end),
      );
      expect(inside.map((hour) => hour.quantity).reduce(addDecimals, '0')).toBe(quantity);
    }
    expect((months?.buckets ?? []).map(({ quantity }) => quantity).reduce(addDecimals)).toBe('475203.82');
  });
});

describe('a cloud bill with quoted cells, NULLs and negative amounts', () => {
  test('is read exactly, and negative amounts are kept', async () => {
    const result = await importFile(tallyline, await sample('focus_sample.csv'), { name: 'focus.csv', mapping: FOCUS });
    expect(result).toMatchObject({ identity: 'id-column', rows: { read: 1000, new: 1000, rejected: 0 }, events: { accepted: 1000 } });
    const since = '2024-01-01T00:00:00Z';
    const before = '2025-01-01T00:00:00Z';
    const usage = await tallyline.json<Usage>(`/v1/usage?from=${since}&to=${before}&grain=month&groupBy=customer,meter`);
    const bills = usage.buckets.filter(({ meter }) => meter !== 'fio');
    expect(bills.map(({ quantity }) => quantity).reduce(addDecimals)).toBe('20.52022672899');
    expect(new Set(bills.map(({ customer }) => customer)).size).toBe(73);
    const records = await tallyline.json<{ items: { quantity: string }[] }>('/v1/records?import=' + result.id + '&limit=1000');
    expect(records.items).toHaveLength(1000);
    expect(records.items.filter(({ quantity }) => quantity.startsWith('-')).length).toBeGreaterThan(0);
  });
});
