import { describe, expect, it } from 'vitest';
import { actWords, browserName, keyStanding, subjectHref } from './words.ts';

const KEY = {
  id: '1',
  name: 'billing',
  prefix: 'tallyline_abc',
  role: 'ingest',
  customer: null,
  createdAt: '2026-11-01T00:00:00Z',
  createdBy: 'ann@example.com',
  expiresAt: null,
  lastUsedAt: null,
  lastUsedFrom: null,
  revokedAt: null,
  revokedBy: null,
} as const;
const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('a key', () => {
  it.each([
    [{}, 'good', 'works until it is revoked'],
    [{ expiresAt: '2026-12-01T00:00:00Z' }, 'good', 'works until 1 Dec 00:00 UTC'],
    [{ expiresAt: '2026-11-23T12:00:00Z' }, 'bad', 'expired 23 Nov'],
    [
      { expiresAt: '2026-12-01T00:00:00Z', revokedAt: '2026-11-02T00:00:00Z', revokedBy: 'bo@example.com' },
      'quiet',
      'revoked 2 Nov by bo@example.com',
    ],
  ] as const)('with %j is %s: %s', (change, tone, text) => {
    expect(keyStanding({ ...KEY, ...change }, NOW)).toEqual({ tone, text });
  });
});

describe('a browser', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1', 'Safari on iOS'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge on Windows'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', 'a program without a name'],
  ])('that says "%s" is %s', (userAgent, name) => expect(browserName({ userAgent })).toBe(name));
});

describe('what an entry is about', () => {
  it.each([
    ['invoice/12', '/invoices/12'],
    ['plan/gold & silver', '/plans/gold%20%26%20silver'],
    ['customer/../../x', '/customers?open=..%2F..%2Fx'],
    ['settings', undefined],
    ['constructor/1', undefined],
  ])('%s is at %s', (subject, href) => expect(subjectHref(subject)).toBe(href));

  it('reads as words', () => expect(actWords('credit-note.created')).toBe('credit note created'));
});
