/** States of the pipeline's work, in words. */
import type { DeadLetter, Rebuild } from '../types.ts';

export function isRebuilding(rebuild: Rebuild | null): boolean {
  return rebuild?.state === 'requested' || rebuild?.state === 'copying';
}

export const OUTCOME_WORDS: Record<NonNullable<DeadLetter['outcome']>, string> = {
  waiting: 'put back into the log',
  accepted: 'accepted',
  duplicate: 'already known',
  conflict: 'in conflict',
  voided: 'of an import that was undone',
  dead: 'still no event',
};
