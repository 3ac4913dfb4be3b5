/** Any table written in any dialect reads back identical: cells, physical lines and bytes of each row, whatever the chunk edges. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../schemas/http/imports.ts';
import { writeCsv } from '../../test/support/csv-writer.ts';
import type { CsvWriting } from '../../test/support/csv-writer.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { bytesOf, chunksOf, readFileRows } from '../../test/support/read-rows.ts';
import type { ReadRow } from '../../test/support/read-rows.ts';
import { transcode } from './transcode.ts';
import type { Encoding } from './transcode.ts';

const UNICODE = ['é', 'ÿ', '漢', '😀', '\u2028', '\ufeff', '\u00a0'];
const LETTERS: Readonly<Record<Encoding, readonly string[]>> = {
  'utf-8': UNICODE,
  'utf-16le': [...UNICODE, 'ഊ', '਍'],
  'utf-16be': [...UNICODE, 'ഊ', '਍'],
  'windows-1252': ['é', 'ÿ', '€', '’', '\u00a0', 'Œ'],
  'iso-8859-1': ['é', 'ÿ', '\u0085', '\u009f', '\u00a0', '¤'],
};

const dialects: fc.Arbitrary<Dialect> = fc
  .record({
    encoding: fc.constantFrom<Encoding>('utf-8', 'utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1'),
    bom: fc.boolean(),
    delimiter: fc.constantFrom(',', ';', '\t', '|', ':', ' ', '^'),
    quote: fc.constantFrom('"', '"', "'", ''),
    escape: fc.constantFrom('doubled', '\\', ''),
    newline: fc.constantFrom<Dialect['newline']>('LF', 'CRLF', 'CR', 'mixed'),
    header: fc.boolean(),
    skipLines: fc.constantFrom(0, 0, 1, 3),
    comment: fc.constantFrom('', '', '#', '//'),
    trailingDelimiter: fc.boolean(),
    shortRows: fc.constantFrom<Dialect['shortRows']>('reject', 'pad'),
  })
  .map((marks) => ({
    ...marks,
    bom: marks.bom && marks.encoding.startsWith('utf'),
    escape: marks.quote === '' ? '' : marks.escape === 'doubled' ? marks.quote : marks.escape,
  }));

/** Cells of what the dialect can say: all there is, or without quotes, no more than their absence allows. */
function tables(dialect: Dialect): fc.Arbitrary<string[][]> {
  const { delimiter, quote, escape, comment } = dialect;
  const special = ['"', "'", ',', ';', '\t', '|', ':', '^', '\n', '\r', '\r\n', '\\', '#', '/', ' ', 'x', '7'];
  const forbidden = quote === '' ? [delimiter, '\n', '\r', ...comment] : escape === '' ? [quote] : [];
  const parts = [...special, ...LETTERS[dialect.encoding as Encoding]].filter(
    (part) => !forbidden.some((mark) => mark !== '' && part.includes(mark)),
  );
  const plain = fc.stringMatching(/^[a-z0-9.-]{0,8}$/);
  const cell = fc.oneof(
    plain,
    fc.array(fc.constantFrom(...parts), { maxLength: 6 }).map((pieces) => pieces.join('')),
  );
  // Without quotes, a single empty cell would be a blank line.
  const single = quote === '' ? cell.map((text) => (text === '' ? 'x' : text)) : cell;
  return fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(width === 1 ? single : cell, { minLength: width, maxLength: width }), { maxLength: 12 }));
}

const writings = fc.record({
  quoteAll: fc.boolean(),
  lastEnding: fc.boolean(),
  blankEvery: fc.constantFrom(0, 1, 3),
  commentEvery: fc.constantFrom(1, 2),
  commentText: fc.stringMatching(/^[a-z",;'\\ ]{0,12}$/),
  preambleText: fc.stringMatching(/^[a-z",;'\\#]{1,12}$/),
  shorten: fc.boolean(),
  endings: fc.shuffledSubarray(['\n', '\r\n', '\r'], { minLength: 1 }),
});
const readings = fc.record({ chunkBytes: fc.constantFrom(1, 2, 5, 64, 10_000), blockBytes: fc.constantFrom(16, 100, 262_144) });

const cases = dialects.chain((dialect) =>
  fc.record({ dialect: fc.constant(dialect), table: tables(dialect), writing: writings, reading: readings }),
);

describe('reading rows in any dialect', () => {
  it('gives back any table, with its lines and records, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ dialect, table, writing, reading: { chunkBytes, blockBytes } }) => {
        const width = table[0]?.length ?? 2;
        const written: { line: number; raw: string }[] = [];
        const options: CsvWriting = {
          dialect,
          preamble: Array.from({ length: dialect.skipLines }, () => writing.preambleText),
          header: Array.from({ length: width }, (_, index) => `c${index}`),
          quoteAll: writing.quoteAll && dialect.quote !== '',
          blankEvery: writing.blankEvery,
          comment: { every: writing.commentEvery, text: writing.commentText },
          shorten: writing.shorten && dialect.shortRows === 'pad' && !(dialect.quote === '' && table.some((row) => row[0] === '')),
          lastEnding: writing.lastEnding,
          endings: writing.endings,
          onRow: (row) => written.push(row),
        };
        const bytes = await bytesOf(writeCsv(table, options));
        const text = await bytesOf(transcode(chunksOf(bytes, chunkBytes), dialect.encoding as Encoding));
        const expected = table.map((cells, index): ReadRow => {
          const { line = 0, raw = '' } = written[index] ?? {};
          return { row: index + 1, line, cells, fault: undefined, raw: Buffer.from(raw).toString('latin1'), cut: false };
        });
        expect(await readFileRows(text, { dialect, width, chunkBytes, blockBytes })).toEqual({ rows: expected, fileFault: undefined });
      }),
      { numRuns: 400 },
    );
  });

  it('reads large blocks as it reads small ones, with and without quotes', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => [
      `c${index % 90}`,
      index % 500 === 0 ? 'say "hé\n"' : `${index}.5`,
      '2026-10-01',
    ]);
    for (const newline of ['LF', 'CRLF', 'CR', 'mixed'] as const) {
      const dialect = plainDialect({ newline, comment: '#' });
      const written: { line: number; raw: string }[] = [];
      const options: CsvWriting = {
        dialect,
        header: ['a', 'b', 'c'],
        comment: { every: 700, text: ' "' },
        onRow: (row) => written.push(row),
      };
      const bytes = await bytesOf(writeCsv(rows, options));
      const read = await readFileRows(bytes, { dialect, width: 3, chunkBytes: 65_536 });
      expect(read.rows.map(({ cells }) => cells)).toEqual(rows);
      expect(read.rows.map(({ line, raw }) => ({ line, raw: Buffer.from(raw, 'latin1').toString() }))).toEqual(written);
    }
  });
});
