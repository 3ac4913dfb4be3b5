/**
 * One request of a stream: lines in as they come, answers out as they are durable, until the body ends, breaks off, or cannot go on.
 *
 * While one batch of lines is on its way into the stores the next one is read; the body waits when two are in memory. However it ends,
 * what had arrived as whole lines is committed, and the import settles as far as it came.
 */
import { ProblemError } from '../../core/errors.ts';
import { toProblemError } from '../../platform/http/problems.ts';
import type { Platform } from '../../platform/platform.ts';
import type { StreamAnswer, StreamReject } from '../../schemas/http/streams.ts';
import type { FileFault } from '../csv/faults.ts';
import type { ProcessedChunk } from '../csv/process.ts';
import { readRows } from '../csv/read-rows.ts';
import type { RowBatch } from '../csv/row-batch.ts';
import { Batcher } from './batcher.ts';
import { BodyCutError, BodyUnwantedError, type StreamBody } from './body.ts';
import { SessionLostError, type GrowingImport, type Lines } from './growing-import.ts';
import { skipKept } from './overlap.ts';
import { readStatus } from './stream-store.ts';
import { WholeLines } from './whole-lines.ts';
import { isNdjson } from '../../schemas/http/imports.ts';

/** Some 10,000 rows: what the log and the consumers like best in one piece, and a few megabytes of events in memory. */
const BATCH_BYTES_MAX = 1_048_576;
/** A line waits this long for company: 20 commits a second at the most, of four disk writes each, however slowly lines drip. */
const BATCH_WAIT_MS = 50;
/** More would make the answer longer than what it answers. */
const ERRORS_SHOWN = 10;

export interface SessionOptions {
  platform: Platform;
  growing: GrowingImport;
  body: StreamBody;
  /** The line with which the body begins. */
  fromLine: number;
  /** Fires when the lease is gone or another request goes on with the stream. */
  lost: AbortSignal;
  /** Fires when the server is about to close. */
  stopping: AbortSignal;
  /** Fires when its sender may not send any more, with the problem (`ProblemError`). */
  barred: AbortSignal;
  answer(answer: StreamAnswer): void;
}

/** Answers the last line, or undefined where nobody is there to read it. */
export async function runSession(options: SessionOptions): Promise<StreamAnswer | undefined> {
  const session = new Session(options);
  return session.run();
}

/** The text cannot be read on. */
class ContentError extends Error {
  readonly code: string;

  constructor({ code, message }: FileFault) {
    super(message);
    this.code = code;
  }
}

type Ending = Pick<StreamAnswer, 'ended' | 'problem'>;

class Session {
  readonly #options: SessionOptions;
  readonly #growing: GrowingImport;
  readonly #text: WholeLines;
  readonly #batcher: Batcher<Lines>;
  readonly #before: { rowsRead: number; rowsRejected: number };
  /** Lines that were sent again. */
  #known = 0;
  #headerAhead: boolean;

