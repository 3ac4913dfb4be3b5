/**
 * What a stream answers while it is sent: one JSON object per line.
 *
 * A sender that does not read its answers is not waited for: what it has not taken is replaced by the newest, so nothing piles up here.
 *
 * Servers written in Go, proxies among them, throw away what they have read of an HTTP/1.1 request as soon as its answer begins, unless
 * they are told to do both at once: bytes in the middle of the stream would be missing, and nobody would be told. So to whoever
 * comes through a proxy that does not say that it can, nothing is answered before the body has ended.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { StreamAnswer } from '../../schemas/http/streams.ts';

/** Proxies close connections on which nothing is heard for 30 to 60 seconds, and a peer that is gone is noticed by writing to it only. */
const HEARTBEAT_MS = 15_000;

/** By which a proxy says that it passes the answer on while it still takes the request, and loses nothing of either. */
const FULL_DUPLEX = 'tallyline-full-duplex';
/** What proxies leave behind in a request. */
const PROXY_HEADERS = ['via', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

/** Whether an answer may begin before the request has ended. */
export function isFullDuplex(headers: IncomingHttpHeaders): boolean {
  return headers[FULL_DUPLEX] === '1' || PROXY_HEADERS.every((name) => headers[name] === undefined);
}

export interface RepliesOptions {
  headers: Record<string, string>;
  fullDuplex: boolean;
}

export class StreamReplies {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  readonly #headers: Record<string, string>;
  #newest: StreamAnswer | undefined;
  #isPending = false;
  #ended = false;

  constructor(response: ServerResponse, { headers, fullDuplex }: RepliesOptions) {
    this.#response = response;
    this.#headers = headers;
    if (!fullDuplex) return;
    this.#begin();
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
    if (!this.#response.headersSent) this.#begin();
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

  #begin(): void {
    this.#response.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      // After a stream that was cut the next request could not be told from the rest of it.
      connection: 'close',
      ...this.#headers,
    });
  }

  #beat(): void {
    if (this.#newest === undefined) return;
    if (!this.#isPending) delete this.#newest.errors;
    this.#isPending = true;
    this.#flush();
  }

  #flush(): void {
    const { destroyed, writableNeedDrain, headersSent } = this.#response;
    if (!this.#isPending || this.#ended || !headersSent || destroyed || writableNeedDrain) return;
    this.#isPending = false;
    this.#response.write(`${JSON.stringify(this.#newest)}\n`);
  }
}
