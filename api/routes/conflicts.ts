/** `/v1/conflicts`: versions of an event that disagree, and a person's decision which of them is billed. */
import { writeAudit } from '../../platform/access/audit.ts';
import type { Actor } from '../../platform/access/caller.ts';
import { ADMIN, STAFF } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { type EveryCustomer, staffScopeOf } from '../../platform/access/scope.ts';
import { actorOf, callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { Conflict, ConflictList, ConflictsQuery, Resolution } from '../../schemas/http/conflicts.ts';
import { decide, findConflict, findDecidable, listConflicts, type Decidable } from '../queries/conflicts.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['records'];

export function registerConflicts(server: HttpServer, platform: Platform): void {
  const { postgres } = platform;
  server.get('/v1/conflicts', {
    config: { access: STAFF },
    schema: {
      operationId: 'listConflicts',
      summary: 'Events of which another version is accepted, newest first',
      tags,
      querystring: ConflictsQuery,
      response: { 200: ConflictList },
    },
    handler: (request) => {
      const scope = staffScopeOf(callerOf(request));
      const { status, customer, import: importId, ...page } = request.query;
      return pageByNumber('conflict', page, (at) => listConflicts(postgres, scope, { status, customer, importId }, at));
    },
  });

  server.get('/v1/conflicts/:id', {
    config: { access: STAFF },
    schema: { operationId: 'getConflict', summary: 'One conflict', tags, params: NumberParams, response: { 200: Conflict } },
    handler: async (request) => {
      const { id } = request.params;
      return requireConflict(id, await findConflict(postgres, staffScopeOf(callerOf(request)), id));
    },
  });

  server.post('/v1/conflicts/:id/resolve', {
    config: { access: ADMIN },
    schema: {
      operationId: 'resolveConflict',
      summary: 'Decide which version is billed',
      description:
        'Answers when the decision is durable; it is carried out in the order of the log, follow the status from `resolving` to `resolved`. The same decision again changes nothing.',
      tags,
      params: NumberParams,
      body: Resolution,
      response: { 202: Conflict },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const scope = staffScopeOf(callerOf(request));
      await resolve(platform, scope, { id, keep: request.body.keep, by: actorOf(request) });
      return reply
        .status(202)
        .header('location', `/v1/conflicts/${id}`)
        .send(requireConflict(id, await findConflict(postgres, scope, id)));
    },
  });
}

async function resolve(
  { postgres, clock }: Platform,
  scope: EveryCustomer,
  { id, keep, by }: { id: string; keep: Resolution['keep']; by: Actor },
): Promise<void> {
  const found = requireConflict(id, await findDecidable(postgres, scope, id));
  if (isDecided(id, found, keep)) return;
  const { customer, eventId, importId } = found;
  const isFirst = await postgres.transaction(async (transaction) => {
    if (!(await decide(transaction, id, keep, by.name))) return false;
    const details = { keep, customer, event: eventId, import: importId };
    await writeAudit(transaction, { at: clock.now(), by, what: 'conflict.resolved', subject: `conflict/${id}`, details });
    return true;
  });
  if (isFirst) return;
  // Somebody decided between the two: theirs stands, or the conflict is gone.
  isDecided(id, requireConflict(id, await findDecidable(postgres, scope, id)), keep);
}

/** Whether it is what was decided before; throws where it cannot be decided like that. */
function isDecided(id: string, found: Decidable, keep: Resolution['keep']): boolean {
  const { state, resolvedBy, resolvedAt, customer, eventId, importId } = found;
  // Without a decision of its own it may have fallen with another one's: that it may be taken back, is how a mistake is mended.
  if (found.keep === keep || (state === 'decided-against' && found.keep === null && keep === 'first')) return true;
  if (found.keep !== null) {
    throw new ProblemError(
      'conflict',
      `Conflict ${id} was resolved with keep "${found.keep}" by ${resolvedBy} at ${resolvedAt}, and stays so. To bill another version of event ${eventId} of ${customer}, ` +
        `resolve the conflict of that version with keep "this": GET /v1/conflicts?customer=${encodeURIComponent(customer)} lists them.`,
    );
  }
  if (found.isBeingUndone)
    throw new ProblemError('conflict', `Import ${importId} is being undone, and conflict ${id} goes with it. There is nothing to decide.`);
  if (keep === 'first' && !found.hasFirst) {
    throw new ProblemError(
      'conflict',
      `No version of event ${eventId} of ${customer} is accepted now, so there is no first one to keep. ` +
        `Resolve the conflict of the version that is right with keep "this"; if none is, undo the imports that report it.`,
    );
  }
  return false;
}

function requireConflict<T>(id: string, found: T | undefined): T {
  if (found === undefined) {
    throw new ProblemError(
      'not_found',
      `There is no conflict ${id}. Its import may have been undone, or the accepted version says the same by now. Ids come from /v1/conflicts.`,
    );
  }
  return found;
}
