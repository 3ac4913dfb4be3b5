import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../schemas/http/imports.ts';
import { inspectHead } from './inspect.ts';
import type { InspectOptions } from './inspect.ts';

async function inspect(text: string | Buffer, options: Partial<InspectOptions> = {}): Promise<Inspection> {
  const outcome = await inspectHead({
    head: Buffer.from(text),
    complete: true,
    declared: {},
    mapping: undefined,
    limit: 50,
    nowMs: Date.UTC(2026, 10, 23),
    ...options,
  });
  if (!outcome.ok) throw new Error(outcome.fault.message);
  return outcome.inspection;
}

describe('inspecting a file', () => {
  it('shows dialect, columns with reasons and samples, rows and a mapping that is ready', async () => {
    const inspection = await inspect(
      'Customer;Time;Metric;Qty;note\nacme;2026-10-01T05:00:00Z;calls;5;\nacme;2026-10-01T06:00:00Z;calls;6;x\n',
    );
    expect(inspection).toMatchObject({
      dialect: { encoding: 'utf-8', bom: false, delimiter: ';', quote: '"', newline: 'LF' },
      header: ['Customer', 'Time', 'Metric', 'Qty', 'note'],
      problems: [],
      mapping: { customer: 'Customer', time: 'Time', measures: [{ meter: { column: 'Metric' }, quantity: 'Qty' }] },
      ready: true,
    });
    expect(inspection.columns.map(({ mapsTo, samples }) => [mapsTo, samples])).toEqual([
      ['customer', ['acme']],
      ['time', ['2026-10-01T05:00:00Z', '2026-10-01T06:00:00Z']],
      ['meter', ['calls']],
      ['quantity', ['5', '6']],
      [null, ['x']],
    ]);
    expect(inspection.columns[0]?.reason).toBe('"Customer" names the customer');
    expect(inspection.rows[0]).toEqual({ line: 2, cells: ['acme', '2026-10-01T05:00:00Z', 'calls', '5', ''] });
  });

  it('names what is missing in a real file, and is ready once a mapping says it', async () => {
    const text = await readFile(join(import.meta.dirname, '../samples/azure_llm_inference_code.csv'));
    const head = text.subarray(0, 100_000);
    const asked = await inspect(head, { complete: false, limit: 3 });
    expect(asked.ready).toBe(false);
    expect(asked.mapping).toBeNull();
    expect(asked.problems.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
      ['mapping_incomplete', 'customer'],
      ['mapping_incomplete', 'timeZone'],
    ]);
    expect(asked.columns[0]).toMatchObject({ name: 'TIMESTAMP', mapsTo: 'time', reason: '"TIMESTAMP" names the time' });
    expect(asked.rows.map(({ line }) => line)).toEqual([2, 3, 4]);
    const measures = [{ meter: { const: 'context_tokens' }, quantity: 'ContextTokens' }];
    const ready = await inspect(head, {
      complete: false,
      mapping: { customer: { const: 'acme' }, time: 'TIMESTAMP', timeZone: 'UTC', measures },
    });
    expect(ready).toMatchObject({ ready: true, problems: [] });
    expect(ready.columns.map(({ mapsTo }) => mapsTo)).toEqual(['time', 'quantity:context_tokens', null]);
  });

  it('groups the problems of rows, with the first line of each kind', async () => {
    const good = 'acme,2026-10-01T05:00:00Z,calls,5\n';
    const inspection = await inspect(
      `customer,time,meter,quantity\n${good}acme,2026-10-01T05:00:00Z,calls,x\nacme\n${good}acme,2026-10-01T05:00:00Z,calls,y\n`,
    );
    expect(inspection.problems.map(({ code, line, count }) => [code, line, count])).toEqual([
      ['invalid_number', 3, 2],
      ['too_few_cells', 4, 1],
    ]);
    expect(inspection.rows[2]).toEqual({ line: 4, cells: ['acme'], problem: 'too_few_cells: the row has 1 cell, the header has 4' });
    expect(inspection.ready).toBe(true);
  });

  it('reports what was matched where the mapping is still open', async () => {
    const inspection = await inspect('account,when,qty,id\nacme,2026-10-01T05:00:00Z,5,a\n');
    expect(inspection).toMatchObject({ mapping: null, ready: false });
    expect(inspection.columns.map(({ mapsTo, reason }) => [mapsTo, reason])).toEqual([
      ['customer', '"account" is a common name for the customer'],
      [null, 'not used'],
      ['quantity', '"qty" names the quantity'],
      ['id', '"id" names the id'],
    ]);
  });

  it('is not ready while every row would be rejected, but is for a file without rows', async () => {
    const mapping = { customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
    const zoneless = 'customer,time,n\nacme,2026-10-01 05:00:00,1\nacme,2026-10-01 06:00:00,1\n';
    const rejected = await inspect(zoneless, { mapping });
    expect(rejected).toMatchObject({ ready: false, problems: [{ code: 'missing_time_zone', line: 2, count: 2 }] });
    expect((await inspect(`${zoneless}acme,2026-10-01T07:00:00Z,1\n`, { mapping })).ready).toBe(true);
    expect((await inspect('customer,time,n\n', { mapping })).ready).toBe(true);
  });

  it('hands back the fault of a file that cannot be read', async () => {
    const outcome = await inspectHead({ head: Buffer.alloc(0), complete: true, declared: {}, mapping: undefined, limit: 1, nowMs: 0 });
    expect(outcome).toMatchObject({ ok: false, fault: { code: 'empty_file' } });
  });
});
