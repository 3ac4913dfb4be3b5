import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { LineIndexBuilder, readLines, readRecordAt, tapLines } from './line-index.ts';
import type { StoredFile } from './line-index.ts';

const DIALECT: StoredDialect = { encoding: 'utf-8', bom: false, delimiter: ',', quote: '"', escape: '"', newline: 'LF', header: true };
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
  ])('finds every line of a file with %s', async (newline, ending, lastEnding) => {
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
