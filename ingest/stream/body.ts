/** The body of a stream, as it comes: read until it ends, breaks off, or is no longer wanted. */
import type { Readable } from 'node:stream';
import { HEAD_BYTES_MAX } from '../csv/encoding.ts';
import { LF } from '../csv/line-endings.ts';

/** The sender is gone, or the line to it. What had not ended of the last line is dropped. */
export class BodyCutError extends Error {
  constructor(cause: unknown) {
    super('the stream broke off', { cause });
    this.name = 'BodyCutError';
  }
}

/** Nobody reads more of it. */
export class BodyUnwantedError extends Error {
  constructor() {
    super('the stream is not read on');
    this.name = 'BodyUnwantedError';
  }
}

/**
 * Rows that follow the header at once help to tell the dialect; a sender that waits for an answer sends none. From the first line on, however
 * many follow: one that drips has its answer then, too.
 */
const HEAD_WAIT_MS = 200;

/** Chunks of the body, once. Throws `BodyCutError` where it breaks off, `BodyUnwantedError` after `stop`. The request is left open. */
export class StreamBody implements AsyncIterable<Buffer> {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #stopped = Promise.withResolvers<never>();
  /** Asked for and not yet there. */
  #next: Promise<IteratorResult<Buffer, unknown>> | undefined;
  #head: Buffer | undefined;

  constructor(body: Readable) {
    this.#chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    this.#stopped.promise.catch(() => undefined);
  }

  stop(): void {
    this.#stopped.reject(new BodyUnwantedError());
  }

  /**
   * The beginning, as soon as it holds a whole line and nothing follows at once; less where the body ends before. It is read again by
   * whoever iterates.
   */
  async peek(): Promise<{ head: Buffer; complete: boolean }> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complete = false;
    const late = Promise.withResolvers<undefined>();
    let timer: NodeJS.Timeout | undefined;
    try {
      while (bytes < HEAD_BYTES_MAX && !complete) {
        const result: IteratorResult<Buffer, unknown> | undefined = await (timer ? this.#readBefore(late.promise) : this.#read());
        if (result === undefined) break;
        complete = result.done === true;
        if (result.done === true) break;
        chunks.push(result.value);
        bytes += result.value.length;
        if (result.value.includes(LF)) timer ??= setTimeout(() => late.resolve(undefined), HEAD_WAIT_MS);
      }
    } finally {
      clearTimeout(timer);
    }
    this.#head = Buffer.concat(chunks);
    return { head: this.#head.subarray(0, HEAD_BYTES_MAX), complete };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    if (this.#head !== undefined && this.#head.length > 0) yield this.#head;
    this.#head = undefined;
    for (;;) {
      const result = await this.#read();
      if (result.done === true) return;
      yield result.value;
    }
  }

  async #read(): Promise<IteratorResult<Buffer, unknown>> {
    const result = await Promise.race([this.#ask(), this.#stopped.promise]);
    this.#next = undefined;
    return result;
  }

  async #readBefore(late: Promise<undefined>): Promise<IteratorResult<Buffer, unknown> | undefined> {
    const result = await Promise.race([this.#ask(), late, this.#stopped.promise]);
    if (result !== undefined) this.#next = undefined;
    return result;
  }

  #ask(): Promise<IteratorResult<Buffer, unknown>> {
    if (this.#next === undefined) {
      this.#next = this.#chunks.next().catch((error: unknown) => {
        throw new BodyCutError(error);
      });
      // Whoever reads next gets the error; until then it must not count as unhandled.
      this.#next.catch(() => undefined);
    }
    return this.#next;
  }
}
