/** `/v1/dead-letters`: what the log held that was no event, and a second chance for it. */
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { type EveryCustomer, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { DeadLetter, DeadLetterList, DeadLettersQuery } from '../../schemas/http/dead-letters.ts';
import { decodeUsageEvent } from '../../schemas/usage-event.ts';
import { findDeadLetter, listDeadLetters, markReplayed, readPayload } from '../queries/dead-letters.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['operations'];

export function registerDeadLetters(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;

  server.get('/v1/dead-letters', {
    config: { access: STAFF },
    schema: {
      operationId: 'listDeadLetters',
      summary: 'Messages that were no event, newest first',
      tags,
      querystring: DeadLettersQuery,
      response: { 200: DeadLetterList },
    },
    handler: (request) => {
      const scope = staffScopeOf(callerOf(request));
      return pageByNumber('dead-letter', request.query, (at) => listDeadLetters(postgres, scope, at));
    },
  });

  server.get('/v1/dead-letters/:id', {
    config: { access: STAFF },
    schema: { operationId: 'getDeadLetter', summary: 'One dead letter', tags, params: NumberParams, response: { 200: DeadLetter } },
    handler: async (request) => requireLetter(await findDeadLetter(postgres, staffScopeOf(callerOf(request)), request.params.id)),
  });

  server.post('/v1/dead-letters/:id/replay', {
    config: { access: ADMIN },
    schema: {
      operationId: 'replayDeadLetter',
      summary: 'Put it into the log again, as it is; asked for again, nothing more happens',
      tags,
      params: NumberParams,
      response: { 202: DeadLetter },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const scope = staffScopeOf(callerOf(request));
      await replay(platform, scope, { id, by: actorOf(request) });
      return reply.status(202).send(requireLetter(await findDeadLetter(postgres, scope, id)));
    },
  });
}

/** A crash between the two steps lets it be replayed once more: the same line again is a redelivery, which is in no count. */
async function replay({ postgres, log, clock }: Platform, scope: EveryCustomer, { id, by }: { id: string; by: Actor }): Promise<void> {
  const { payload, isReplayed } = requireLetter(await readPayload(postgres, scope, id));
  if (isReplayed) return;
  const decoded = decodeUsageEvent(payload);
  if (!decoded.ok)
    throw new ProblemError(
      'unprocessable',
      `The message still cannot be read: ${decoded.failure.message} (${decoded.failure.code}). A version of Tallyline that knows it can replay it.`,
    );
  const incarnation = await log.incarnation();
  const { partition, firstOffset } = await log.append(log.partitionFor(decoded.event.customer), [payload]);
  await postgres.transaction(async (transaction) => {
    if (!(await markReplayed(transaction, id, { incarnation, partition, offset: firstOffset }))) return;
    const { customer, id: event } = decoded.event;
    const details = { customer, event };
    await writeAudit(transaction, { at: clock.now(), by, what: 'dead-letter.replayed', subject: `dead-letter/${id}`, details });
  });
}

function requireLetter<T>(letter: T | undefined): T {
  if (letter === undefined) throw new ProblemError('not_found', 'No dead letter has this id. Ids come from /v1/dead-letters.');
  return letter;
}
