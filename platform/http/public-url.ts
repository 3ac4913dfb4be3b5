/** Where people reach this installation. */
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../../core/errors.ts';

/** With https, the session cookie is sent over nothing else. Nobody knows where no URL is configured. */
export function isHttps(publicUrl: string | undefined): boolean {
  return publicUrl !== undefined && new URL(publicUrl).protocol === 'https:';
}

/**
 * As configured; else as the caller has reached it, which only the caller is shown: nothing goes out by mail without a configured URL.
 * No slash at the end. Throws `invalid_request` where the caller has not said how.
 */
export function publicUrlOf(request: FastifyRequest, configured: string | undefined): string {
  if (configured !== undefined) return configured;
  if (request.host !== '') return `${request.protocol}://${request.host}`;
  throw new ProblemError(
    'invalid_request',
    'The answer has a link, and nothing says where it leads: send a Host header, or set TALLYLINE_PUBLIC_URL.',
  );
}
