/** Keys of machines. */
import { toInstant } from '../../core/instant-text.ts';
import type { ApiKey } from '../../schemas/http/api-keys.ts';
import type { Clock } from '../clock.ts';
import type { Postgres, Queryable, Transaction } from '../postgres/postgres.ts';
import { writeAudit } from './audit.ts';
import { type Actor, type Standing, standingOf } from './caller.ts';
import { announceEnd } from './credential-watch.ts';
import type { KeyRole } from './roles.ts';
import { hashToken, newToken } from './tokens.ts';

/** Keys are known by it where they leak: secret scanners look for prefixes. */
export const KEY_PREFIX = 'tallyline_';
/** 256 bits in base64url. */
const KEY = new RegExp(`^${KEY_PREFIX}[\\w-]{43}$`);
/** What lists show of a key: enough to know it again, and 220 bits short of it. */
const SHOWN_CHARACTERS = 6;
/** How late `last_used_at` may be. */
const USED_EVERY_MS = 60_000;

export interface UsableKey {
  keyId: string;
  name: string;
  standing: Standing;
}

export type RefusedKey = { ok: false; why: 'unknown' } | { ok: false; why: 'expired' | 'revoked'; keyId: string; name: string };
export type KeyAnswer = { ok: true; key: UsableKey } | RefusedKey;

interface UsableRow {
  keyId: string;
  name: string;
  role: KeyRole;
  customer: string | null;
  isExpired: boolean;
  isRevoked: boolean;
  isStale: boolean;
  [column: string]: unknown;
}

/** Looks a key up, and notes that it was used. What cannot be a key is not looked for. */
export async function useKey(postgres: Postgres, clock: Clock, { key, address }: { key: string; address: string }): Promise<KeyAnswer> {
  if (!KEY.test(key)) return { ok: false, why: 'unknown' };
  const now = clock.now();
  const staleBefore = new Date(now.getTime() - USED_EVERY_MS).toISOString();
  const { rows } = await postgres.query<UsableRow>(
    `SELECT key_id::text AS "keyId", name, role, customer, coalesce(expires_at <= $2, false) AS "isExpired", revoked_at IS NOT NULL AS "isRevoked",
            coalesce(last_used_at < $3, true) AS "isStale"
       FROM api_keys WHERE key_hash = $1`,
    [hashToken(key), now.toISOString(), staleBefore],
  );
  const [row] = rows;
  if (row === undefined) return { ok: false, why: 'unknown' };
  const { keyId, name, role, customer } = row;
  if (row.isRevoked || row.isExpired) return { ok: false, why: row.isRevoked ? 'revoked' : 'expired', keyId, name };
  if (row.isStale) {
    // Many calls at once find it stale together: one of them writes, and none waits for it.
    await postgres.query(
      `UPDATE api_keys SET last_used_at = $2, last_used_from = $3 WHERE key_id =
         (SELECT key_id FROM api_keys WHERE key_id = $1::bigint AND coalesce(last_used_at < $4, true) FOR NO KEY UPDATE SKIP LOCKED)`,
      [keyId, now.toISOString(), address, staleBefore],
    );
  }
  const caller = `key "${name}"`;
  return { ok: true, key: { keyId, name: caller, standing: standingOf({ name: caller, role, customer }) } };
}

interface KeyRow extends ApiKey {
  [column: string]: unknown;
}

const COLUMNS = `key_id::text AS id, name, prefix, role, customer, created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt", last_used_from AS "lastUsedFrom", revoked_at AS "revokedAt", revoked_by AS "revokedBy"`;

export interface NewKey {
  name: string;
  role: KeyRole;
  /** Of the role `customer`. */
  customer: string | undefined;
  /** RFC 3339, UTC. */
  expiresAt: string | undefined;
}

/** Answers the key itself beside its row, which has its hash alone. Undefined: a key has or had the name. */
export async function createKey(
  transaction: Transaction,
  { name, role, customer, expiresAt }: NewKey,
  { at, by }: { at: Date; by: Actor },
): Promise<{ row: ApiKey; key: string } | undefined> {
  const key = newToken(KEY_PREFIX);
  const prefix = key.slice(0, KEY_PREFIX.length + SHOWN_CHARACTERS);
  const { rows } = await transaction.query<KeyRow>(
    `INSERT INTO api_keys (name, prefix, key_hash, role, customer, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (name) DO NOTHING RETURNING ${COLUMNS}`,
    [name, prefix, hashToken(key), role, customer ?? null, at.toISOString(), by.name, expiresAt ?? null],
  );
  const row = rows[0] && toKey(rows[0]);
  if (row === undefined) return undefined;
  const details = { name, role, customer: row.customer, expiresAt: row.expiresAt };
  await writeAudit(transaction, { at, by, what: 'key.created', subject: `key/${row.id}`, details });
  return { row, key };
}

/** Newest first, those that were revoked included. */
export async function listKeys(postgres: Queryable, page: { before: string | undefined; rows: number }): Promise<ApiKey[]> {
  const { rows } = await postgres.query<KeyRow>(
    `SELECT ${COLUMNS} FROM api_keys WHERE $1::bigint IS NULL OR key_id < $1::bigint ORDER BY key_id DESC LIMIT $2`,
    [page.before ?? null, page.rows],
  );
  return rows.map(toKey);
}

/** May be repeated: the first time stands. False: there is no such key. */
export async function revokeKey(transaction: Transaction, id: string, { at, by }: { at: Date; by: Actor }): Promise<boolean> {
  const { rows } = await transaction.query<{ name: string }>(
    'UPDATE api_keys SET revoked_at = $2, revoked_by = $3 WHERE key_id = $1::bigint AND revoked_at IS NULL RETURNING name',
    [id, at.toISOString(), by.name],
  );
  const [revoked] = rows;
  if (revoked !== undefined) {
    await announceEnd(transaction);
    await writeAudit(transaction, { at, by, what: 'key.revoked', subject: `key/${id}`, details: { name: revoked.name } });
    return true;
  }
  const { rowCount } = await transaction.query('SELECT FROM api_keys WHERE key_id = $1::bigint', [id]);
  return rowCount === 1;
}

function toKey({ createdAt, expiresAt, lastUsedAt, revokedAt, ...row }: KeyRow): ApiKey {
  return {
    ...row,
    createdAt: toInstant(createdAt),
    expiresAt: toInstant(expiresAt),
    lastUsedAt: toInstant(lastUsedAt),
    revokedAt: toInstant(revokedAt),
  };
}
