/** Many append-only files of fixed-size records, written through small buffers, so that hundreds of them need neither memory nor handles. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Read at a time; a multiple of every record's size is taken of it. */
const READ_BYTES = 262_144;

export class SpillFiles {
  readonly #directory: string;
  readonly #name: string;
  readonly #recordBytes: number;
  readonly #bufferBytes: number;
  readonly #buffers = new Map<number, { bytes: Buffer; length: number }>();
  readonly #written = new Set<number>();

  /** `bufferBytes` is per file. */
  constructor(options: { directory: string; name: string; recordBytes: number; bufferBytes: number }) {
    this.#directory = options.directory;
    this.#name = options.name;
    this.#recordBytes = options.recordBytes;
    this.#bufferBytes = Math.max(1, Math.floor(options.bufferBytes / options.recordBytes)) * options.recordBytes;
  }

  path(file: number): string {
    return join(this.#directory, `${this.#name}-${file}`);
  }

  /** Files that hold something. */
  get files(): number[] {
    return [...new Set([...this.#buffers.keys(), ...this.#written])].sort((a, b) => a - b);
  }

  hasRoom(file: number): boolean {
    const buffer = this.#buffers.get(file);
    return buffer === undefined || buffer.length < this.#bufferBytes;
  }

  /** Where to write the next record of the file. Only while there is room; `flush` makes some. */
  slot(file: number): { bytes: Buffer; at: number } {
    let buffer = this.#buffers.get(file);
    if (buffer === undefined) this.#buffers.set(file, (buffer = { bytes: Buffer.allocUnsafeSlow(this.#bufferBytes), length: 0 }));
    const at = buffer.length;
    if (at >= this.#bufferBytes) throw new Error(`${this.path(file)}: written without room`);
    buffer.length += this.#recordBytes;
    return { bytes: buffer.bytes, at };
  }

  async flush(file: number): Promise<void> {
    const buffer = this.#buffers.get(file);
    if (buffer === undefined || buffer.length === 0) return;
    // A file left by a run that was cut off is replaced by the first write.
    const handle = await open(this.path(file), this.#written.has(file) ? 'a' : 'w');
    try {
      await handle.writeFile(buffer.bytes.subarray(0, buffer.length));
    } finally {
      await handle.close();
    }
    this.#written.add(file);
    buffer.length = 0;
  }

  /** Writes out what is buffered and lets go of the buffers. */
  async finish(): Promise<void> {
    for (const file of this.#buffers.keys()) await this.flush(file);
    this.#buffers.clear();
  }

  /** Blocks of whole records, in the order of writing. After `finish`. */
  async *read(file: number): AsyncGenerator<Buffer, void> {
    if (!this.#written.has(file)) return;
    const handle = await open(this.path(file), 'r');
    try {
      const block = Buffer.allocUnsafe(Math.floor(READ_BYTES / this.#recordBytes) * this.#recordBytes);
      for (;;) {
        const { bytesRead } = await handle.read(block, 0, block.length);
        if (bytesRead === 0) return;
        yield block.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  async remove(file: number): Promise<void> {
    this.#written.delete(file);
    this.#buffers.delete(file);
    await rm(this.path(file), { force: true });
  }
}
