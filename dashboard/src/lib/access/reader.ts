/** Who looks at the page, for what it offers them; what is not theirs the server refuses in any case. Read while drawing: it follows the page's data. */
import { page } from '$app/state';
import type { Session } from '../types.ts';
import { mayChange, type Role } from './roles.ts';

export const reader = {
  /** Pages outside the signed-in part are reached by a link to one invoice. While the server cannot tell, nobody is offered a change. */
  get role(): Role {
    const session = page.data['session'] as Session | null | undefined;
    return session === undefined ? 'link' : (session?.role ?? 'analyst');
  },
  /** Sees all customers, and how the installation does. */
  get isStaff(): boolean {
    return this.role === 'admin' || this.role === 'analyst';
  },
  /** Follows an event to the line of its file. */
  get opensLines(): boolean {
    return this.role !== 'link';
  },
  get mayChange(): boolean {
    return mayChange(this);
  },
};