  constructor(options: SessionOptions) {
    const { growing, fromLine } = options;
    const { received, published, dialect } = growing.state;
    this.#options = options;
    this.#growing = growing;
    this.#text = new WholeLines(received);
    this.#before = growing.published;
    // Who resumes may send the header once more, as for a file: every line after it would be counted wrong.
    this.#headerAhead = dialect.header && fromLine > 1 && published.lines > 0;
    this.#batcher = new Batcher<Lines>({
      sizeOf: ({ bytes }) => bytes.length,
      sizeMax: BATCH_BYTES_MAX,
      waitMs: BATCH_WAIT_MS,
      commit: (batch) => this.#commit(batch),
    });
  }

  async run(): Promise<StreamAnswer | undefined> {
    this.#options.answer(this.#state());
    const ending = await this.#receive().then(
      () => ({ ended: 'complete' as const }),
      (error: unknown) => this.#endingOf(error),
    );
    try {
      await this.#batcher.end();
      await this.#growing.end();
    } catch (error) {
      // Whoever takes the import over publishes what is left of it.
      return this.#last(await this.#endingOf(error));
    }
    return this.#last(ending);
  }

  /** Returns when the body has ended. */
  async #receive(): Promise<void> {
    const { platform, body, fromLine, lost, stopping, barred } = this.#options;
    const { id, dialect, received } = this.#growing.state;
    const stop = () => body.stop();
    for (const signal of [lost, stopping, barred, this.#batcher.failed]) {
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
    }
    const onKnown = (lines: number) => (this.#known += lines);
    const arriving = skipKept(body, fromLine, { files: platform.files, importId: id, ...received, onKnown });
    const from = received.bytes === 0 ? {} : { from: { line: received.lines + 1, row: this.#before.rowsRead + 1, byte: received.bytes } };
    const rows = readRows(this.#text.tap(arriving), { dialect, width: this.#growing.rows.width, eager: true, ...from });
    for await (const batch of rows) {
      await this.#take(batch);
      if (batch.fileFault) throw new ContentError(batch.fileFault);
    }
    // Blank lines, and an ending for the last line, so that the next one, should there be one, is a line of its own.
    const { lines } = this.#text;
    const rest = this.#text.takeRest(dialect.newline === 'CRLF' ? '\r\n' : '\n');
    if (rest.length > 0) await this.#add(rest, this.#text.lines - lines, []);
  }

  async #take(batch: RowBatch): Promise<void> {
    this.#refuseHeader(batch);
    const chunks = this.#growing.rows.process(batch, this.#options.platform.clock.now().getTime());
    const { lines } = this.#text;
    const bytes = this.#text.takeTo(batch.nextLine - 1);
    await this.#add(bytes, this.#text.lines - lines, chunks);
  }

  async #add(bytes: Uint8Array, count: number, chunks: readonly ProcessedChunk[]): Promise<void> {
    await this.#batcher.add({ bytes, count, chunks, presentMs: this.#growing.rows.presentMs });
  }

  async #commit(batch: readonly Lines[]): Promise<void> {
    const chunks = batch.flatMap((lines) => lines.chunks);
    await this.#growing.commit({
      bytes: Buffer.concat(batch.map(({ bytes }) => bytes)),
      count: batch.reduce((sum, { count }) => sum + count, 0),
      chunks,
      presentMs: Math.max(...batch.map(({ presentMs }) => presentMs)),
    });
    const errors: StreamReject[] = chunks
      .flatMap(({ rejects }) => rejects)
      .slice(0, ERRORS_SHOWN)
      .map(({ line, column, code, message }) => ({ line, column, code, message }));
    this.#options.answer({ ...this.#state(), ...(errors.length > 0 ? { errors } : {}) });
  }

  #refuseHeader(batch: RowBatch): void {
    const { header } = this.#growing.state;
    const first = batch.cells[0];
    if (!this.#headerAhead || first === undefined) return;
    this.#headerAhead = false;
    if (first.length === header.length && first.every((cell, column) => cell === header[column])) {
      throw new ProblemError(
        'invalid_request',
        `The body begins with the header again. It is line 1; go on with line ${this.#growing.durableLine + 1}, or send all from line 1.`,
      );
    }
  }

  #state(): StreamAnswer {
    const { published, state } = this.#growing;
    const rejected = published.rowsRejected - this.#before.rowsRejected;
    const accepted = published.rowsRead - this.#before.rowsRead - rejected;
    return { importId: state.id, durableLine: this.#growing.durableLine, accepted, rejected, known: this.#known };
  }

  #last(ending: Ending | undefined): StreamAnswer | undefined {
    return ending && { ...this.#state(), ...ending };
  }

  /** Undefined where the sender is gone. */
  async #endingOf(error: unknown): Promise<Ending | undefined> {
    const { platform, stopping, lost, barred } = this.#options;
    const { id, dialect } = this.#growing.state;
    const { logger } = platform;
    if (error instanceof BodyCutError) {
      logger.info({ import: id, durableLine: this.#growing.durableLine }, 'stream cut off by its sender');
      return undefined;
    }
    if (error instanceof SessionLostError || (error instanceof BodyUnwantedError && lost.aborted)) return this.#lossOf(id);
    if (error instanceof BodyUnwantedError && barred.aborted) return this.#endingOf(barred.reason);
    if (error instanceof BodyUnwantedError && stopping.aborted)
      return {
        ended: 'stopping',
        problem: { code: 'stopping', detail: 'This server is stopping. Resume the stream in a moment.' },
      };
    if (error instanceof BodyUnwantedError)
      return this.#batcher.done.then(
        () => undefined,
        (failed: unknown) => this.#endingOf(failed),
      );
    if (error instanceof ContentError) return { ended: 'refused', problem: { code: error.code, detail: error.message } };
    const { code, message } = toProblemError(error);
    if (error instanceof ProblemError) return { ended: 'refused', problem: { code, detail: message } };
    logger.error({ err: error, import: id, json: isNdjson(dialect) }, 'a stream failed');
    return { ended: 'failed', problem: { code, detail: `${message} Resume the stream behind the last durable line.` } };
  }

  async #lossOf(id: string): Promise<Ending> {
    const status = await readStatus(this.#options.platform.postgres, id).catch(() => undefined);
    return status === 'undoing' || status === 'undone'
      ? { ended: 'undone', problem: { code: 'conflict', detail: `Import ${id} is being undone. What follows is another stream.` } }
      : { ended: 'taken_over', problem: { code: 'conflict', detail: 'Another request goes on with this stream.' } };
  }
}
