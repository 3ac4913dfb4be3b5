import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Mapping } from '../../schemas/http/imports.ts';
import { decodeUsageEvent, encodeUsageEvent } from '../../schemas/usage-event.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import { detectDialect } from './dialect.ts';
import type { RejectedRow } from './faults.ts';
import { resolveMapping } from './mapping.ts';
import { processFile } from './process.ts';
import type { ProcessOptions } from './process.ts';
import { RejectedCsvWriter, RejectSummary } from './rejects.ts';

const DATA = join(import.meta.dirname, '../../test/data');
const nowMs = Date.UTC(2026, 10, 23);
let scratchDirectory: string;
beforeAll(async () => {
  scratchDirectory = await mkdtemp(join(tmpdir(), 'process-'));
});
afterAll(() => rm(scratchDirectory, { recursive: true }));

interface Result {
  events: UsageEvent[];
  rejects: RejectedRow[];
  rowsRead: number;
  rowsRejected: number;
  rowsSkipped: number;
  rowEnds: number[];
  eventCount: number;
  bytesRead: number;
}

async function process(content: Buffer | string, mapping: Mapping, options: Partial<ProcessOptions> = {}): Promise<Result> {
  const bytes = Buffer.from(content);
  const detected = detectDialect(bytes.subarray(0, 262_144), {}, bytes.length <= 262_144);
  if (!detected.ok) throw new Error(detected.fault.message);
  const resolved = resolveMapping(mapping, detected.header);
  if (!resolved.ok) throw new Error(resolved.errors.map(({ message }) => message).join());
  async function* from(start: number) {
    for (let at = start; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
  }
  const result: Result = {
    events: [],
    rejects: [],
    rowsRead: 0,
    rowsRejected: 0,
    rowsSkipped: 0,
    rowEnds: [],
    eventCount: 0,
    bytesRead: 0,
  };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const chunks = processFile({
    open: async (start) => from(start),
    dialect: detected.dialect,
    mapping: resolved.resolved,
    importId: '7',
    sha256,
    nowMs,
    scratchDirectory,
    ...options,
  });
  for await (const chunk of chunks) {
    chunk.payloads.forEach((payload, index) => {
      const decoded = decodeUsageEvent(payload);
      if (!decoded.ok) throw new Error(decoded.failure.message);
      expect(encodeUsageEvent(decoded.event)).toBe(payload);
      expect(chunk.customers[index]).toBe(decoded.event.customer);
      result.events.push(decoded.event);
    });
    result.rejects.push(...chunk.rejects);
    result.rowEnds.push(chunk.rowsRead);
    const { rowsRead, rowsRejected, rowsSkipped, events: eventCount, bytesRead } = chunk;
    Object.assign(result, { rowsRead, rowsRejected, rowsSkipped, eventCount, bytesRead });
  }
  expect(result.rejects).toHaveLength(result.rowsRejected);
  return result;
}

const ids = ({ events }: Result) => events.map(({ id, customer }) => `${customer} ${id}`);
const sum = ({ events }: Result, meter?: string) =>
  events.filter((event) => meter === undefined || event.meter === meter).reduce((total, { quantity }) => addDecimals(total, quantity), '0');

const CALLS: Mapping = { customer: 'customer', time: 'time', measures: [{ meter: { const: 'calls' }, quantity: 'n' }] };
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
    const result = await process(content, LLM);
    expect(result).toMatchObject({ rowsRead: 8819, rowsRejected: 0, eventCount: 17_638, bytesRead: content.length });
    expect(sum(result, 'context_tokens')).toBe('18059974');
    expect(sum(result, 'generated_tokens')).toBe('245896');
    expect(new Set(ids(result)).size).toBe(17_638);
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
    const result = await process(await readFile(join(DATA, 'azure_vm_noise_fio.csv')), mapping);
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
    const result = await process(await readFile(join(DATA, 'focus_sample.csv')), mapping);
    expect(result).toMatchObject({ rowsRead: 1000, rowsRejected: 0, eventCount: 1000 });
    expect(sum(result)).toBe('20.52022672899');
    expect(new Set(result.events.map(({ customer }) => customer)).size).toBe(73);
    expect(new Set(ids(result)).size).toBe(1000);
    const properties = JSON.parse(result.events[0]?.properties ?? '') as Record<string, string>;
    expect(Object.keys(properties)).toEqual(Object.keys(properties).sort());
    expect(Object.values(properties)).not.toContain('NULL');
  });
});

