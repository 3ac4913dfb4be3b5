/** Profiles in Postgres: mappings kept under a name. */
import { toInstant } from '../core/instant-text.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Mapping, Profile } from '../schemas/http/imports.ts';

/** A list is not paged: a profile is made by hand, per kind of file. */
const PROFILES_MAX = 1_000;

interface ProfileRow {
  [column: string]: unknown;
  name: string;
  mapping: Mapping;
  updated_at: string;
}

export async function listProfiles(postgres: Postgres): Promise<Profile[]> {
  const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles ORDER BY name LIMIT $1`, [
    PROFILES_MAX,
  ]);
  return rows.map(toProfile);
}

export async function readProfile(postgres: Postgres, name: string): Promise<Profile | undefined> {
  const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles WHERE name = $1`, [name]);
  return rows[0] && toProfile(rows[0]);
}

export async function saveProfile(postgres: Postgres, name: string, mapping: Mapping): Promise<Profile> {
  const { rows } = await postgres.query<ProfileRow>(
    `INSERT INTO profiles (name, mapping) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET mapping = $2, updated_at = now() RETURNING name, mapping, updated_at`,
    [name, JSON.stringify(mapping)],
  );
  return toProfile(rows[0] as ProfileRow);
}

/** False when there is none of that name. */
export async function deleteProfile(postgres: Postgres, name: string): Promise<boolean> {
  const { rowCount } = await postgres.query(`DELETE FROM profiles WHERE name = $1`, [name]);
  return rowCount === 1;
}

function toProfile(row: ProfileRow): Profile {
  return { name: row.name, mapping: row.mapping, updatedAt: toInstant(row.updated_at) };
}
