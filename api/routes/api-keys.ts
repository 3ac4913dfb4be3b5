/** `/v1/api-keys`: keys of machines, made, listed and revoked. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { createKey, listKeys, type NewKey, revokeKey } from '../../platform/access/api-keys.ts';
import { ADMIN } from '../../platform/access/roles.ts';
import { actorOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { ApiKeyInput, ApiKeyList, ApiKeysQuery, CreatedApiKey } from '../../schemas/http/api-keys.ts';
import { NumberParams } from '../../schemas/http/common.ts';
import { fieldProblem } from '../field-problem.ts';
import { readInstant } from '../instants.ts';
import { requireCustomerOfRole } from '../user-checks.ts';
import { pageByNumber } from './page-by-number.ts';

const tags = ['access'];

/** A name that looks like another one, or like nothing, would mislead whoever reads the audit log: letters, marks, figures, signs, single spaces. */
const VISIBLE_NAME = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+( [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u;
/** In the classes above, and without a width or a form: fillers of Hangul, blank Braille, joiners and selectors. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

export function registerApiKeys(server: HttpServer, { postgres, clock }: Platform): void {
  server.get('/v1/api-keys', {
    config: { access: ADMIN },
    schema: {
      operationId: 'listApiKeys',
      summary: 'API keys, newest first, revoked ones included',
      tags,
      querystring: ApiKeysQuery,
      response: { 200: ApiKeyList },
    },
    handler: ({ query }) => pageByNumber('api-key', query, (page) => listKeys(postgres, page)),
  });

  server.post('/v1/api-keys', {
    config: { access: ADMIN },
    schema: {
      operationId: 'createApiKey',
      summary: 'Make an API key',
      description:
        'The answer has the key itself, this once: only its hash is kept. A key of the role `customer` reads what is of its `customer`.',
      tags,
      body: ApiKeyInput,
      response: { 201: CreatedApiKey },
    },
    handler: async (request, reply) => {
      const at = clock.now();
      const input = readInput(request.body, at);
      const created = await postgres.transaction(async (transaction) => {
        await requireCustomerOfRole(transaction, input);
        return createKey(transaction, input, { at, by: actorOf(request) });
      });
      if (created === undefined)
        throw new ProblemError(
          'conflict',
          `There is or was a key "${input.name}". A name is never given again, as the audit log names keys by it: take another one.`,
        );
      return reply.status(201).send({ ...created.row, key: created.key });
    },
  });

  server.delete('/v1/api-keys/:id', {
    config: { access: ADMIN },
    schema: {
      operationId: 'revokeApiKey',
      summary: 'Revoke an API key',
      description: 'From the next call on it is refused. It stays listed, and cannot be brought back. May be repeated.',
      tags,
      params: NumberParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const by = actorOf(request);
      if (!(await postgres.transaction((transaction) => revokeKey(transaction, id, { at: clock.now(), by }))))
        throw new ProblemError('not_found', `There is no API key ${id}. Ids come from GET /v1/api-keys.`);
      return reply.status(204).send(null);
    },
  });
}

function readInput({ name: typed, role, customer, expiresAt }: ApiKeyInput, now: Date): NewKey {
  // Two ways to write é are one name.
  const name = typed.normalize('NFC');
  if (!VISIBLE_NAME.test(name) || UNSEEN.test(name))
    throw fieldProblem('unprocessable', 'name', 'takes characters that can be seen, and single spaces between them');
  const end = expiresAt === undefined ? undefined : readInstant(expiresAt, 'expiresAt');
  if (end !== undefined && end.epochMs <= now.getTime())
    throw fieldProblem('unprocessable', 'expiresAt', `${expiresAt} is over; name a time to come, or none`);
  return { name, role, customer, expiresAt: end?.text };
}
