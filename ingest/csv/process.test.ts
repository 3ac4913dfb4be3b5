import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { CALLS, identitiesOf, processText } from '../../test/support/process-text.ts';
import type { ProcessedFile } from '../../test/support/process-text.ts';

const DATA = join(import.meta.dirname, '../samples');

const sum = ({ events }: ProcessedFile, meter?: string) =>
  events.filter((event) => meter === undefined || event.meter === meter).reduce((total, { quantity }) => addDecimals(total, quantity), '0');

const LLM: Mapping = {
  customer: { const: 'acme-ai' },
  time: 'TIMESTAMP',
  timeZone: 'UTC',
  measures: [
    { meter: { const: 'context_tokens' }, quantity: 'ContextTokens' },
    { meter: { const: 'generated_tokens' }, quantity: 'GeneratedTokens' },
  ],
};

describe('real files', () => {
  it('LLM trace: two measures a row, zone-less times with seven digits', async () => {
    const content = await readFile(join(DATA, 'azure_llm_inference_code.csv'));
    const result = await processText(content, LLM);
    expect(result).toMatchObject({ rowsRead: 8819, rowsRejected: 0, eventCount: 17_638, bytesRead: content.length });
    expect(sum(result, 'context_tokens')).toBe('18059974');
    expect(sum(result, 'generated_tokens')).toBe('245896');
    expect(new Set(identitiesOf(result)).size).toBe(17_638);
    const times = result.events.map(({ time }) => time).sort();
    expect([times[0], times.at(-1)]).toEqual(['2023-11-16T18:17:03.979960Z', '2023-11-16T19:14:19.928016Z']);
    expect(result.events[0]).toMatchObject({ line: 2, importId: '7', properties: '{}' });
    expect(result.events[0]?.id).toMatch(/^2023-11-16T18~[\w-]{22}:context_tokens$/);
  });

  it('VM noise: exact sums of decimal fractions', async () => {
    const mapping: Mapping = {
      customer: 'VM_id',
      time: 'starttime',
      timeZone: 'UTC',
      measures: [{ meter: { const: 'runtime' }, quantity: 'runtime' }],
    };
    const result = await processText(await readFile(join(DATA, 'azure_vm_noise_fio.csv')), mapping);
    expect(result).toMatchObject({ rowsRead: 5892, rowsRejected: 0, eventCount: 5892 });
    expect(sum(result)).toBe('475203.82');
    expect(new Set(result.events.map(({ customer }) => customer))).toEqual(new Set(['0', '1', '2']));
  });

  it('FOCUS bill: quoted commas, NULL, negative amounts, an id column', async () => {
    const mapping: Mapping = {
      id: 'Id',
      customer: 'SubAccountId',
      time: 'ChargePeriodStart',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'ServiceName' }, quantity: 'BilledCost' }],
      nullTokens: ['NULL'],
      properties: 'rest',
    };
    const result = await processText(await readFile(join(DATA, 'focus_sample.csv')), mapping);
    expect(result).toMatchObject({ rowsRead: 1000, rowsRejected: 0, eventCount: 1000 });
    expect(sum(result)).toBe('20.52022672899');
    expect(new Set(result.events.map(({ customer }) => customer)).size).toBe(73);
    expect(new Set(identitiesOf(result)).size).toBe(1000);
    const properties = JSON.parse(result.events[0]?.properties ?? '') as Record<string, string>;
    expect(Object.keys(properties)).toEqual(Object.keys(properties).sort());
    expect(Object.values(properties)).not.toContain('NULL');
  });
});

