/** What waits for somebody, or is on its way. */
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Postgres } from '../../platform/postgres/postgres.ts';

export interface LeftLying {
  deadLetters: number;
  /** That nobody has decided. */
  conflicts: number;
  /** Files whose events are on their way, or are being taken back. */
  imports: number;
}

export async function countLeftLying(postgres: Postgres, _scope: EveryCustomer): Promise<LeftLying> {
  const { rows } = await postgres.query<Record<keyof LeftLying, string>>(
    `SELECT (SELECT count(*) FROM dead_letters)::text AS "deadLetters",
            (SELECT count(*) FROM conflicts WHERE status <> 'resolved' AND keep IS NULL)::text AS conflicts,
            (SELECT count(*) FROM imports WHERE status IN ('received', 'publishing', 'settling', 'undoing') AND form = 'file')::text AS imports`,
  );
  const count = (name: keyof LeftLying) => Number(rows[0]?.[name] ?? 0);
  return { deadLetters: count('deadLetters'), conflicts: count('conflicts'), imports: count('imports') };
}
