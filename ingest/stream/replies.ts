/**
 * What a stream answers while it is sent: one JSON object per line.
 *
 * A sender that does not read its answers is not waited for: what it has not taken is replaced by the newest, so nothing piles up here.
 */
import type { ServerResponse } from 'node:http';
import type { StreamAnswer } from '../../schemas/http/streams.ts';

/** Proxies close connections on which nothing is heard for 30 to 60 seconds, and a peer that is gone is noticed by writing to it only. */
const HEARTBEAT_MS = 15_000;

export class StreamReplies {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  #newest: StreamAnswer | undefined;
  #isPending = false;
  #ended = false;

  constructor(response: ServerResponse, headers: Record<string, string>) {
    this.#response = response;
    response.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      // After a stream that was cut the next request could not be told from the rest of it.
      connection: 'close',
      ...headers,
    });
    response.flushHeaders();
    response.on('drain', () => this.#flush());
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  send(answer: StreamAnswer): void {
    this.#newest = answer;
    this.#isPending = true;
    this.#flush();
  }

  /** The last line. Resolves when it has left, or the sender is gone. */
  async end(answer: StreamAnswer): Promise<void> {
    this.stop();
    if (this.#response.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#response.once('close', resolve);
      this.#response.end(`${JSON.stringify(answer)}\n`, resolve);
    });
  }

  /** Says nothing more. */
  stop(): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
  }

  #beat(): void {
    if (this.#newest === undefined) return;
    if (!this.#isPending) delete this.#newest.errors;
    this.#isPending = true;
    this.#flush();
  }

  #flush(): void {
    const { destroyed, writableNeedDrain } = this.#response;
    if (!this.#isPending || this.#ended || destroyed || writableNeedDrain) return;
    this.#isPending = false;
    this.#response.write(`${JSON.stringify(this.#newest)}\n`);
  }
}
