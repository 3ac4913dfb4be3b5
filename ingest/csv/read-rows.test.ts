import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { detectDialect } from './dialect.ts';
import { readRows } from './read-rows.ts';
import type { ReadRowsOptions } from './read-rows.ts';
import { quoteCell } from './rejects.ts';

const COMMA: StoredDialect = { encoding: 'utf-8', bom: false, delimiter: ',', quote: '"', escape: '"', newline: 'LF', header: true };

interface Row {
  row: number;
  line: number;
  cells: string[];
  fault: string | undefined;
  raw: string;
}

async function read(bytes: Uint8Array | string, options: Partial<ReadRowsOptions> & { chunkBytes?: number } = {}): Promise<Row[]> {
  const { chunkBytes = 1000, ...rest } = options;
  const buffer = Buffer.from(bytes);
  async function* chunks() {
    for (let at = 0; at < buffer.length; at += chunkBytes) yield buffer.subarray(at, at + chunkBytes);
  }
  const rows: Row[] = [];
  let bytesRead = 0;
  for await (const batch of readRows(chunks(), { dialect: COMMA, width: 2, ...rest })) {
    expect(batch.bytesRead).toBeGreaterThan(bytesRead);
    bytesRead = batch.bytesRead;
    batch.cells.forEach((cells, index) => {
      const raw = Buffer.from(batch.raw(index).raw).toString('latin1');
      rows.push({ row: batch.firstRow + index, line: batch.lines[index] ?? 0, cells, fault: batch.faults?.get(index)?.code, raw });
    });
  }
  return rows;
}

const summary = (rows: Row[]) => rows.map(({ line, cells, fault }) => [line, fault ?? cells.join('·')]);

