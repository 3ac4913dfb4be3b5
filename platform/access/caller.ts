/** Who is calling, once that is known. */
import type { KeyRole, UserRole } from './roles.ts';

interface Identity {
  /** Unique and for ever the same: an e-mail address, `key "billing"`, `admin key`. For `createdBy`, the audit log, and as the scope of an `Idempotency-Key`. */
  name: string;
  /** Of the connection, or what a trusted proxy says of it. */
  address: string;
}

/** How they showed who they are. */
export type Means =
  | { means: 'key'; keyId: string | null }
  | { means: 'session'; sessionId: string; /** RFC 3339, UTC. */ expiresAt: string; userId: string | null }
  | { means: 'link'; linkId: string };

/** What they may do. */
export type Standing =
  { role: 'admin' | 'analyst' | 'ingest' } | { role: 'customer'; customer: string } | { role: 'link'; customer: string; invoice: string };

export type Caller = Identity & Means & Standing;

/** Of a user or a key, as the database has it, which binds the role `customer` to a customer. `name` for the error where it does not. */
export function standingOf({ name, role, customer }: { name: string; role: UserRole | KeyRole; customer: string | null }): Standing {
  if (role !== 'customer') return { role };
  if (customer === null) throw new Error(`${name} has the role customer, and no customer`);
  return { role, customer };
}

/** Who did something, for the audit log. */
export interface Actor {
  name: string;
  /** Null for the program itself. */
  address: string | null;
}
