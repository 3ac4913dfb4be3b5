/** Who does what tests do without a request. */
import type { Actor } from '../../platform/access/caller.ts';

export const TESTER: Actor = { name: 'tester', address: null };
