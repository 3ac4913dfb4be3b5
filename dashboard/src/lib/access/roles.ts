/** What the roles may do, as far as pages offer it. */
import type { Session } from '../types.ts';

export type Role = Session['role'];

/** Changes of what is billed, and of who may come in. */
export function mayChange(session: Pick<Session, 'role'>): boolean {
  return session.role === 'admin';
}

export function isCustomer(session: Pick<Session, 'role'> | null): boolean {
  return session?.role === 'customer';
}
