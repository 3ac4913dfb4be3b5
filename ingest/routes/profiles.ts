/** `/v1/profiles`: mappings kept under a name, and the files to start from. */
import { Type } from 'typebox';
import { ADMIN, STAFF_AND_SENDERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { actorOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Platform } from '../../platform/platform.ts';
import { List } from '../../schemas/http/common.ts';
import { Mapping, Profile } from '../../schemas/http/imports.ts';
import { attachment } from '../attachment.ts';
import { DEFAULT_TEMPLATE, mappingFaults, templateCsv } from '../csv/template.ts';
import { deleteProfile, isBuiltIn, listProfiles, readProfile, saveProfile } from '../profiles.ts';

const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });
const tags = ['profiles'];
const csv = { tags, produces: ['text/csv'], response: { 200: Type.String() } };

export async function profileRoutes(app: HttpServer, platform: Platform): Promise<void> {
  const { postgres } = platform;
  app.get(
    '/v1/profiles',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { tags, operationId: 'listProfiles', summary: 'All profiles', response: { 200: List(Profile) } },
    },
    async () => ({
      items: await listProfiles(postgres),
      nextCursor: null,
    }),
  );

  app.get(
    '/v1/profiles/:name',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { tags, operationId: 'getProfile', summary: 'One profile', params: Name, response: { 200: Profile } },
    },
    async (request) => {
      return (await readProfile(postgres, request.params.name)) ?? missing(request.params.name);
    },
  );

  app.put(
    '/v1/profiles/:name',
    {
      config: { access: ADMIN },
      schema: { tags, operationId: 'putProfile', summary: 'Save a mapping', params: Name, body: Mapping, response: { 200: Profile } },
    },
    (request) => {
      refuseBuiltIn(request.params.name);
      refuseFaults(request.body);
      return saveProfile(platform, request.params.name, request.body, actorOf(request));
    },
  );

  app.delete(
    '/v1/profiles/:name',
    { config: { access: ADMIN }, schema: { tags, operationId: 'deleteProfile', summary: 'Remove a profile', params: Name } },
    async (request, reply) => {
      refuseBuiltIn(request.params.name);
      if (!(await deleteProfile(platform, request.params.name, actorOf(request)))) missing(request.params.name);
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/profiles/:name/template.csv',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { ...csv, operationId: 'getProfileTemplate', summary: 'A file to start from, for a profile', params: Name },
    },
    async (request, reply) => {
      const { name, mapping } = (await readProfile(postgres, request.params.name)) ?? missing(request.params.name);
      return reply.headers(csvHeaders(`${name}-template.csv`)).send(templateOf(mapping));
    },
  );

  app.get(
    '/v1/template.csv',
    {
      config: { access: STAFF_AND_SENDERS },
      schema: { ...csv, operationId: 'getTemplate', summary: 'A file to start from, which needs no mapping' },
    },
    async (_request, reply) => reply.headers(csvHeaders('template.csv')).send(templateOf(DEFAULT_TEMPLATE)),
  );
}

/** Faults of the mapping itself, which no file could mend. */
function refuseFaults(mapping: Mapping): void {
  const errors = mappingFaults(mapping);
  if (errors.length > 0)
    throw new ProblemError('mapping_incomplete', errors.map(({ path, message }) => `${path}: ${message}`).join('. '), { errors });
}

function templateOf(mapping: Mapping): string {
  const text = templateCsv(mapping);
  if (text === undefined)
    throw new ProblemError('unprocessable', 'The mapping names a column so far to the right that no file is made for it.');
  return text;
}

function csvHeaders(fileName: string) {
  return { ...attachment(fileName), 'content-type': 'text/csv; charset=utf-8; header=present' };
}

function refuseBuiltIn(name: string): void {
  if (isBuiltIn(name))
    throw new ProblemError('conflict', `"${name}" is a built-in profile, which no one changes. Save the mapping under another name.`);
}

function missing(name: string): never {
  throw new ProblemError('not_found', `There is no profile "${name}".`);
}