describe('reading rows', () => {
  it('counts physical lines across blank lines and quoted newlines', async () => {
    const rows = await read('a,b\n\n1,2\n"x\ny","z\r\n"\r\n\r\n3,4');
    expect(summary(rows)).toEqual([
      [3, '1·2'],
      [4, 'x\ny·z\r\n'],
      [8, '3·4'],
    ]);
    expect(rows.map(({ row }) => row)).toEqual([1, 2, 3]);
    expect(rows[1]?.raw).toBe('"x\ny","z\r\n"');
  });

  it.each([
    [
      'too few cells',
      'a,b\n1\n2,3\n',
      [
        [2, 'too_few_cells'],
        [3, '2·3'],
      ],
    ],
    [
      'too many cells',
      'a,b\n1,2,3\n2,3\n',
      [
        [2, 'too_many_cells'],
        [3, '2·3'],
      ],
    ],
    [
      'a quote within a cell',
      'a,b\n1,5" disk\n2,3\n',
      [
        [2, 'stray_quote'],
        [3, '2·3'],
      ],
    ],
    [
      'text after a closing quote',
      'a,b\n"1"x,2\n2,3\n',
      [
        [2, 'stray_quote'],
        [3, '2·3'],
      ],
    ],
    [
      'a quote that a stray one would open',
      'a,b\n1,"a"b,"c\n2,3\n',
      [
        [2, 'stray_quote'],
        [3, '2·3'],
      ],
    ],
    [
      'a quote that is never closed',
      'a,b\n1,2\n3,"4\n5,6\n',
      [
        [2, '1·2'],
        [3, 'unclosed_quote'],
      ],
    ],
    ['a quote that opens on a later line of its record', 'a,b\n"1\n1","4\n5,6\n', [[3, 'unclosed_quote']]],
    [
      'a NUL byte',
      'a,b\n1,\x002\n2,3\n',
      [
        [2, 'nul_byte'],
        [3, '2·3'],
      ],
    ],
    [
      'a NUL byte beside quotes',
      'a,b\n1,"\x002"\n"2",3\n',
      [
        [2, 'nul_byte'],
        [3, '2·3'],
      ],
    ],
    [
      'a lone quote at the end',
      'a,b\n1,2\n"',
      [
        [2, '1·2'],
        [3, 'unclosed_quote'],
      ],
    ],
  ])('goes on after %s', async (_, text, expected) => {
    for (const chunkBytes of [1, 1000]) expect(summary(await read(text, { chunkBytes }))).toEqual(expected);
  });

  it('notices bytes that are not UTF-8 instead of replacing them, and keeps them in the raw record', async () => {
    const rows = await read(Buffer.from('a,b\nM\xfcller,1\nM\xc3\xbcller,2\n"x\xff",3\n', 'latin1'));
    expect(summary(rows)).toEqual([
      [2, 'invalid_encoding'],
      [3, 'Müller·2'],
      [4, 'invalid_encoding'],
    ]);
    expect(rows.map(({ raw }) => raw)).toEqual(['M\xfcller,1', 'M\xc3\xbcller,2', '"x\xff",3']);
  });

  it('rejects one record that is too large and reads on, in flat memory', async () => {
    const limits = { recordBytesMax: 64, blockBytes: 32 };
    const long = 'y'.repeat(500);
    const text = `a,b\n1,2\n3,"${long}\n${long}"\n4,5\n${long},6\n7,8\n`;
    for (const chunkBytes of [1, 7, 1000]) {
      expect(summary(await read(text, { ...limits, chunkBytes }))).toEqual([
        [2, '1·2'],
        [3, 'record_too_large'],
        [5, '4·5'],
        [6, 'record_too_large'],
        [7, '7·8'],
      ]);
    }
    const unclosed = await read(`a,b\n1,2\n3,"${long}\n4,5\n`, limits);
    expect(summary(unclosed)).toEqual([
      [2, '1·2'],
      [3, 'unclosed_quote'],
    ]);
  });

  it('hands out the records of a block in which every row is at fault, in any order', async () => {
    async function* once() {
      yield Buffer.from(`a,b\n${Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('')}`);
    }
    for await (const batch of readRows(once(), { dialect: COMMA, width: 2 })) {
      const raw = (index: number) => Buffer.from(batch.raw(index).raw).toString();
      expect(batch.lines.map((_, index) => raw(index))).toEqual(batch.lines.map((_, index) => String(index)));
      expect([raw(999), raw(3), raw(3), raw(0), raw(500)]).toEqual(['999', '3', '3', '0', '500']);
    }
  });

  it('reads lines that end in CR alone, in which LF is content', async () => {
    const dialect = { ...COMMA, newline: 'CR' };
    expect(summary(await read('a,b\r1,x\ny\r\r"2\r",3\r', { dialect }))).toEqual([
      [2, '1·x\ny'],
      [4, '2\r·3'],
    ]);
  });

  it('drops a CR that the end of a CRLF file has left behind, and keeps one that is content', async () => {
    expect(summary(await read('a,b\r\n1,2\r', { dialect: { ...COMMA, newline: 'CRLF' } }))).toEqual([[2, '1·2']]);
    expect(summary(await read('a,b\r\n1,"2"\r', { dialect: { ...COMMA, newline: 'CRLF' } }))).toEqual([[2, '1·2']]);
    expect(summary(await read('a,b\n1,2\r'))).toEqual([[2, '1·2\r']]);
  });

  it('goes on from the byte and line at which a batch ended', async () => {
    const text = 'a,b\n' + Array.from({ length: 40 }, (_, i) => `${i},"x\n${i}"\n\n`).join('');
    const all = await read(text);
    async function* once(bytes: Buffer) {
      yield bytes;
    }
    for await (const batch of readRows(once(Buffer.from(text)), { dialect: COMMA, width: 2, blockBytes: 100 })) {
      const from = { line: batch.nextLine, row: batch.firstRow + batch.lines.length, byte: batch.bytesRead };
      expect(await read(Buffer.from(text).subarray(from.byte), { from })).toEqual(all.slice(from.row - 1));
    }
  });

  it('gives back any table written in any dialect, with its lines and records, whatever the chunks', async () => {
    const cell = fc.oneof(
      fc.stringMatching(/^[a-z0-9 .'-]{0,8}$/),
      fc
        .array(fc.constantFrom('"', ',', ';', '\t', '|', '\n', '\r', '\r\n', "'", '\\', 'é', '漢', '😀', 'x', ' '), { maxLength: 6 })
        .map((parts) => parts.join('')),
    );
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 12 }));
    const dialects = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      quote: fc.constantFrom('"', "'"),
      newline: fc.constantFrom('LF', 'CRLF', 'CR'),
      bom: fc.boolean(),
      header: fc.boolean(),
    });
    const writing = fc.record({
      quoteAll: fc.boolean(),
      lastEnding: fc.boolean(),
      blankEvery: fc.constantFrom(0, 1, 3),
      chunkBytes: fc.constantFrom(1, 2, 5, 64, 10_000),
      blockBytes: fc.constantFrom(16, 100, 262_144),
    });
    await fc.assert(
      fc.asyncProperty(table, dialects, writing, async (cells, mark, { quoteAll, lastEnding, blankEvery, chunkBytes, blockBytes }) => {
        const dialect: StoredDialect = { encoding: 'utf-8', escape: mark.quote, ...mark };
        const width = cells[0]?.length ?? 2;
        const ending = { LF: '\n', CRLF: '\r\n', CR: '\r' }[mark.newline] ?? '';
        const lineEnd = mark.newline === 'CR' ? '\r' : '\n';
        let text = mark.bom ? '\ufeff' : '';
        const expected: Row[] = [];
        const rows = mark.header ? [Array.from({ length: width }, (_, i) => `c${i}`), ...cells] : cells;
        rows.forEach((row, index) => {
          if (blankEvery > 0 && index % blankEvery === 0) text += ending;
          const written = row.map((value) =>
            quoteAll ? mark.quote + value.replaceAll(mark.quote, mark.quote + mark.quote) + mark.quote : quoteCell(value, dialect),
          );
          const raw = written.join(mark.delimiter);
          const line = text.split(lineEnd).length;
          if (!mark.header || index > 0)
            expected.push({ row: expected.length + 1, line, cells: row, fault: undefined, raw: Buffer.from(raw).toString('latin1') });
          text += raw + (index < rows.length - 1 || lastEnding ? ending : '');
        });
        expect(await read(text, { dialect, width, chunkBytes, blockBytes })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('accounts for every byte of any text: no crash, rows in order, records that stand in the file', async () => {
    const text = fc
      .array(fc.constantFrom('"', ',', '\n', '\r', 'a', '""', '\0', '\xff', '\xc3\xa9', ' ', '1,2\n'), { maxLength: 60 })
      .map((parts) => parts.join(''));
    const dialects = fc.record({ newline: fc.constantFrom('LF', 'CRLF', 'CR'), header: fc.boolean(), escape: fc.constantFrom('"', '\\') });
    await fc.assert(
      fc.asyncProperty(
        text,
        dialects,
        fc.constantFrom(1, 3, 1000),
        fc.constantFrom(8, 1000),
        async (latin1, marks, chunkBytes, blockBytes) => {
          const bytes = Buffer.from(latin1, 'latin1');
          const dialect = { ...COMMA, ...marks };
          const whole = await read(bytes, { dialect });
          expect(await read(bytes, { dialect, chunkBytes, blockBytes })).toEqual(whole);
          let at = 0;
          for (const { raw, cells, fault } of whole) {
            at = latin1.indexOf(raw, at);
            expect(at).not.toBe(-1);
            at += raw.length;
            if (fault === undefined && !raw.includes('"')) expect(Buffer.from(cells.join(',')).toString('latin1')).toBe(raw);
          }
          expect(detectDialect(bytes, {}, true)).toHaveProperty('ok');
        },
      ),
      { numRuns: 500 },
    );
  });
});
