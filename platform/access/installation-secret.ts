/** What an installation signs with: made once, the same in all of its processes, never changed. */
import { randomBytes } from 'node:crypto';
import type { Postgres } from '../postgres/postgres.ts';

/** By the database that holds them: it is asked once by each process, not once by each signature. */
const known = new WeakMap<Postgres, Map<string, string>>();

export async function readInstallationSecret(postgres: Postgres, name: string): Promise<string> {
  const secrets = known.get(postgres) ?? new Map<string, string>();
  known.set(postgres, secrets);
  const secret = secrets.get(name) ?? (await fetchSecret(postgres, name));
  secrets.set(name, secret);
  return secret;
}

async function fetchSecret(postgres: Postgres, name: string): Promise<string> {
  await postgres.query('INSERT INTO installation_secrets (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [
    name,
    randomBytes(32).toString('base64url'),
  ]);
  const { rows } = await postgres.query<{ secret: string }>('SELECT secret FROM installation_secrets WHERE name = $1', [name]);
  const [row] = rows;
  if (row === undefined) throw new Error(`the installation has no secret "${name}"`);
  return row.secret;
}
