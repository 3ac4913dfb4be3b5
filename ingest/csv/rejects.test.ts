import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Dialect } from '../../schemas/http/imports.ts';
import { writeCsv } from '../../test/support/csv-writer.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { bytesOf, chunksOf, readFileRows } from '../../test/support/read-rows.ts';
import { detectDialect } from './dialect.ts';
import { ERROR_COLUMNS } from './error-columns.ts';
import { CALLS, identitiesOf, processText } from '../../test/support/process-text.ts';
import type { RejectedRow } from './faults.ts';
import { readRows } from './read-rows.ts';
import { RejectedCsv, RejectedCsvWriter, RejectSummary } from './rejects.ts';

describe('rejects', () => {
  it('can be mended in rejected.csv and come back with the ids of the corrected file', async () => {
    const good = ['acme,2026-10-01T05:00:00Z,1', '"x, y",2026-10-01T05:00:00Z,2'];
    const content = `customer,time,n\r\n${[...good, '"a ""b""\r\nc",2026-10-01T05:00:00Z,1O', 'late,2026-10-01T05:00:00Z'].join('\r\n')}`;
    const { rejects } = await processText(content, CALLS);
    const directory = await mkdtemp(join(tmpdir(), 'rejects-'));
    const path = join(directory, 'rejected.csv');
    const writer = new RejectedCsvWriter({
      path,
      dialect: plainDialect({ newline: 'CRLF' }),
      header: ['customer', 'time', 'n'],
    });
    await writer.append(rejects);
    expect(await writer.finish()).toBe(true);
    const rejected = (await readFile(path)).toString();
    await rm(directory, { recursive: true });
    const [first, second, third] = rejected.split('\r\n');
    expect([first, second]).toEqual(['customer,time,n,error_line,error_column,error_code,error_message', '"a ""b""']);
    expect(third).toMatch(/^c",2026-10-01T05:00:00Z,1O,4,n,invalid_number,"""1O"".*"$/);
    const again = await processText(rejected, CALLS);
    expect(again.rejects.map(({ code }) => code)).toEqual(['invalid_number', 'too_few_cells']);
    const mend = (text: string) => text.replace('1O', '10').replace('late,2026-10-01T05:00:00Z', 'late,2026-10-01T05:00:00Z,7');
    expect(identitiesOf(await processText(mend(rejected), CALLS))).toEqual(identitiesOf(await processText(mend(content), CALLS)).slice(2));
  });

  it('are summed up by kind with three examples each, as text that Postgres takes', () => {
    const summary = new RejectSummary();
    const reject = (line: number, raw: Buffer): RejectedRow => ({
      code: 'nul_byte',
      column: null,
      message: 'm',
      line,
      raw,
      cut: false,
      padded: 0,
    });
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

  it('are written in the dialect of the file, so that the same options read them again, and other cells are never read', async () => {
    const dialects = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', '|', '^'),
      quote: fc.constantFrom('"', "'", ''),
      escape: fc.constantFrom('doubled', '\\'),
      newline: fc.constantFrom<Dialect['newline']>('LF', 'CRLF', 'CR', 'mixed'),
      bom: fc.boolean(),
      header: fc.boolean(),
      skipLines: fc.constantFrom(0, 1, 3),
      comment: fc.constantFrom('', '//', '#'),
      trailingDelimiter: fc.boolean(),
      shortRows: fc.constantFrom<Dialect['shortRows']>('reject', 'pad'),
    });
    const cell = fc
      .array(fc.constantFrom('"', ';', ',', "'", '|', '\\', '\r\n', '\n', 'é', 'x', '7', ' ', '.'), { maxLength: 5 })
      .map((parts) => parts.join(''));
    const tables = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), cell, cell), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(dialects, tables, async (marks, table) => {
        const escape = marks.quote === '' ? '' : marks.escape === 'doubled' ? marks.quote : marks.escape;
        const dialect = plainDialect({ ...marks, escape });
        const sayable = marks.quote === '' ? table.map((row) => row.map((text) => text.replaceAll(/[\r\n,;|]/g, '_'))) : table;
        const names = ['customer', 'two', 'n'];
        const preamble = Array.from({ length: dialect.skipLines }, () => 'title');
        const bytes = await bytesOf(writeCsv(sayable, { dialect, header: names, preamble, shorten: dialect.shortRows === 'pad' }));
        const rejects: RejectedRow[] = [];
        for await (const batch of readRows(chunksOf(bytes, 1000), { dialect, width: 3 })) {
          for (const [index, line] of batch.lines.entries())
            rejects.push({ code: 'missing_id', column: 'two', message: 'a "b", c; d\te|^ or\n\'f\'', line, ...batch.raw(index) });
        }
        expect(rejects).toHaveLength(table.length);
        const header = dialect.header ? names : ['#1', '#2', '#3'];
        const written = new RejectedCsv({ dialect, header });
        const rejected = Buffer.concat([written.header(), written.records(rejects)]);
        const expected = sayable.map((cells, index) => [...cells, String(rejects[index]?.line), 'two', 'missing_id']);
        for (const skipLines of new Set([dialect.skipLines, Math.min(dialect.skipLines, 1)])) {
          // It has a header, whatever the file had; by the same option it is not skipped.
          const reread = await readFileRows(rejected, { dialect: { ...dialect, header: true, skipLines }, width: 7 });
          const first = dialect.quote === '' && dialect.comment === '#' && !dialect.header ? 4 : 0;
          const order = (cells: string[]) => [...cells.slice(first), ...cells.slice(0, first)].slice(0, 6);
          expect(reread.rows.map(({ cells, fault }) => fault ?? order(cells))).toEqual(expected);
        }
        const same = detectDialect(rejected, { ...marks, escape: escape === '' ? undefined : escape, quote: marks.quote || 'none' }, true);
        // Without options it is a question, or the same cells.
        const none = detectDialect(rejected, {}, true);
        if (none.ok && dialect.quote === '"' && dialect.escape === '"' && dialect.shortRows === 'reject') {
          const reread = await readFileRows(rejected, { dialect: none.dialect, width: none.header.length });
          expect(none.header).toEqual([...header, ...ERROR_COLUMNS]);
          expect(reread.rows.map(({ cells, fault }) => fault ?? cells.slice(0, 6))).toEqual(expected);
        }
        expect(same).toMatchObject({ ok: true, dialect: { delimiter: dialect.delimiter, header: true } });
        if (same.ok) expect(new Set(same.header)).toEqual(new Set([...header, ...ERROR_COLUMNS]));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['open', '9,"x', 'unclosed_quote'],
    ['stray', '9,x"y', 'stray_quote'],
  ] as const)('with a quote that is %s take no other row along when they come back as they are', async (_, raw, code) => {
    const reject = (raw: string, code: RejectedRow['code']): RejectedRow => ({
      code,
      column: null,
      message: 'why',
      line: 2,
      raw: Buffer.from(raw),
      cut: false,
      padded: 0,
    });
    const written = new RejectedCsv({ dialect: plainDialect(), header: ['a', 'b'] });
    const rows = [
      reject('1,2', 'missing_id'),
      reject(raw, code),
      reject('1', 'too_few_cells'),
      reject('3,4', 'missing_id'),
      reject('x'.repeat(9), 'too_few_cells'),
    ];
    const { rows: read, fileFault } = await readFileRows(Buffer.concat([written.header(), written.records(rows)]), { width: 6 });
    expect(fileFault).toBeUndefined();
    expect(read.map(({ cells, fault }) => fault ?? cells.slice(0, 2).join('·'))).toEqual([
      '1·2',
      'stray_quote',
      'too_few_cells',
      '3·4',
      'too_few_cells',
    ]);
  });
});
