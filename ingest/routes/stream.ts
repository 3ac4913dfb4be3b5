/** `POST /v1/stream`: usage as it happens, line by line. */
import { SENDERS } from '../../platform/access/roles.ts';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { ReadingLimits } from '../../schemas/http/imports.ts';
import { StreamAnswer, StreamQuery } from '../../schemas/http/streams.ts';
import type { Admission } from '../admission.ts';
import { registerBodyStreams } from '../../platform/http/bodies.ts';
import { dropRest } from '../../platform/http/drop-rest.ts';
import { holdRight } from '../../platform/http/rights.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import type { Leases } from '../leases.ts';
import type { Publisher } from '../publisher.ts';
import { BodyCutError, BodyUnwantedError, StreamBody } from '../stream/body.ts';
import { GrowingImport, SessionLostError } from '../stream/growing-import.ts';
import { openStream } from '../stream/open-stream.ts';
import { isFullDuplex, StreamReplies } from '../stream/replies.ts';
import { runSession } from '../stream/session.ts';
import { releaseGrowing, type GrowingState } from '../stream/stream-store.ts';

/** Below this a TCP peer that is gone without a word is not looked for. */
const KEEP_ALIVE_MS = 30_000;

export interface StreamRoutesOptions {
  platform: Platform;
  publisher: Publisher;
  /** Of streams alone: the publisher of this process must not take them for its own. */
  leases: Leases;
  admit: Admission;
  /** Open ones in this process. Each holds some 8 MB when it is busy: two batches, their events, and a record that may be large. */
  streamsMax: number;
  readingLimits: ReadingLimits | undefined;
}

const DESCRIPTION = `Rows are published as lines arrive, for as long as the body lasts. The answer is read while the body is sent: lines of JSON, each
with \`durableLine\`, up to which everything is in the event log and in the file store; the last one says why it is the last (\`ended\`).

Events need an id column, or the request an \`Idempotency-Key\`: an id is then the key and the line. A stream with a key that was cut off
is resumed by the same key with \`fromLine\` = \`durableLine\` + 1; the header of a CSV is not sent again. Lines that are sent twice are compared with
what is kept, and not taken twice; where lines are missing the answer is 409 and names the one that is expected.

Through a proxy (\`Via\`, \`Forwarded\` or \`X-Forwarded-…\` in the request) the answer comes when the body has ended, unless the proxy adds
\`Tallyline-Full-Duplex: 1\`: some of them lose parts of a body whose answer has begun.`;

export async function streamRoutes(app: HttpServer, options: StreamRoutesOptions): Promise<void> {
  const sessions = new Sessions(options);
  // A scope of its own: here any body is a stream.
  await app.register(async (scope: HttpServer) => {
    registerBodyStreams(scope);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (request) => {
      try {
        if (sessions.count >= options.streamsMax)
          throw new ProblemError(
            'too_many_streams',
            `${options.streamsMax} streams are open here, which is the most (TALLYLINE_STREAMS_MAX). Try again later.`,
          );
        await options.admit(0);
      } catch (error) {
        dropStream(request.raw);
        throw error;
      }
    });
    scope.post(
      '/v1/stream',
      {
        config: { access: SENDERS },
        schema: {
          tags: ['imports'],
          operationId: 'openStream',
          summary: 'Stream CSV or NDJSON',
          description: DESCRIPTION,
          querystring: StreamQuery,
          response: { 200: { description: 'One JSON object per line.', content: { 'application/x-ndjson': { schema: StreamAnswer } } } },
        },
      },
      async (request, reply) => {
        await sessions.handle(request, reply);
        return reply;
      },
    );
  });
}

type StreamCall = FastifyRequest<{ Querystring: Type.Static<typeof StreamQuery> }>;

/** The streams that are open in this process. */
class Sessions {
  readonly #options: StreamRoutesOptions;
  readonly #open = new Map<string, AbortController>();
  count = 0;

  constructor(options: StreamRoutesOptions) {
    this.#options = options;
  }

