/** Profiles: mappings under a name, kept in Postgres by people, or shipped. A shipped name is nobody's to change. */
import { toInstant } from '../core/instant-text.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Mapping, Profile } from '../schemas/http/imports.ts';
import { findPreset, PRESETS } from './presets/presets.ts';
import type { Preset } from './presets/preset.ts';

/** A list is not paged: a profile is made by hand, per kind of file. */
const PROFILES_MAX = 1_000;

interface ProfileRow {
  [column: string]: unknown;
  name: string;
  mapping: Mapping;
  updated_at: string;
}

/** The saved ones by name, then the built-in ones. */
export async function listProfiles(postgres: Postgres): Promise<Profile[]> {
  const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles ORDER BY name LIMIT $1`, [
    PROFILES_MAX,
  ]);
  return [...rows.filter(({ name }) => !isBuiltIn(name)).map(toProfile), ...PRESETS.map(fromPreset)];
}

export async function readProfile(postgres: Postgres, name: string): Promise<Profile | undefined> {
  const preset = findPreset(name);
  if (preset !== undefined) return fromPreset(preset);
  const { rows } = await postgres.query<ProfileRow>(`SELECT name, mapping, updated_at FROM profiles WHERE name = $1`, [name]);
  return rows[0] && toProfile(rows[0]);
}

export function isBuiltIn(name: string): boolean {
  return findPreset(name) !== undefined;
}

/** `name` is not that of a built-in profile. */
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
  return { name: row.name, builtIn: false, description: null, mapping: row.mapping, updatedAt: toInstant(row.updated_at) };
}

function fromPreset({ name, description, mapping }: Preset): Profile {
  return { name, builtIn: true, description, mapping, updatedAt: null };
}
