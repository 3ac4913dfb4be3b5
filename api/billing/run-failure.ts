/** Why a billing run stopped: a store that is away for the moment, which it waits for, or anything else, which waiting does not mend. */
import { PROBLEMS, ProblemError } from '../../core/errors.ts';
import { isConnectionError } from '../../platform/http/problems.ts';
import type { BillingRun } from '../../schemas/http/billing-runs.ts';

/** Room for what a store says of one statement, and not for the statement itself. */
const MESSAGE_CHARACTERS_MAX = 1_000;

/**
 * Names under which Postgres and ClickHouse give a statement up for the sake of others, or for want of something: the same one may succeed later.
 * https://www.postgresql.org/docs/18/errcodes-appendix.html, `SELECT name FROM system.errors`
 */
const MOMENTARY = new Set<unknown>([
  // serialization_failure, deadlock_detected, lock_not_available, query_canceled, idle_in_transaction_session_timeout
  '40001',
  '40P01',
  '55P03',
  '57014',
  '25P03',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'QUERY_WAS_CANCELLED',
  'SOCKET_TIMEOUT',
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
]);

/** Through the chain of causes. */
export function isMomentary(error: unknown): boolean {
  if (isConnectionError(error)) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ProblemError && PROBLEMS[current.code].status === 503) return true;
    const { code, type } = current as { code?: unknown; type?: unknown };
    if (MOMENTARY.has(code) || MOMENTARY.has(type)) return true;
  }
  return false;
}

/** As the run says it, with what there is to do. */
export function runFailure(error: unknown): NonNullable<BillingRun['failure']> {
  const said = messageOf(error).slice(0, MESSAGE_CHARACTERS_MAX);
  return isMomentary(error)
    ? { code: 'store_unavailable', message: `${said}. The run goes on by itself, behind the customers that are done.` }
    : {
        code: 'internal',
        message: `${said}. Drafts made so far stand. When the cause is mended, start a run of the month again: it replaces drafts and leaves final invoices alone.`,
      };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