describe('identity', () => {
  const line = 'acme,2026-10-01T05:00:00Z,1\n';
  const equal = (count: number) => `customer,time,n\n${line.repeat(count)}`;

  it('counts 10 equal rows as 10 events, and 12 as 2 more', async () => {
    const ten = ids(await process(equal(10), CALLS));
    const twelve = ids(await process(equal(12), CALLS));
    expect(new Set(ten).size).toBe(10);
    expect(new Set(twelve).size).toBe(12);
    expect(twelve.slice(0, 10)).toEqual(ten);
  });

  it('keeps the ids of rows that a corrected, reordered or longer file has in common', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `c${i % 7},2026-10-01T0${i % 9}:00:00Z,${i % 11}`);
    const broken = rows.map((row, i) => (i % 20 === 3 ? row.replace('2026-10-01', '01/10/2026') : row));
    const before = await process(`customer,time,n\n${broken.join('\n')}`, CALLS);
    expect(before.rejects.map(({ line: at, code, column }) => [at, code, column])).toEqual(
      [5, 25, 45].map((at) => [at, 'invalid_time', 'time']),
    );
    const reordered = rows.map((row) => row.split(',').reverse().join(';'));
    const after = await process(`n;time;customer\r\n${reordered.join('\r\n')}\r\nx;y`, CALLS);
    const known = new Set(ids(before));
    expect(ids(after).filter((id) => !known.has(id))).toHaveLength(3);
    expect(known.size).toBe(47);
  });

  it.each([2000, 30_000])('is the same however little memory there is to count %i rows in', async (count) => {
    // 2,000 rows are one block, so counting ahead begins with the header; with 30,000 it begins further down.
    const rows = Array.from(
      { length: count },
      (_, i) => `acme,2026-10-01T05:00:00Z,${i % 100 === 99 ? '"stray"x' : i < 8000 ? i % 700 : (i * i) % 5003}`,
    );
    const content = `customer,time,n\n${rows.join('\n')}\n`;
    const roomy = await process(content, CALLS);
    expect(new Set(ids(roomy)).size).toBe(count * 0.99);
    const tight = await process(content, CALLS, { occurrencesBytesMax: count === 2000 ? 4096 : 200_000 });
    expect(ids(tight).join('\n') === ids(roomy).join('\n')).toBe(true);
    expect(await readdir(scratchDirectory)).toEqual([]);
  });

  it('by id columns is their cells, whatever the time; by file it is the row', async () => {
    const content =
      'customer,time,n,id,part\nacme,2026-10-01T05:00:00Z,1,a,1\nacme,2026-10-01T05:00:00Z,1,,1\nacme,2026-10-01T06:00:00Z,1,a,1\n';
    const measures: Mapping['measures'] = [{ meter: { column: 'part' }, quantity: 'n' }];
    const given = await process(content, { ...CALLS, id: 'id', measures });
    expect(given.events.map(({ id }) => id)).toEqual(['a', 'a']);
    expect(given.rejects).toMatchObject([{ code: 'missing_id', column: 'id', line: 3 }]);
    expect((await process(content, { ...CALLS, id: ['id', 'part'] })).events.map(({ id }) => id)).toEqual(['a|1:calls', 'a|1:calls']);
    const byFile = (await process(content, { ...CALLS, identity: 'file' })).events.map(({ id }) => id);
    expect(byFile.map((id) => id.replace(/^[\w-]{22}/, ''))).toEqual([':1:calls', ':2:calls', ':3:calls']);
  });

  it('keeps measures of one row apart, also where their meters come from columns', async () => {
    const content = 'customer,time,m1,q1,m2,q2\nacme,2026-10-01T05:00:00Z,in,1,out,2\nacme,2026-10-01T06:00:00Z,in,1,in,2\n';
    const measures: Mapping['measures'] = [
      { meter: { column: 'm1' }, quantity: 'q1' },
      { meter: { column: 'm2' }, quantity: 'q2' },
    ];
    const result = await process(content, { customer: 'customer', time: 'time', measures });
    expect(new Set(ids(result)).size).toBe(2);
    expect(result.rejects).toMatchObject([{ code: 'duplicate_meter', line: 3 }]);
  });
});

