import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { seededRandom } from '../../test/support/random.ts';
import { chunksOf, readFileRows } from '../../test/support/read-rows.ts';
import { LineIndexBuilder, readLines, readRecordAt, tapLines } from './line-index.ts';
import type { StoredFile } from './line-index.ts';

const DIALECT: StoredDialect = plainDialect();
let root: string;
let files: FileStore;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'line-index-'));
  files = await openDirectoryFileStore({ root, alone: true });
});
afterAll(() => rm(root, { recursive: true }));

let lastImport = 0;
async function store(text: string, dialect = DIALECT, chunkBytes = 1000): Promise<StoredFile> {
  const importId = String((lastImport += 1));
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const index = new LineIndexBuilder(dialect);
  await files.write(importId, 'original', tapLines(chunks(), index));
  await files.write(importId, 'lines', index.read());
  return { files, importId, part: 'original' };
}

describe('the line index', () => {
  it.each([
    ['LF', '\n', true],
    ['CRLF', '\r\n', false],
    ['CR', '\r', true],
    ['mixed', '\r\n', true],
    ['mixed', '\r', false],
  ] as const)('finds every line of a file with %s', async (newline, ending, lastEnding) => {
    const lines = Array.from({ length: 1300 }, (_, i) => (i % 10 === 0 ? '' : `${i},é${'x'.repeat(i % 40)}`));
    const stored = await store(lines.join(ending) + (lastEnding ? ending : ''), { ...DIALECT, newline }, 997);
    for (const line of [1, 2, 255, 256, 257, 258, 512, 513, 1024, 1025, 1299, 1300]) {
      expect(await readLines(stored, line, 3)).toEqual(
        [0, 1, 2].flatMap((i) => (line + i <= 1300 ? [{ line: line + i, raw: lines[line + i - 1] }] : [])),
      );
    }
    expect((await readLines(stored, 1, 5000)).map(({ raw }) => raw)).toEqual(lines.slice(0, 1000));
    for (const line of [0, -1, 1.5, 1301]) expect(await readLines(stored, line, 1)).toEqual([]);
  });

  it('reads a record with its quoted newlines, by the line on which it begins', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i},"first ""${i}""\r\nsecond, ${i}"\n`);
    const stored = await store(`a,b\n${rows.join('')}`);
    expect(await readRecordAt(stored, DIALECT, 400)).toEqual({
      line: 400,
      lastLine: 401,
      cells: ['199', 'first "199"\r\nsecond, 199'],
      raw: '199,"first ""199""\r\nsecond, 199"',
    });
    expect(await readRecordAt(stored, DIALECT, 1)).toMatchObject({ cells: ['a', 'b'], raw: 'a,b', lastLine: 1 });
    expect(await readRecordAt(stored, DIALECT, 602)).toBeUndefined();
  });

  it('counts the lines that the row reader counts, whatever their endings and the chunks', async () => {
    const random = seededRandom(20_261_123);
    const pick = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)] as T;
    for (const newline of ['LF', 'CRLF', 'CR', 'mixed'] as const) {
      const records = Array.from({ length: 700 }, (_, i) => (i % 9 === 0 ? `"${i}\r\n\r\n${i}\n\r"` : `r${i}`));
      const text = records
        .map((record) => `${record},x${newline === 'mixed' ? pick('\n', '\r\n', '\r') : { LF: '\n', CRLF: '\r\n', CR: '\r' }[newline]}`)
        .join('');
      const dialect = plainDialect({ newline, header: false });
      const { rows } = await readFileRows(text, { dialect });
      expect(rows).toHaveLength(700);
      const stored = await store(text, dialect, pick(1, 3, 997));
      for (const { line, cells } of rows.filter((_, index) => index % 13 === 0 || index > 690)) {
        expect(await readRecordAt(stored, dialect, line)).toMatchObject({ line, cells });
      }
    }
  });

  it('finds a line beyond 4 GiB without a scan', async () => {
    const importId = String((lastImport += 1));
    const stored: StoredFile = { files, importId, part: 'original' };
    const head = 'a,b\n'.repeat(255);
    // The 256th line is as long as a sparse file is free of cost; the next one has an entry of its own.
    const hole = Buffer.alloc(67_108_864);
    const holes = 80;
    const tail = `\n${Array.from({ length: 300 }, (_, i) => `${i},"é\r\n"\r\n`).join('')}`;
    const index = new LineIndexBuilder(DIALECT);
    index.push(Buffer.from(head));
    for (let count = 0; count < holes; count += 1) index.push(hole);
    index.push(Buffer.from(tail));
    await files.write(importId, 'lines', index.read());
    await files.write(importId, 'original', chunksOf(Buffer.from(head), 1000));
    const handle = await open(join(root, importId, 'original'), 'r+');
    await handle.write(Buffer.from(tail), 0, null, head.length + holes * hole.length);
    await handle.close();
    expect(await files.size(importId, 'original')).toBeGreaterThan(2 ** 32);

    expect(await readLines(stored, 257 + 298, 2)).toEqual([
      { line: 555, raw: '149,"é' },
      { line: 556, raw: '"' },
    ]);
    expect(await readRecordAt(stored, DIALECT, 257 + 598)).toEqual({
      line: 855,
      lastLine: 856,
      cells: ['299', 'é\r\n'],
      raw: '299,"é\r\n"',
    });
    expect(await readLines(stored, 857, 1)).toEqual([]);
  });

  it('reads little of a large file for a line, however long the lines before it are', async () => {
    const row = (length: number, i: number) => `${i},${'x'.repeat(length)}\n`;
    const rows = [...Array.from({ length: 5_000 }, (_, i) => row(90, i)), ...Array.from({ length: 500 }, (_, i) => row(4_000, i))];
    const stored = await store(rows.join(''), DIALECT, 65_536);
    const ranges: { start?: number; end?: number }[] = [];
    const watched: FileStore = {
      ...files,
      read: (importId, part, range = {}) => {
        ranges.push(range);
        return files.read(importId, part, range);
      },
    };
    const asked = async (line: number) => {
      ranges.length = 0;
      const expected = rows[line - 1] ?? '';
      expect((await readRecordAt({ ...stored, files: watched }, DIALECT, line))?.cells.join(',')).toBe(expected.trimEnd());
      expect((await readLines({ ...stored, files: watched }, line, 1))[0]?.raw).toBe(expected.slice(0, 1000).trimEnd());
      return ranges.reduce((sum, { start = 0, end = Infinity }) => sum + end - start, 0);
    };
    for (const line of [1, 2_000, 4_999]) expect(await asked(line)).toBeLessThan(200_000);
    expect(await asked(5_376)).toBeLessThan(5_000_000);
  });

  it('of an empty file has no lines, and a byte order mark is no text', async () => {
    expect(await readLines(await store(''), 1, 3)).toEqual([]);
    const bom = await store('\ufeffa,b\n1,2', { ...DIALECT, bom: true });
    expect(await readLines(bom, 1, 3)).toEqual([
      { line: 1, raw: 'a,b' },
      { line: 2, raw: '1,2' },
    ]);
    expect(await readRecordAt(bom, { ...DIALECT, bom: true }, 1)).toMatchObject({ cells: ['a', 'b'], raw: 'a,b' });
  });
});
