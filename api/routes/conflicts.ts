/** `/v1/conflicts`: versions of an event that disagree, and a person's decision which of them is billed. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { Conflict, ConflictList, ConflictsQuery, Resolution } from '../../schemas/http/conflicts.ts';
import { decodeOpaque, encodeOpaque, invalidCursor, toPage } from '../cursor.ts';
import { decide, findConflict, findDecidable, listConflicts, type Decidable } from '../queries/conflicts.ts';

const tags = ['records'];
const Params = Type.Object({ id: Type.String({ pattern: '^\\d{1,18}$' }) });

export function registerConflicts(server: HttpServer, { postgres }: Platform): void {
  server.get('/v1/conflicts', {
    schema: {
      operationId: 'listConflicts',
      summary: 'Events of which another version is accepted, newest first',
      tags,
      querystring: ConflictsQuery,
      response: { 200: ConflictList },
    },
    handler: async ({ query: { status, customer, import: importId, cursor, limit = 100 } }) => {
      const before = cursor === undefined ? undefined : decodeOpaque('conflict', cursor, [/^\d{1,18}$/])?.[0];
      if (cursor !== undefined && before === undefined) throw invalidCursor();
      const rows = await listConflicts(postgres, { status, customer, importId }, { before, rows: limit + 1 });
      return toPage(
        rows,
        limit,
        (conflict) => conflict,
        (conflict) => encodeOpaque('conflict', [conflict.id]),
      );
    },
  });

  server.get('/v1/conflicts/:id', {
    schema: { operationId: 'getConflict', summary: 'One conflict', tags, params: Params, response: { 200: Conflict } },
    handler: async ({ params: { id } }) => requireConflict(id, await findConflict(postgres, id)),
  });

  server.post('/v1/conflicts/:id/resolve', {
    schema: {
      operationId: 'resolveConflict',
      summary: 'Decide which version is billed',
      description:
        'Answers when the decision is durable; it is carried out in the order of the log, follow the status from `resolving` to `resolved`. The same decision again changes nothing.',
      tags,
      params: Params,
      body: Resolution,
      response: { 202: Conflict },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await resolve(postgres, id, request.body.keep, callerOf(request).name);
      return reply
        .status(202)
        .header('location', `/v1/conflicts/${id}`)
        .send(requireConflict(id, await findConflict(postgres, id)));
    },
  });
}

async function resolve(postgres: Postgres, id: string, keep: Resolution['keep'], by: string): Promise<void> {
  const found = requireConflict(id, await findDecidable(postgres, id));
  if (isDecided(id, found, keep) || (await decide(postgres, id, keep, by))) return;
  // Somebody decided between the two: theirs stands, or the conflict is gone.
  isDecided(id, requireConflict(id, await findDecidable(postgres, id)), keep);
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
