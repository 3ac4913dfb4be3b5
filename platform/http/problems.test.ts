import { describe, expect, it } from 'vitest';
import { PROBLEMS, type ProblemCode, ProblemError } from '../../core/errors.ts';
import { StoreUnavailableError } from '../store-unavailable.ts';
import { isConnectionError, problemBody, toProblemError } from './problems.ts';

describe('a problem', () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])('carries the status and title of %s, its detail and the request id', (code) => {
    const body = problemBody(new ProblemError(code, 'What happened.'), 'r-1');
    expect(body).toEqual({
      type: `urn:tallyline:problem:${code}`,
      title: PROBLEMS[code].title,
      status: PROBLEMS[code].status,
      code,
      detail: 'What happened.',
      requestId: 'r-1',
    });
  });

  it('lists field errors with path, code and message', () => {
    const errors = [{ path: 'prices/0/meter', code: 'missing', message: 'meter is missing' }];
    expect(problemBody(new ProblemError('invalid_plan', 'The plan has a fault.', { errors }), 'r-2').errors).toEqual(errors);
  });
});

describe('an unexpected throw', () => {
  it('becomes internal and tells nothing of what it said', () => {
    const problem = toProblemError(new TypeError('password=hunter2 at 10.0.0.7'));
    expect(problem.code).toBe('internal');
    expect(JSON.stringify(problemBody(problem, 'r'))).not.toMatch(/hunter2|10\.0\.0\.7|TypeError/);
  });

  it.each([
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['a server that is shutting down', Object.assign(new Error('x'), { code: '57P01' })],
    ['a full disk', Object.assign(new Error('x'), { code: 'ENOSPC' })],
    ['a full disk of Postgres', Object.assign(new Error('x'), { code: '53100' })],
    ['what a driver says', new Error('append failed', { cause: new StoreUnavailableError('event log', 'no leader') })],
    ['a broken connection, class 08', Object.assign(new Error('x'), { code: '08006' })],
    [
      'one of these as the cause of a cause',
      new Error('query failed', { cause: new Error('driver', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) }) }),
    ],
  ])('is store_unavailable for %s', (_name, error) => {
    expect(isConnectionError(error)).toBe(true);
    expect(toProblemError(error).code).toBe('store_unavailable');
  });

  it('is not store_unavailable for a statement the database refused', () => {
    expect(isConnectionError(Object.assign(new Error('x'), { code: '23505' }))).toBe(false);
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'payload_too_large'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'unsupported_media_type'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'invalid_request'],
  ])('of the HTTP layer keeps its meaning: %s', (code, statusCode, expected) => {
    expect(toProblemError(Object.assign(new Error('Body is not JSON'), { code, statusCode })).code).toBe(expected);
  });
});
