/** `/v1/profiles`: mappings kept under a name. */
import { Type } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { List } from '../../schemas/http/common.ts';
import { Mapping, Profile } from '../../schemas/http/imports.ts';
import { deleteProfile, listProfiles, readProfile, saveProfile } from '../profiles.ts';

const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });
const tags = ['profiles'];

export async function profileRoutes(app: HttpServer, postgres: Postgres): Promise<void> {
  app.get(
    '/v1/profiles',
    { schema: { tags, operationId: 'listProfiles', summary: 'All profiles', response: { 200: List(Profile) } } },
    async () => ({
      items: await listProfiles(postgres),
      nextCursor: null,
    }),
  );

  app.get(
    '/v1/profiles/:name',
    { schema: { tags, operationId: 'getProfile', summary: 'One profile', params: Name, response: { 200: Profile } } },
    async (request) => {
      return (await readProfile(postgres, request.params.name)) ?? missing(request.params.name);
    },
  );

  app.put(
    '/v1/profiles/:name',
    { schema: { tags, operationId: 'putProfile', summary: 'Save a mapping', params: Name, body: Mapping, response: { 200: Profile } } },
    (request) => saveProfile(postgres, request.params.name, request.body),
  );

  app.delete(
    '/v1/profiles/:name',
    { schema: { tags, operationId: 'deleteProfile', summary: 'Remove a profile', params: Name } },
    async (request, reply) => {
      if (!(await deleteProfile(postgres, request.params.name))) missing(request.params.name);
      return reply.code(204).send();
    },
  );
}

function missing(name: string): never {
  throw new ProblemError('not_found', `There is no profile "${name}".`);
}