  async handle(request: StreamCall, reply: FastifyReply): Promise<void> {
    const { platform, leases } = this.#options;
    this.count += 1;
    const body = new StreamBody(request.raw);
    const { closing } = request.server;
    const stop = () => body.stop();
    const { ended: barred, release } = holdRight(request);
    for (const signal of [closing, barred]) signal.addEventListener('abort', stop, { once: true });
    try {
      const format = formatOf(request);
      const { name, fromLine = 1, ...reading } = request.query;
      const state = await openStream(
        platform,
        body,
        {
          format,
          name: name ?? (format === 'csv' ? 'stream.csv' : 'stream.ndjson'),
          createdBy: callerOf(request).name,
          idempotencyKey: idempotencyKeyOf(request),
          fromLine,
          reading: { ...reading, limits: this.#options.readingLimits },
        },
        leases,
      );
      await this.#run(state, body, { request, reply, fromLine, barred });
    } catch (error) {
      if (!reply.sent) throw error instanceof BodyUnwantedError && barred.aborted ? barred.reason : openingProblem(error);
      request.log.error({ err: error, requestId: request.id }, 'a stream broke off on our side');
      reply.raw.destroy();
    } finally {
      closing.removeEventListener('abort', stop);
      release();
      this.count -= 1;
      dropStream(request.raw);
    }
  }

  async #run(
    state: GrowingState,
    body: StreamBody,
    { request, reply, fromLine, barred }: { request: StreamCall; reply: FastifyReply; fromLine: number; barred: AbortSignal },
  ): Promise<void> {
    const { platform, leases, publisher } = this.#options;
    const lost = new AbortController();
    // Postgres has fenced whoever had it before; an idle one of this process would not notice.
    this.#open.get(state.id)?.abort();
    this.#open.set(state.id, lost);
    const lease = leases.hold(state.id);
    lease.lost.addEventListener('abort', () => lost.abort(), { once: true });
    const growing = new GrowingImport(platform, state);
    try {
      await growing.catchUp();
      request.raw.socket.setKeepAlive(true, KEEP_ALIVE_MS);
      reply.hijack();
      const headers = { 'x-request-id': request.id, location: `/v1/imports/${state.id}` };
      const replies = new StreamReplies(reply.raw, { headers, fullDuplex: isFullDuplex(request.headers) });
      const { closing } = request.server;
      const answer = (line: StreamAnswer) => replies.send(line);
      const last = await runSession({ platform, growing, body, fromLine, lost: lost.signal, stopping: closing, barred, answer });
      if (last === undefined) replies.stop();
      else await replies.end(last);
    } finally {
      lease.release();
      if (this.#open.get(state.id) === lost) this.#open.delete(state.id);
      await growing.close();
      await this.#giveBack(state);
      publisher.wake();
    }
  }

  /** Nothing to give back, where it has ended as it should. */
  async #giveBack(state: GrowingState): Promise<void> {
    const { postgres, logger } = this.#options.platform;
    try {
      await releaseGrowing(postgres, state);
    } catch (error) {
      logger.warn({ err: error, import: state.id }, 'the lease of a stream could not be given back; it is taken over once it has run out');
    }
  }
}

/** Who is refused has this long to read why; a stream has no end that could be waited for. */
const REFUSED_MS = 30_000;

function dropStream(body: IncomingMessage): void {
  if (body.readableEnded || body.destroyed) return;
  dropRest(body);
  const timer = setTimeout(() => body.destroy(), REFUSED_MS).unref();
  const stop = () => clearTimeout(timer);
  body.once('end', stop).once('close', stop);
}

/** What kept a stream from beginning, in words for its sender. */
function openingProblem(error: unknown): unknown {
  if (error instanceof BodyCutError)
    return new ProblemError('upload_incomplete', 'The stream ended before its first line had arrived.', { cause: error });
  if (error instanceof BodyUnwantedError)
    return new ProblemError('stopping', 'This server is stopping. Begin the stream in a moment.', { cause: error });
  if (error instanceof SessionLostError) return new ProblemError('conflict', 'Another request goes on with this stream.', { cause: error });
  return error;
}

function formatOf(request: FastifyRequest): 'csv' | 'ndjson' {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new ProblemError('unsupported_media_type', `Content-Encoding "${encoding}" is not read on streams; send the text as it is.`);
  if (type === 'text/csv') return 'csv';
  if (['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'].includes(type)) return 'ndjson';
  throw new ProblemError(
    'unsupported_media_type',
    `A stream is text/csv or application/x-ndjson, and this is ${type === '' ? 'of no type' : type}.`,
  );
}
