/** The `Idempotency-Key` of a call that sends usage. */
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../core/errors.ts';

/** As of credit notes. It stands in an index, whose entries have at most some 2,700 bytes. */
const KEY_LENGTH_MAX = 255;

/** Undefined where there is none. Throws `invalid_request`. */
export function idempotencyKeyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') return undefined;
  if (key.length <= KEY_LENGTH_MAX) return key;
  const message = `must have at most ${KEY_LENGTH_MAX} characters`;
  throw new ProblemError('invalid_request', `header "idempotency-key": ${message}.`, {
    errors: [{ path: 'idempotency-key', code: 'maxLength', message }],
  });
}
