/** A sender of a stream: writes lines as a test has it, and reads the answers meanwhile. */
import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
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
  /** What it was answered in place of lines. */
  readonly refusal: Refusal | undefined;
  /** What broke the connection. */
  readonly failure: Error | undefined;
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
  /** As ordinary clients do it, which may send the next request over the same connection. */
  keepAlive?: boolean;
  /** Hears each answer. */
  onAnswer?(answer: StreamAnswer): void;
}

export interface Refusal {
  status: number;
  body: { code: string; detail: string; errors?: { path: string }[] };
}

/** Begins to send, and waits for nothing: a proxy may have the answer begin when the body has ended. */
export function beginStream(url: string, { key, type = 'text/csv', query = {}, headers = {}, ...options }: StreamOptions): StreamClient {
  const agent = options.keepAlive === true ? new Agent({ keepAlive: true }) : undefined;
  const call = request(`${url}/v1/stream?${new URLSearchParams(query)}`, {
    method: 'POST',
    agent: agent ?? false,
    ...(options.signal ? { signal: options.signal } : {}),
    headers: { authorization: `Bearer ${key}`, 'content-type': type, 'transfer-encoding': 'chunked', ...headers },
  });
  call.flushHeaders();
  return new Client(call, agent, options.onAnswer);
}

/** Connects; the server answers once it knows how to read the stream, so `first` is sent at once. Throws where nothing comes back. */
export async function openStream(url: string, options: StreamOptions, first = ''): Promise<StreamClient | Refusal> {
  const client = beginStream(url, options);
  if (first !== '') void client.send(first);
  await eventually('the server says which import it is', async () => client.answers.length > 0 || client.isClosed);
  if (client.refusal) return client.refusal;
  if (client.answers.length === 0) throw client.failure ?? new Error('the server has answered nothing');
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
  readonly #closed: Promise<void>;
  #response: IncomingMessage | undefined;
  refusal: Refusal | undefined;
  failure: Error | undefined;
  isClosed = false;

  constructor(call: ClientRequest, agent: Agent | undefined, onAnswer: ((answer: StreamAnswer) => void) | undefined) {
    this.#call = call;
    // A server that refuses closes the connection on a body that is still coming.
    call.on('error', (error) => (this.failure ??= error));
    const answered = new Promise<void>((resolve) => {
      call.once('close', resolve);
      call.once('response', (response) => resolve(this.#read(response, onAnswer)));
    });
    this.#closed = answered.then(() => {
      this.isClosed = true;
      agent?.destroy();
    });
  }

  /** Returns when nothing more comes. */
  async #read(response: IncomingMessage, onAnswer: ((answer: StreamAnswer) => void) | undefined): Promise<void> {
    this.#response = response;
    response.setEncoding('utf8').on('error', () => undefined);
    let rest = '';
    response.on('data', (text: string) => {
      rest += text;
      if (response.statusCode !== 200) return;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const answer = JSON.parse(line) as StreamAnswer;
        this.answers.push(answer);
        onAnswer?.(answer);
      }
    });
    await new Promise((resolve) => response.once('close', resolve));
    if (response.statusCode === 200) return;
    this.#call.destroy();
    this.refusal = { status: response.statusCode ?? 0, body: problemOf(rest) };
  }

  async send(text: string | Uint8Array): Promise<void> {
    if (!this.#call.write(text)) await Promise.race([once(this.#call, 'drain').catch(() => undefined), this.#closed]);
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
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  durable(line: number): Promise<StreamAnswer> {
    return eventually(`line ${line} is durable`, async () => this.answers.find(({ durableLine }) => durableLine >= line));
  }

  async closed(): Promise<StreamAnswer | undefined> {
    await this.#closed;
    return this.answers.at(-1);
  }
}

/** A proxy has words of its own. */
function problemOf(text: string): Refusal['body'] {
  try {
    return JSON.parse(text) as Refusal['body'];
  } catch {
    return { code: '', detail: text };
  }
}