describe('rows', () => {
  const T = '2026-10-01T05:00:00Z';

  it.each([
    [`,${T},1`, 'missing_customer', 'customer'],
    [` ,${T},1`, 'missing_customer', 'customer'],
    [`NULL,${T},1`, 'missing_customer', 'customer'],
    [`${'c'.repeat(301)},${T},1`, 'customer_too_long', 'customer'],
    ['acme,,1', 'missing_time', 'time'],
    ['acme,2026-10-01 05:00,1', 'missing_time_zone', 'time'],
    ['acme,03/04/2026,1', 'ambiguous_time', 'time'],
    ['acme,2027-10-01T05:00:00Z,1', 'time_in_future', 'time'],
    ['acme,1970-01-01T00:00:00Z,1', 'time_out_of_range', 'time'],
    [`acme,${T},`, 'missing_quantity', 'n'],
    [`acme,${T},NULL`, 'missing_quantity', 'n'],
    [`acme,${T},0x10`, 'invalid_number', 'n'],
    [`acme,${T},"1,000"`, 'invalid_number', 'n'],
    [`acme,${T},1e20`, 'number_too_large', 'n'],
    [`acme,${T},1e-19`, 'too_many_fraction_digits', 'n'],
    [`acme,${T}`, 'too_few_cells', null],
    [`acme,${T},1,2`, 'too_many_cells', null],
  ])('%s is rejected as %s', async (row, code, column) => {
    const result = await processText(`customer,time,n\nacme,${T},1\n${row}\nacme,${T},3\n`, { ...CALLS, nullTokens: ['NULL'] });
    expect(result.rejects).toMatchObject([{ line: 3, code, column }]);
    expect(Buffer.from(result.rejects[0]?.raw ?? []).toString()).toBe(row);
    expect(result.events.map(({ line, quantity }) => [line, quantity])).toEqual([
      [2, '1'],
      [4, '3'],
    ]);
  });

  it('are rejected whole for one bad measure, and leave out an empty one that may be', async () => {
    const measures: Mapping['measures'] = [
      { meter: { const: 'a' }, quantity: 'a' },
      { meter: { const: 'b' }, quantity: 'b', ifEmpty: 'skip' },
    ];
    const result = await processText(`customer,time,a,b\nx,${T},1,bad\nx,${T},1,\nx,${T},,2\n`, {
      customer: 'customer',
      time: 'time',
      measures,
    });
    expect(result.events.map(({ line, meter }) => [line, meter])).toEqual([[3, 'a']]);
    expect(result.rejects.map(({ code, column }) => [code, column])).toEqual([
      ['invalid_number', 'b'],
      ['missing_quantity', 'a'],
    ]);
    const skipped = await processText(`customer,time,b\nx,${T},\nx,${T},1\n`, {
      customer: 'customer',
      time: 'time',
      measures: measures.slice(1),
    });
    expect(skipped).toMatchObject({ rowsRead: 2, rowsRejected: 1, eventCount: 1 });
    expect(skipped.rejects).toMatchObject([{ line: 2, code: 'missing_quantity', column: null }]);
  });

  it('keep any text as it stands in customer, meter, id and properties', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((value) => value.trim() !== '' && !value.includes('\0'));
    const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (customer, meter, id, note) => {
        const mapping: Mapping = {
          id: 'i',
          customer: 'c',
          time: 't',
          measures: [{ meter: { column: 'm' }, quantity: { const: '1.50' } }],
          properties: ['note'],
        };
        const { events } = await processText(`c,m,i,note,t\n${[customer, meter, id, note].map(quote).join(',')},${T}\n`, mapping);
        expect(events).toMatchObject([{ customer, meter, id, quantity: '1.5', properties: JSON.stringify({ note }) }]);
      }),
    );
  });

  it('come in chunks of limited size, and a resumed run leaves out the events of rows already published', async () => {
    const content = `customer,time,n\n${Array.from({ length: 95 }, (_, i) => `c,${T},${i % 10 === 0 ? 'x' : i}`).join('\n')}`;
    const whole = await processText(content, CALLS, { chunkEventsMax: 20 });
    expect(whole.rowEnds).toEqual([23, 45, 67, 89, 95]);
    const resumed = await processText(content, CALLS, { chunkEventsMax: 20, rowsPublished: 45 });
    expect(resumed.events).toEqual(whole.events.filter(({ line }) => line > 46));
    expect(resumed).toMatchObject({ rowsRead: 95, rowsRejected: 10, eventCount: whole.eventCount });
  });

  it('may be none at all', async () => {
    expect(await processText('customer,time,n\n', CALLS)).toMatchObject({ rowsRead: 0, eventCount: 0, rowEnds: [0] });
  });
});
