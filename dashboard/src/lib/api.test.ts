import { describe, expect, it } from 'vitest';
import { address, problemOf } from './api.ts';

describe('addresses', () => {
  it('leave out what is not set and escape the rest', () => {
    expect(address('/v1/records', { customer: 'a&b', meter: undefined, import: null, status: '', limit: 100 })).toBe(
      '/v1/records?customer=a%26b&limit=100',
    );
    expect(address('/v1/plans')).toBe('/v1/plans');
  });
});

describe('refusals', () => {
  it('carry the code, the words and the fields of the problem', () => {
    const error = problemOf(
      422,
      JSON.stringify({
        code: 'invalid_plan',
        title: 'The plan is not sound',
        detail: 'Two tiers overlap.',
        requestId: 'r1',
        errors: [{ path: 'prices/0', code: 'x', message: 'm' }],
      }),
    );
    expect(error).toMatchObject({
      status: 422,
      code: 'invalid_plan',
      message: 'Two tiers overlap.',
      requestId: 'r1',
      errors: [{ path: 'prices/0', code: 'x', message: 'm' }],
    });
  });

  it('survive a body that is no JSON', () => {
    expect(problemOf(502, '<html>')).toMatchObject({ status: 502, code: 'unknown' });
  });
});
