/** Profiles: mappings under a name, kept in Postgres by people, or shipped. A shipped name is nobody's to change. */
import { toInstant } from '../core/instant-text.ts';
import { writeAudit } from '../platform/access/audit.ts';
import type { Actor } from '../platform/access/caller.ts';
import { changesBetween } from '../platform/access/changes.ts';
import type { Platform } from '../platform/platform.ts';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Mapping, Profile } from '../schemas/http/imports.ts';
import { findPreset, PRESETS } from './presets/presets.ts';
import type { Preset } from './presets/preset.ts';

/** A list is not paged: a profile is made by hand, per kind of file. */
const PROFILES_MAX = 1_000;

type Store = Pick<Platform, 'postgres' | 'clock'>;

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
export async function saveProfile({ postgres, clock }: Store, name: string, mapping: Mapping, by: Actor): Promise<Profile> {
  return postgres.transaction(async (transaction) => {
    const { rows: kept } = await transaction.query<ProfileRow>(
      'SELECT name, mapping, updated_at FROM profiles WHERE name = $1 FOR UPDATE',
      [name],
    );
    const { rows } = await transaction.query<ProfileRow>(
      `INSERT INTO profiles (name, mapping) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET mapping = $2, updated_at = now() RETURNING name, mapping, updated_at`,
      [name, JSON.stringify(mapping)],
    );
    const changes = changesBetween(kept[0]?.mapping, mapping);
    if (changes !== undefined)
      await writeAudit(transaction, { at: clock.now(), by, what: 'profile.changed', subject: `profile/${name}`, details: { ...changes } });
    return toProfile(rows[0] as ProfileRow);
  });
}

/** False when there is none of that name. */
export async function deleteProfile({ postgres, clock }: Store, name: string, by: Actor): Promise<boolean> {
  return postgres.transaction(async (transaction) => {
    const { rowCount } = await transaction.query(`DELETE FROM profiles WHERE name = $1`, [name]);
    if (rowCount !== 1) return false;
    await writeAudit(transaction, { at: clock.now(), by, what: 'profile.deleted', subject: `profile/${name}` });
    return true;
  });
}

function toProfile(row: ProfileRow): Profile {
  return { name: row.name, builtIn: false, description: null, mapping: row.mapping, updatedAt: toInstant(row.updated_at) };
}

function fromPreset({ name, description, mapping }: Preset): Profile {
  return { name, builtIn: true, description, mapping, updatedAt: null };
}
