import { describe, expect, it } from 'vitest';
import { ProblemError } from '../core/errors.ts';
import { readInstant, readRange } from './instants.ts';

describe('a time', () => {
  it.each([
    ['2026-10-01T00:00:00Z', '2026-10-01T00:00:00.000000Z'],
    ['2026-10-01T02:00:00+02:00', '2026-10-01T00:00:00.000000Z'],
    ['2026-10-01t00:00:00.1234567z', '2026-10-01T00:00:00.123456Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999000Z'],
    ['2026-01-01T00:00:00.5-05:45', '2026-01-01T05:45:00.500000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000000Z'],
  ])('%s is %s', (text, expected) => {
    expect(readInstant(text, 'from').text).toBe(expected);
    expect(readInstant(text, 'from').epochMs).toBe(Date.parse(`${expected.slice(0, 23)}Z`));
  });

  it.each([
    '2026-10-01',
    '2026-10-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-10-01T24:00:00Z',
    '2026-10-01T00:00:00 02:00',
    'now',
    '',
    '1700000000',
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999999Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-14:00',
  ])('%j is refused, naming the parameter', (text) => {
    expect(() => readInstant(text, 'from')).toThrow(
      expect.objectContaining({ code: 'invalid_request', errors: [expect.objectContaining({ path: 'from' })] }),
    );
  });

  it('makes an empty range a fault of its own', () => {
    expect(() => readRange('2026-10-02T00:00:00Z', '2026-10-02T00:00:00Z')).toThrow(ProblemError);
  });
});
