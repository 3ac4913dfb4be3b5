/** Somebody who brings a stream to its end, as docs/http.md tells a sender to: with one key, from behind the last durable line, at any replica. */
import { setTimeout as pause } from 'node:timers/promises';
import type { StreamAnswer } from '../../schemas/http/streams.ts';
import { beginStream, type Refusal, type StreamClient } from './stream-client.ts';

export interface SenderOptions {
  /** Where the next try goes; throws while there is nowhere to go. */
  connect(): { url: string; key: string };
  idempotencyKey: string;
  type: string;
  query: Record<string, string>;
  /** The whole stream, each with its ending; the header is the first of a CSV. */
  lines: readonly string[];
  /** Sent in one piece. */
  pieceLines: number;
  /** Between two pieces. */
  pauseMs: number;
  /** So many lines that are durable are sent once more by whoever resumes. */
  overlapLines: number;
  /** Behind these lines the sender's own connection breaks, in the middle of the next line. */
  cuts: readonly number[];
  signal: AbortSignal;
  keepAlive?: boolean;
  onAnswer?(answer: StreamAnswer): void;
}

export interface SentStream {
  importId: string;
  /** How often it was begun or resumed. */
  tries: number;
  last: StreamAnswer;
}

/** Between two tries. */
const AGAIN_MS = 100;
/** The server says something every 15 s: one to which nothing goes and from which nothing comes is gone. */
const SILENCE_MS_MAX = 30_000;

/** Returns when the server has said that all of it is durable, or that the import is undone. Throws what is no fault of the installation. */
export async function sendStream(options: SenderOptions): Promise<SentStream> {
  const cuts = [...options.cuts];
  let durable = 0;
  for (let tries = 1; ; tries += 1) {
    options.signal.throwIfAborted();
    const last = await attempt(options, durable, cuts);
    durable = Math.max(durable, last?.durableLine ?? 0);
    if (last?.ended === 'undone') return { importId: last.importId, tries, last };
    if (last?.ended === 'refused') throw new Error(`stream ${options.idempotencyKey}: ${JSON.stringify(last)}`);
    if (last?.ended === 'complete') {
      if (last.durableLine !== options.lines.length)
        throw new Error(`stream ${options.idempotencyKey} of ${options.lines.length} lines: ${JSON.stringify(last)}`);
      return { importId: last.importId, tries, last };
    }
    await pause(AGAIN_MS);
  }
}

/** One request. Answers the last that was heard of it; undefined: nothing. */
async function attempt(options: SenderOptions, durable: number, cuts: number[]): Promise<StreamAnswer | undefined> {
  const { type, idempotencyKey, query } = options;
  const fromLine = durable === 0 ? 1 : Math.max(2, durable + 1 - options.overlapLines);
  const given = new AbortController();
  let timer = setTimeout(() => given.abort(), SILENCE_MS_MAX);
  const onSign = () => {
    clearTimeout(timer);
    timer = setTimeout(() => given.abort(), SILENCE_MS_MAX);
  };
  const onAnswer = (answer: StreamAnswer) => {
    onSign();
    options.onAnswer?.(answer);
  };
  try {
    const { url, key } = options.connect();
    const client = beginStream(url, {
      key,
      type,
      query: { ...query, fromLine: String(fromLine) },
      headers: { 'idempotency-key': idempotencyKey },
      keepAlive: options.keepAlive === true,
      signal: AbortSignal.any([given.signal, options.signal]),
      onAnswer,
    });
    const last = await send(client, { ...options, fromLine, cuts, onSign });
    return client.refusal ? refused(client.refusal, idempotencyKey) : last;
  } catch (error) {
    if (error instanceof StreamRefusedError || options.signal.aborted) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function send(
  client: StreamClient,
  options: SenderOptions & { fromLine: number; cuts: number[]; onSign: () => void },
): Promise<StreamAnswer | undefined> {
  const { lines, pieceLines, pauseMs, cuts } = options;
  for (let next = options.fromLine; next <= lines.length && !client.isClosed; next += pieceLines) {
    const end = Math.min(lines.length, next + pieceLines - 1);
    const [cut] = cuts;
    if (cut !== undefined && cut <= end) {
      cuts.shift();
      const half = lines[end]?.slice(0, -2) ?? '';
      await client.send(lines.slice(next - 1, end).join('') + half);
      client.cut();
      return client.closed();
    }
    await client.send(lines.slice(next - 1, end).join(''));
    options.onSign();
    await pause(pauseMs);
  }
  return client.isClosed ? client.closed() : client.end().catch(() => client.closed());
}

class StreamRefusedError extends Error {}

/** Undefined: a refusal that passes. */
function refused({ status, body }: Refusal, key: string): undefined {
  const isMomentary = status >= 500 || body.code === 'upload_in_progress' || body.detail.startsWith('Another request');
  if (!isMomentary) throw new StreamRefusedError(`stream ${key}: ${status} ${JSON.stringify(body)}`);
  return undefined;
}
