/** `/v1/dead-letters`: what the log held that was no event, and a second chance for it. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { DeadLetter, DeadLetterList, DeadLettersQuery } from '../../schemas/http/dead-letters.ts';
import { decodeUsageEvent } from '../../schemas/usage-event.ts';
import { decodeOpaque, encodeOpaque, invalidCursor, toPage } from '../cursor.ts';
import { findDeadLetter, listDeadLetters, markReplayed, readPayload } from '../queries/dead-letters.ts';

const tags = ['operations'];
const Params = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });

export function registerDeadLetters(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;

  server.get('/v1/dead-letters', {
    schema: {
      operationId: 'listDeadLetters',
      summary: 'Messages that were no event, newest first',
      tags,
      querystring: DeadLettersQuery,
      response: { 200: DeadLetterList },
    },
    handler: async ({ query: { cursor, limit = 100 } }) => {
      const before = cursor === undefined ? undefined : decodeOpaque('dead-letter', cursor, [/^\d{1,18}$/])?.[0];
      if (cursor !== undefined && before === undefined) throw invalidCursor();
      const rows = await listDeadLetters(postgres, { before, rows: limit + 1 });
      return toPage(
        rows,
        limit,
        (letter) => letter,
        (letter) => encodeOpaque('dead-letter', [letter.id]),
      );
    },
  });

  server.get('/v1/dead-letters/:id', {
    schema: { operationId: 'getDeadLetter', summary: 'One dead letter', tags, params: Params, response: { 200: DeadLetter } },
    handler: async ({ params }) => requireLetter(await findDeadLetter(postgres, params.id)),
  });

  server.post('/v1/dead-letters/:id/replay', {
    schema: {
      operationId: 'replayDeadLetter',
      summary: 'Put it into the log again, as it is; asked for again, nothing more happens',
      tags,
      params: Params,
      response: { 202: DeadLetter },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await replay(platform, id);
      return reply.status(202).send(requireLetter(await findDeadLetter(postgres, id)));
    },
  });
}

/** A crash between the two steps lets it be replayed once more: the same line again is a redelivery, which is in no count. */
async function replay({ postgres, log }: Platform, id: string): Promise<void> {
  const { payload, isReplayed } = requireLetter(await readPayload(postgres, id));
  if (isReplayed) return;
  const decoded = decodeUsageEvent(payload);
  if (!decoded.ok)
    throw new ProblemError(
      'unprocessable',
      `The message still cannot be read: ${decoded.failure.message} (${decoded.failure.code}). A version of Tallyline that knows it can replay it.`,
    );
  const incarnation = await log.incarnation();
  const { partition, firstOffset } = await log.append(log.partitionFor(decoded.event.customer), [payload]);
  await markReplayed(postgres, id, { incarnation, partition, offset: firstOffset });
}

function requireLetter<T>(letter: T | undefined): T {
  if (letter === undefined) throw new ProblemError('not_found', 'No dead letter has this id. Ids come from /v1/dead-letters.');
  return letter;
}
