/** What every driver of the file store port does. */
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileMissingError } from '../../platform/file-store/file-store.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';

export interface FileStoreUnderTest {
  readonly files: FileStore;
  /** Opens the same store anew, as after a crash in the middle of a write. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function* breaksOffAfter(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
  throw new Error('the upload broke off');
}

const contentOf = async (stream: Readable | Promise<Readable>) => (await buffer(await stream)).toString();

export function fileStoreContract(name: string, open: () => Promise<FileStoreUnderTest>): void {
  describe(`file store: ${name}`, () => {
    let store: FileStoreUnderTest;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('reads what was written, and knows its size', async () => {
      expect(await store.files.write('17', 'original', chunks('a,b\n', '', 'ü,2\n'))).toEqual({ bytes: 9 });
      expect(await store.files.size('17', 'original')).toBe(9);
      expect(await contentOf(store.files.read('17', 'original'))).toBe('a,b\nü,2\n');
    });

    it('keeps a part of no bytes', async () => {
      expect(await store.files.write('17', 'rejected', chunks())).toEqual({ bytes: 0 });
      expect(await store.files.size('17', 'rejected')).toBe(0);
      expect(await contentOf(store.files.read('17', 'rejected'))).toBe('');
    });

    it.each([
      [{ start: 2, end: 5 }, '234'],
      [{ start: 7 }, '789'],
      [{ end: 3 }, '012'],
      [{ start: 0, end: 10 }, '0123456789'],
      [{ start: 8, end: 100 }, '89'],
      [{ start: 4, end: 4 }, ''],
      [{ start: 100 }, ''],
    ])('reads the half-open range %j as %j', async (range, text) => {
      await store.files.write('17', 'content', chunks('01234', '56789'));
      expect(await contentOf(store.files.read('17', 'content', range))).toBe(text);
    });

    it('replaces a part as a whole, and only that part of that import', async () => {
      await store.files.write('17', 'content', chunks('long and old'));
      await store.files.write('17', 'lines', chunks('lines'));
      await store.files.write('18', 'content', chunks('another import'));
      await store.files.write('17', 'content', chunks('new'));
      expect(await contentOf(store.files.read('17', 'content'))).toBe('new');
      expect(await contentOf(store.files.read('17', 'lines'))).toBe('lines');
      expect(await contentOf(store.files.read('18', 'content'))).toBe('another import');
    });

    it('goes on reading the old part while it is replaced', async () => {
      await store.files.write('17', 'content', chunks('old'));
      const old = await store.files.read('17', 'content');
      await store.files.write('17', 'content', chunks('new'));
      expect(await contentOf(old)).toBe('old');
    });

    it('shows nothing of a part whose source fails, and passes the error on', async () => {
      await expect(store.files.write('17', 'original', breaksOffAfter('half'))).rejects.toThrow('the upload broke off');
      expect(await store.files.size('17', 'original')).toBeUndefined();
      await expect(store.files.read('17', 'original')).rejects.toThrow(FileMissingError);
    });

    it('leaves the old part where the source of the new one fails', async () => {
      await store.files.write('17', 'original', chunks('whole'));
      await expect(store.files.write('17', 'original', breaksOffAfter('half'))).rejects.toThrow('the upload broke off');
      expect(await contentOf(store.files.read('17', 'original'))).toBe('whole');
    });

    it('shows nothing of a part that is still being written, and nothing of it after a crash', async () => {
      const arrived = Promise.withResolvers<undefined>();
      const crash = Promise.withResolvers<undefined>();
      const half = async function* () {
        yield Buffer.from('half');
        arrived.resolve(undefined);
        await crash.promise;
        throw new Error('crashed');
      };
      const writing = store.files.write('17', 'original', half());
      const failed = expect(writing).rejects.toThrow();
      await arrived.promise;
      expect(await store.files.size('17', 'original')).toBeUndefined();
      await store.reopen();
      expect(await store.files.size('17', 'original')).toBeUndefined();
      crash.resolve(undefined);
      await failed;
    });

    it('carries a part larger than all buffers, to the byte', async () => {
      const chunk = Buffer.from('0123456789abcdef'.repeat(65_536));
      const source = async function* () {
        for (let k = 0; k < 64; k += 1) yield await Promise.resolve(chunk);
      };
      expect(await store.files.write('17', 'original', source())).toEqual({ bytes: 64 * chunk.length });
      const readBack = createHash('sha256');
      for await (const part of (await store.files.read('17', 'original')) as AsyncIterable<Uint8Array>) readBack.update(part);
      const written = createHash('sha256');
      for (let k = 0; k < 64; k += 1) written.update(chunk);
      expect(readBack.digest('hex')).toBe(written.digest('hex'));
    });

    it('lets the last of two writers at the same time win, whole', async () => {
      const texts = ['a'.repeat(100_000), 'b'.repeat(100_000)];
      await Promise.all(texts.map((text) => store.files.write('17', 'content', chunks(text))));
      expect(texts).toContain(await contentOf(store.files.read('17', 'content')));
    });

    it('has everything after it was opened again', async () => {
      await store.files.write('17', 'original', chunks('kept'));
      await store.reopen();
      expect(await contentOf(store.files.read('17', 'original'))).toBe('kept');
    });

    it('removes one part or all of them; nothing there is fine', async () => {
      await store.files.write('17', 'original', chunks('a'));
      await store.files.write('17', 'lines', chunks('b'));
      await store.files.write('18', 'original', chunks('c'));
      await store.files.remove('17', 'lines');
      await store.files.remove('17', 'lines');
      expect(await store.files.size('17', 'lines')).toBeUndefined();
      expect(await store.files.size('17', 'original')).toBe(1);
      await store.files.remove('17');
      await store.files.remove('17');
      expect(await store.files.size('17', 'original')).toBeUndefined();
      expect(await store.files.size('18', 'original')).toBe(1);
    });

    it('gives everybody who works on an import a directory of his own, and removes them all at one stroke', async () => {
      const directory = await store.files.scratchDirectory('17', 'one');
      await writeFile(join(directory, 'bucket-1'), 'x');
      expect(await store.files.scratchDirectory('17', 'one')).toBe(directory);
      const other = await store.files.scratchDirectory('17', 'two');
      expect(await readdir(other)).toEqual([]);
      await store.files.write('17', 'lines', chunks('a'));
      await store.files.remove('17', 'scratch');
      await store.files.remove('17', 'scratch');
      expect(await store.files.size('17', 'lines')).toBe(1);
      await expect(writeFile(join(directory, 'bucket-2'), 'y')).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await readdir(await store.files.scratchDirectory('17', 'one'))).toEqual([]);
    });

    it('removes with an import what writes that never ended have left of it, and lets those still under way fail', async () => {
      const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      async function* slow() {
        yield Buffer.from('a');
        begun.resolve();
        await goOn.promise;
        yield Buffer.from('b');
      }
      const fails = expect(store.files.write('17', 'original', slow())).rejects.toThrow();
      await begun.promise;
      await store.files.write('170', 'original', chunks('kept'));
      await store.files.remove('17');
      goOn.resolve();
      await fails;
      expect(await store.files.size('17', 'original')).toBeUndefined();
      expect(await store.files.size('170', 'original')).toBe(4);
    });

    it('grows a part by appends of one writer after another, and reads it as one', async () => {
      const first = await store.files.grow('17', 'original', { writer: 1, at: 0 });
      await first.append(Buffer.from('0123'));
      await first.append(Buffer.from('4567'));
      expect(await contentOf(store.files.read('17', 'original'))).toBe('01234567');
      await first.close();
      await store.reopen();
      const second = await store.files.grow('17', 'original', { writer: 2, at: 6 });
      await second.append(Buffer.from('abcd'));
      expect(await contentOf(store.files.read('17', 'original'))).toBe('012345abcd');
      expect(await contentOf(store.files.read('17', 'original', { start: 4, end: 8 }))).toBe('45ab');
      expect(await contentOf(store.files.read('17', 'original', { start: 8 }))).toBe('cd');
      expect(await contentOf(store.files.read('17', 'original', { start: 100 }))).toBe('');
      expect(await store.files.size('17', 'original')).toBe(10);
      await second.close();
    });

    it('leaves a late writer out of a part that another one goes on with', async () => {
      const late = await store.files.grow('17', 'original', { writer: 9, at: 0 });
      await late.append(Buffer.from('kept|lost'));
      const next = await store.files.grow('17', 'original', { writer: 10, at: 5 });
      await late.append(Buffer.from('late'));
      expect(await contentOf(store.files.read('17', 'original'))).toBe('kept|');
      await next.append(Buffer.from('new'));
      await late.append(Buffer.from('later'));
      expect(await contentOf(store.files.read('17', 'original'))).toBe('kept|new');
      const anew = await store.files.grow('17', 'original', { writer: 11, at: 0 });
      await anew.append(Buffer.from('all anew'));
      expect(await contentOf(store.files.read('17', 'original'))).toBe('all anew');
      await Promise.all([late.close(), next.close(), anew.close()]);
    });

    it('removes a part that has grown like any other', async () => {
      const part = await store.files.grow('17', 'rejected', { writer: 1, at: 0 });
      await part.append(Buffer.from('x'));
      await part.close();
      await store.files.remove('17', 'rejected');
      expect(await store.files.size('17', 'rejected')).toBeUndefined();
      await expect(store.files.read('17', 'rejected')).rejects.toThrow(FileMissingError);
    });

    it('knows how much room there is, or says that it does not', async () => {
      const free = await store.files.freeBytes();
      if (free !== undefined) expect(free).toBeGreaterThan(0);
    });

    it.each(['', '.', '..', '../17', 'a/b', 'a\\b', '.incoming', 'ü', 'a\0', '1'.repeat(65)])(
      'refuses the import id %j',
      async (importId) => {
        await expect(store.files.write(importId, 'original', chunks('x'))).rejects.toThrow('no import id');
        await expect(store.files.read(importId, 'original')).rejects.toThrow('no import id');
        await expect(store.files.size(importId, 'original')).rejects.toThrow('no import id');
        await expect(store.files.remove(importId)).rejects.toThrow('no import id');
        await expect(store.files.scratchDirectory(importId, 'one')).rejects.toThrow('no import id');
      },
    );
  });
}
