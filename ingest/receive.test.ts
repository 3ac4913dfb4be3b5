/** What an upload leaves in the file store. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UPLOAD_LIMITS } from '../config-limits.ts';
import { openDirectoryFileStore } from '../platform/file-store/directory.ts';
import { contentPart, FileMissingError, type FilePart, type FileStore } from '../platform/file-store/file-store.ts';
import { receive, type ReceiveOptions } from './receive.ts';

const TEXT = `\ufeffKunde;Menge\r\n${'Müller 😀;5\r\n'.repeat(40_000)}`;
const UTF16 = Buffer.from(TEXT, 'utf16le');
const UTF8 = Buffer.from(TEXT);

let root: string;
let files: FileStore;
let imports = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'receive-'));
  files = await openDirectoryFileStore({ root, alone: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function upload(bytes: Buffer, options: Partial<ReceiveOptions> = {}) {
  imports += 1;
  const id = String(imports);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 4097) }, (_, index) => bytes.subarray(index * 4097, (index + 1) * 4097));
  const settings = { limits: UPLOAD_LIMITS, encoding: undefined, lost: new AbortController().signal, ...options };
  const receipt = await receive(files, id, { stream: Readable.from(chunks) }, settings);
  return { id, receipt };
}

async function read(id: string, part: FilePart): Promise<Buffer | undefined> {
  try {
    return Buffer.concat(await (await files.read(id, part)).toArray());
  } catch (error) {
    if (error instanceof FileMissingError) return undefined;
    throw error;
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('an upload', () => {
  it.each([
    ['UTF-8', UTF8, 'utf-8', false, false],
    ['UTF-8 in a .gz', gzipSync(UTF8), 'utf-8', true, true],
    ['UTF-16', UTF16, 'utf-16le', false, true],
    ['UTF-16 in a .gz', gzipSync(UTF16), 'utf-16le', true, true],
    ['nothing', Buffer.alloc(0), 'utf-8', false, false],
  ])(
    'of %s is kept as it came, and its text in UTF-8 where that is something else',
    async (_what, bytes, encoding, compressed, decoded) => {
      const { id, receipt } = await upload(bytes);
      const file = encoding === 'utf-16le' ? UTF16 : bytes.length === 0 ? bytes : UTF8;
      const text = bytes.length === 0 ? bytes : UTF8;
      expect(receipt).toMatchObject({
        bytes: bytes.length,
        contentBytes: text.length,
        compressed,
        sha256: sha256(file),
        encoding: { ok: true, encoding },
      });
      expect((await read(id, 'original'))?.equals(bytes)).toBe(true);
      expect(contentPart({ compressed, encoding })).toBe(decoded ? 'content' : 'original');
      const content = await read(id, 'content');
      expect(content === undefined ? undefined : content.equals(text)).toBe(decoded ? true : undefined);
    },
  );

  it('is read in the encoding that was declared', async () => {
    const bytes = Buffer.from('site;n\nLi\xe8ge;5\n', 'latin1');
    const { id, receipt } = await upload(bytes, { encoding: 'cp1252' });
    expect(receipt).toMatchObject({ sha256: sha256(bytes), encoding: { ok: true, encoding: 'windows-1252' } });
    expect((await read(id, 'content'))?.toString()).toBe('site;n\nLiège;5\n');
  });

  it('whose encoding is not clear is kept, and its receipt says why', async () => {
    const bytes = Buffer.from('site;n\nLi\xe8ge;5\nOrl\xe9ans;6\n', 'latin1');
    for (const [sent, stored] of [
      [bytes, undefined],
      [gzipSync(bytes), bytes],
    ] as const) {
      const { id, receipt } = await upload(sent);
      expect(receipt).toMatchObject({ sha256: sha256(bytes), encoding: { ok: false, fault: { code: 'undetected_encoding' } } });
      expect((await read(id, 'original'))?.equals(sent)).toBe(true);
      expect((await read(id, 'content'))?.equals(stored ?? Buffer.alloc(0))).toBe(stored === undefined ? undefined : true);
    }
  });

  it('that grows beyond its limit while it is unpacked leaves no text', async () => {
    const packed = gzipSync(UTF16);
    const limits = { ...UPLOAD_LIMITS, bytesMax: packed.length, unpackedBytesMax: UTF16.length };
    expect((await upload(packed, { limits })).receipt.bytes).toBe(packed.length);
    const tight = { ...limits, unpackedBytesMax: UTF16.length - 1 };
    await expect(upload(packed, { limits: tight })).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await read(String(imports), 'content')).toBeUndefined();
  });

  it('may be larger in UTF-8 than its limit, which is that of the file as it came', async () => {
    const bytes = Buffer.from('漢字\n'.repeat(1000), 'utf16le');
    const limits = { ...UPLOAD_LIMITS, bytesMax: 6000 };
    const { receipt } = await upload(bytes, { limits, encoding: 'utf-16le' });
    expect(receipt).toMatchObject({ bytes: 6000, contentBytes: 7000 });
    const over = Buffer.concat([bytes, Buffer.from('\n\0')]);
    await expect(upload(over, { limits, encoding: 'utf-16le' })).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await read(String(imports), 'original')).toBeUndefined();
  });

  it('may unpack to as many times its size as is allowed, once it is large', async () => {
    const large = Buffer.from('id;n\n' + Array.from({ length: 700_000 }, (_, n) => `${n * 7919};5 units\n`).join(''));
    const packed = gzipSync(large, { level: 1 });
    const ratio = Math.ceil(large.length / packed.length);
    expect([ratio > 2, large.length > 10_000_000]).toEqual([true, true]);
    const { receipt } = await upload(packed, { limits: { ...UPLOAD_LIMITS, gzipRatioMax: ratio } });
    expect(receipt.contentBytes).toBe(large.length);
    const tight = { ...UPLOAD_LIMITS, gzipRatioMax: ratio - 1 };
    await expect(upload(packed, { limits: tight })).rejects.toMatchObject({ code: 'decompression_bomb' });
    expect(await read(String(imports), 'content')).toBeUndefined();
    // What is small may be anything: of equal rows, for example.
    const small = Buffer.from('id;n\n'.repeat(1_000_000));
    const equal = gzipSync(small);
    expect(small.length / equal.length).toBeGreaterThan(200);
    expect((await upload(equal)).receipt.contentBytes).toBe(small.length);
  });

  it('in a .gz of several members, or filled up with NUL bytes, is read to its end', async () => {
    for (const packed of [
      Buffer.concat([gzipSync('a;b\n'), gzipSync('1;2\n')]),
      Buffer.concat([gzipSync('a;b\n1;2\n'), Buffer.alloc(70_000)]),
    ]) {
      const { id } = await upload(packed);
      expect((await read(id, 'content'))?.toString()).toBe('a;b\n1;2\n');
    }
  });

  it('in a .gz that holds something behind its end, cut or torn, leaves no text', async () => {
    const packed = gzipSync('a;b\n1;2\n');
    const more = Buffer.concat([Buffer.alloc(5000), packed]);
    for (const bytes of [Buffer.concat([packed, more]), Buffer.concat([packed, Buffer.from('3;4\n')]), packed.subarray(0, -1)]) {
      await expect(upload(bytes)).rejects.toMatchObject({ code: 'corrupt_gzip' });
      expect(await read(String(imports), 'content')).toBeUndefined();
    }
  });

  it('that was given up is not decoded', async () => {
    const lost = new AbortController();
    imports += 1;
    async function* source() {
      yield UTF16;
    }
    const stream = Readable.from(source());
    stream.once('end', () => lost.abort());
    const options = { limits: UPLOAD_LIMITS, encoding: undefined, lost: lost.signal };
    await expect(receive(files, String(imports), { stream }, options)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await read(String(imports), 'content')).toBeUndefined();
  });
});
