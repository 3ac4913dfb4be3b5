/** `/v1/profiles`: mappings kept under a name. */
import { Type } from 'typebox';
import { toInstant } from '../../core/instant-text.ts';
import { ProblemError } from '../../core/errors.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';
import { List } from '../../schemas/http/common.ts';
import { Mapping, Profile } from '../../schemas/http/imports.ts';

const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });

/** A list is not paged: a profile is made by hand, per kind of file. */
const PROFILES_MAX = 1_000;

export async function profileRoutes(app: HttpServer, postgres: Postgres): Promise<void> {
  app.get('/v1/profiles', { schema: { tags: ['profiles'], summary: 'All profiles', response: { 200: List(Profile) } } }, async () => {
    const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles ORDER BY name LIMIT $1`, [PROFILES_MAX]);
    return { items: rows.map(toProfile), nextCursor: null };
  });

  app.get('/v1/profiles/:name', { schema: { tags: ['profiles'], summary: 'One profile', params: Name, response: { 200: Profile } } }, async (request) => {
    const profile = await readProfile(postgres, request.params.name);
    if (!profile) throw new ProblemError('not_found', `There is no profile "${request.params.name}".`);
    return profile;
  });

  app.put(
    '/v1/profiles/:name',
    { schema: { tags: ['profiles'], summary: 'Save a mapping', params: Name, body: Mapping, response: { 200: Profile } } },
    async (request) => {
      const { rows } = await postgres.query<ProfileRow>(
        `INSERT INTO profiles (name, mapping) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET mapping = $2, updated_at = now() RETURNING name, mapping, updated_at`,
        [request.params.name, JSON.stringify(request.body)],
      );
      return toProfile(rows[0] as ProfileRow);
    },
  );

  app.delete('/v1/profiles/:name', { schema: { tags: ['profiles'], summary: 'Remove a profile', params: Name } }, async (request, reply) => {
    const { rowCount } = await postgres.query(`DELETE FROM profiles WHERE name = $1`, [request.params.name]);
    if (rowCount === 0) throw new ProblemError('not_found', `There is no profile "${request.params.name}".`);
    return reply.code(204).send();
  });
}

interface ProfileRow {
  [column: string]: unknown;
  name: string;
  mapping: Mapping;
  updated_at: string;
}

export async function readProfile(postgres: Postgres, name: string): Promise<Profile | undefined> {
  const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles WHERE name = $1`, [name]);
  return rows[0] && toProfile(rows[0]);
}

function toProfile(row: ProfileRow): Profile {
  return { name: row.name, mapping: row.mapping, updatedAt: toInstant(row.updated_at) };
}
