/** A sender of a stream: writes lines as a test has it, and reads the answers meanwhile. */
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { StreamAnswer } from '../../schemas/http/streams.ts';
import { eventually } from './eventually.ts';

export interface StreamClient {
  readonly answers: readonly StreamAnswer[];
  /** Waits while the server does not take it. */
  send(text: string | Uint8Array): Promise<void>;
  /** Ends the body; answers the last line. */
  end(): Promise<StreamAnswer>;
  /** Cuts the connection. */
  cut(): void;
  /** Stops and goes on reading the answers. */
  pause(): void;
  resume(): void;
  /** The first answer that has at least this line. */
  durable(line: number): Promise<StreamAnswer>;
  /** Whether the server has closed the answer. */
  readonly isClosed: boolean;
  /** The last line that the server sent, once it has closed the answer. */
  closed(): Promise<StreamAnswer | undefined>;
}

export interface StreamOptions {
  key: string;
  type?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Cuts the connection. */
  signal?: AbortSignal;
  /** Hears each answer. */
  onAnswer?(answer: StreamAnswer): void;
}

export interface Refusal {
  status: number;
  body: { code: string; detail: string; errors?: { path: string }[] };
}

/** Connects; the server answers once it knows how to read the stream, so `first` is sent at once. */
export async function openStream(
  url: string,
  { key, type = 'text/csv', query = {}, headers = {}, signal, onAnswer }: StreamOptions,
  first = '',
): Promise<StreamClient | Refusal> {
  const call = request(`${url}/v1/stream?${new URLSearchParams(query)}`, {
    method: 'POST',
    agent: false,
    ...(signal ? { signal } : {}),
    headers: { authorization: `Bearer ${key}`, 'content-type': type, 'transfer-encoding': 'chunked', ...headers },
  });
  // A server that refuses closes the connection on a body that is still coming.
  call.on('error', () => undefined);
  call.flushHeaders();
  if (first !== '') call.write(first);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  if (response.statusCode !== 200) {
    let text = '';
    for await (const part of response as AsyncIterable<string>) text += part;
    call.destroy();
    return { status: response.statusCode ?? 0, body: JSON.parse(text) as Refusal['body'] };
  }
  const client = new Client(call, response, onAnswer);
  await eventually('the server says which import it is', async () => client.answers.length > 0 || client.isClosed);
  return client;
}

/** Like `openStream`, where a refusal is a failure of the test. */
export async function startStream(url: string, options: StreamOptions, first = ''): Promise<StreamClient> {
  const opened = await openStream(url, options, first);
  if ('status' in opened) throw new Error(`${opened.status} ${JSON.stringify(opened.body)}`);
  return opened;
}

class Client implements StreamClient {
  readonly answers: StreamAnswer[] = [];
  readonly #call: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #closed: Promise<unknown>;
  isClosed = false;

  constructor(call: ClientRequest, response: IncomingMessage, onAnswer?: (answer: StreamAnswer) => void) {
    this.#call = call;
    this.#response = response;
    this.#closed = new Promise((resolve) => response.once('close', resolve));
    void this.#closed.then(() => (this.isClosed = true));
    response.on('error', () => undefined);
    let rest = '';
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const answer = JSON.parse(line) as StreamAnswer;
        this.answers.push(answer);
        onAnswer?.(answer);
      }
    });
  }

  async send(text: string | Uint8Array): Promise<void> {
    if (!this.#call.write(text)) await Promise.race([once(this.#call, 'drain'), this.#closed]);
  }

  async end(): Promise<StreamAnswer> {
    this.#call.end();
    const last = await this.closed();
    if (last?.ended === undefined) throw new Error(`the answer broke off: ${JSON.stringify(this.answers.slice(-3))}`);
    return last;
  }

  cut(): void {
    this.#call.destroy();
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  durable(line: number): Promise<StreamAnswer> {
    return eventually(`line ${line} is durable`, async () => this.answers.find(({ durableLine }) => durableLine >= line));
  }

  async closed(): Promise<StreamAnswer | undefined> {
    await this.#closed;
    return this.answers.at(-1);
  }
}