describe('rows', () => {
  const T = '2026-10-01T05:00:00Z';

  it.each([
    [`,${T},1`, 'missing_customer', 'customer'],
    [` ,${T},1`, 'missing_customer', 'customer'],
    [`NULL,${T},1`, 'missing_customer', 'customer'],
    [`${'c'.repeat(257)},${T},1`, 'customer_too_long', 'customer'],
    ['acme,,1', 'missing_time', 'time'],
    ['acme,2026-10-01 05:00,1', 'missing_time_zone', 'time'],
    ['acme,03/04/2026,1', 'invalid_time', 'time'],
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
    const result = await process(`customer,time,n\nacme,${T},1\n${row}\nacme,${T},3\n`, { ...CALLS, nullTokens: ['NULL'] });
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
    const result = await process(`customer,time,a,b\nx,${T},1,bad\nx,${T},1,\nx,${T},,2\n`, {
      customer: 'customer',
      time: 'time',
      measures,
    });
    expect(result.events.map(({ line, meter }) => [line, meter])).toEqual([[3, 'a']]);
    expect(result.rejects.map(({ code, column }) => [code, column])).toEqual([
      ['invalid_number', 'b'],
      ['missing_quantity', 'a'],
    ]);
    const skipped = await process(`customer,time,b\nx,${T},\nx,${T},1\n`, {
      customer: 'customer',
      time: 'time',
      measures: measures.slice(1),
    });
    expect(skipped).toMatchObject({ rowsRead: 2, rowsSkipped: 1, rowsRejected: 0, eventCount: 1 });
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
        const { events } = await process(`c,m,i,note,t\n${[customer, meter, id, note].map(quote).join(',')},${T}\n`, mapping);
        expect(events).toMatchObject([{ customer, meter, id, quantity: '1.5', properties: JSON.stringify({ note }) }]);
      }),
    );
  });

  it('come in chunks of limited size, and a resumed run leaves out the events of rows already published', async () => {
    const content = `customer,time,n\n${Array.from({ length: 95 }, (_, i) => `c,${T},${i % 10 === 0 ? 'x' : i}`).join('\n')}`;
    const whole = await process(content, CALLS, { chunkEventsMax: 20 });
    expect(whole.rowEnds).toEqual([23, 45, 67, 89, 95]);
    const resumed = await process(content, CALLS, { chunkEventsMax: 20, rowsPublished: 45 });
    expect(resumed.events).toEqual(whole.events.filter(({ line }) => line > 46));
    expect(resumed).toMatchObject({ rowsRead: 95, rowsRejected: 10, eventCount: whole.eventCount });
  });

  it('may be none at all', async () => {
    expect(await process('customer,time,n\n', CALLS)).toMatchObject({ rowsRead: 0, eventCount: 0, rowEnds: [0] });
  });
});

describe('rejects', () => {
  it('can be mended in rejected.csv and come back with the ids of the corrected file', async () => {
    const good = ['acme,2026-10-01T05:00:00Z,1', '"x, y",2026-10-01T05:00:00Z,2'];
    const content = `customer,time,n\r\n${[...good, '"a ""b""\r\nc",2026-10-01T05:00:00Z,1O', 'late,2026-10-01T05:00:00Z'].join('\r\n')}`;
    const { rejects } = await process(content, CALLS);
    const path = join(scratchDirectory, 'rejected.csv');
    const writer = new RejectedCsvWriter({
      path,
      dialect: { encoding: 'utf-8', bom: false, delimiter: ',', quote: '"', escape: '"', newline: 'CRLF', header: true },
      header: ['customer', 'time', 'n'],
    });
    await writer.append(rejects);
    expect(await writer.finish()).toBe(true);
    const rejected = (await readFile(path)).toString();
    await rm(path);
    expect(rejected.split('\r\n').slice(0, 3)).toEqual([
      'customer,time,n,error_line,error_column,error_code,error_message',
      '"a ""b""',
      `c",2026-10-01T05:00:00Z,1O,4,n,invalid_number,"""1O"": not a plain number; declare \`decimal\` and \`thousands\` if it is written in that style"`,
    ]);
    const again = await process(rejected, CALLS);
    expect(again.rejects.map(({ code }) => code)).toEqual(['invalid_number', 'too_few_cells']);
    const mend = (text: string) => text.replace('1O', '10').replace('late,2026-10-01T05:00:00Z', 'late,2026-10-01T05:00:00Z,7');
    expect(ids(await process(mend(rejected), CALLS))).toEqual(ids(await process(mend(content), CALLS)).slice(2));
  });

  it('are summed up by kind with three examples each, as text that Postgres takes', () => {
    const summary = new RejectSummary();
    const reject = (line: number, raw: Buffer): RejectedRow => ({ code: 'nul_byte', column: null, message: 'm', line, raw, cut: false });
    summary.add([2, 3, 4, 5].map((line) => reject(line, Buffer.concat([Buffer.from('a\0\xff', 'latin1'), Buffer.from('😀'.repeat(600))]))));
    summary.add([{ ...reject(9, Buffer.from('x')), code: 'stray_quote' }]);
    const [first, second] = summary.groups();
    expect(first).toMatchObject({ code: 'nul_byte', count: 4 });
    expect(first?.examples.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(first?.examples[0]?.raw).toHaveLength(1000);
    expect(first?.examples[0]?.raw.slice(0, 3)).toBe('a␀\ufffd');
    expect(first?.examples[0]?.raw.isWellFormed()).toBe(true);
    expect(second).toMatchObject({ code: 'stray_quote', count: 1 });
  });
});
