import { describe, expect, it } from 'vitest';
import { READING_LIMITS } from '../../config-limits.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { chunksOf, readFileRows, summaryOf } from '../../test/support/read-rows.ts';
import type { ReadRow } from '../../test/support/read-rows.ts';
import { readRows } from './read-rows.ts';

const COMMA: StoredDialect = plainDialect();

const read = async (bytes: Uint8Array | string, options: Parameters<typeof readFileRows>[1] = {}) =>
  (await readFileRows(bytes, options)).rows;
const summary = (rows: ReadRow[]) => summaryOf({ rows, fileFault: undefined });

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
    const limits = { dialect: { ...COMMA, limits: { ...READING_LIMITS, recordBytesMax: 64 } }, blockBytes: 32 };
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
  });

  it('hands out the records of a block in which every row is at fault, in any order', async () => {
    const text = `a,b\n${Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('')}`;
    for await (const batch of readRows(chunksOf(Buffer.from(text), 10_000), { dialect: COMMA, width: 2 })) {
      const raw = (index: number) => Buffer.from(batch.raw(index).raw).toString();
      expect(batch.lines.map((_, index) => raw(index))).toEqual(batch.lines.map((_, index) => String(index)));
      expect([raw(999), raw(3), raw(3), raw(0), raw(500)]).toEqual(['999', '3', '3', '0', '500']);
    }
  });

  it('reads lines that end in CR alone, in which LF is content', async () => {
    const dialect = { ...COMMA, newline: 'CR' as const };
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

  it.each([
    [
      'CR, LF and CRLF',
      'a,b\r1,2\n3,4\r\n\r\n\n5,6\r\r7,"8\r\n9\r\n"\r1,1',
      [
        [2, '1·2'],
        [3, '3·4'],
        [6, '5·6'],
        [8, '7·8\r\n9\r\n'],
        [11, '1·1'],
      ],
    ],
    ['a CR at the very end', 'a,b\n1,2\r', [[2, '1·2']]],
  ] as const)('reads mixed line endings: %s', async (_, text, expected) => {
    const dialect = { ...COMMA, newline: 'mixed' as const };
    for (const chunkBytes of [1, 3, 1000])
      for (const blockBytes of [4, 1000]) expect(summary(await read(text, { dialect, chunkBytes, blockBytes }))).toEqual(expected);
  });

  it('takes quotes for characters like any other where there is no quoting', async () => {
    const dialect = plainDialect({ quote: '' });
    expect(summary(await read('a,b\n1,5" disk\n"2","\n', { dialect }))).toEqual([
      [2, '1·5" disk'],
      [3, '"2"·"'],
    ]);
  });

  it('escapes quotes and itself by a backslash inside quotes, and leaves every other backslash alone', async () => {
    const dialect = plainDialect({ escape: '\\' });
    expect(summary(await read('a,b\n"say \\"hi\\"","C:\\new\\\\x"\n\\,\\n\n', { dialect }))).toEqual([
      [2, 'say "hi"·C:\\new\\x'],
      [3, '\\·\\n'],
    ]);
  });

  it('passes over the lines before the header and over comments, and counts them', async () => {
    const dialect = plainDialect({ skipLines: 2, comment: '#' });
    expect(summary(await read('"Usage, all\n\n# made by hand\na,b\n1,2\n#"\n3,"#\n#4"\n #,5\n', { dialect }))).toEqual([
      [5, '1·2'],
      [7, '3·#\n#4'],
      [9, ' #·5'],
    ]);
    const limited = { ...dialect, limits: { ...READING_LIMITS, recordBytesMax: 16 } };
    expect(summary(await read(`\n\na,b\n#${'"x'.repeat(40)}\n1,2\n`, { dialect: limited, blockBytes: 8 }))).toEqual([[5, '1·2']]);
    expect(await read('one\ntwo', { dialect: plainDialect({ skipLines: 5 }) })).toEqual([]);
  });

  it('drops the one empty cell behind a trailing delimiter, and finds fault with one that is not empty', async () => {
    const dialect = plainDialect({ trailingDelimiter: true });
    expect(summary(await read('a,b,\n1,2,\n3,,\n4,5\n6,7,8\n9,\n"x","y",\n', { dialect }))).toEqual([
      [2, '1·2'],
      [3, '3·'],
      [4, 'too_few_cells'],
      [5, 'too_many_cells'],
      [6, 'too_few_cells'],
      [7, 'x·y'],
    ]);
  });

  it('pads short rows where that is declared', async () => {
    const dialect = plainDialect({ shortRows: 'pad' });
    expect(summary(await read('a,b,c\n1\n2,"3"\n4,5,6\n7,8,9,0\n', { dialect, width: 3 }))).toEqual([
      [2, '1··'],
      [3, '2·3·'],
      [4, '4·5·6'],
      [5, 'too_many_cells'],
    ]);
    const both = plainDialect({ shortRows: 'pad', trailingDelimiter: true });
    expect(summary(await read('a,b,c,\n1,\n2,3\n4,5,6,\n7,8,9,0\n', { dialect: both, width: 3 }))).toEqual([
      [2, '1··'],
      [3, '2·3·'],
      [4, '4·5·6'],
      [5, 'too_many_cells'],
    ]);
  });

  it('rejects a cell that is larger than a cell may be, and no other', async () => {
    const dialect = { ...COMMA, limits: { ...READING_LIMITS, cellBytesMax: 6 } };
    expect(summary(await read('a,b\n123456,é23456\n1,"éé12"\n1,1234567\n"1234567",2\n', { dialect }))).toEqual([
      [2, 'cell_too_large'],
      [3, '1·éé12'],
      [4, 'cell_too_large'],
      [5, 'cell_too_large'],
    ]);
  });

  it('leaves out what the end of a head has cut off', async () => {
    expect(summary(await read('a,b\n1,2\n3,4', { cutOff: true }))).toEqual([[2, '1·2']]);
    expect(summary(await read('a,b\n1,2\n3,"4\n5,6\n', { cutOff: true }))).toEqual([[2, '1·2']]);
  });

  it('goes on from the byte and line at which a batch ended', async () => {
    const text = 'a,b\n' + Array.from({ length: 40 }, (_, i) => `${i},"x\n${i}"\n\n`).join('');
    const all = await read(text);
    for await (const batch of readRows(chunksOf(Buffer.from(text), 10_000), { dialect: COMMA, width: 2, blockBytes: 100 })) {
      const from = { line: batch.nextLine, row: batch.firstRow + batch.lines.length, byte: batch.bytesRead };
      expect(await read(Buffer.from(text).subarray(from.byte), { from })).toEqual(all.slice(from.row - 1));
    }
  });
});
