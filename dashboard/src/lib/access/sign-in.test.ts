import { describe, expect, it } from 'vitest';
import { problemWords } from './open-id-problems.ts';
import { localPath, signInAddress } from './sign-in.ts';

describe('where signing in leads', () => {
  it.each([
    ['/invoices?status=final', '/invoices?status=final'],
    ['//evil.example/x', undefined],
    ['/\\evil.example', undefined],
    ['https://evil.example', undefined],
    ['javascript:alert(1)', undefined],
    ['/a/../../b', '/b'],
    ['/a/..//evil.example', undefined],
    ['/\tx//evil.example', '/x//evil.example'],
    [null, undefined],
  ])('%s: %s', (text, path) => expect(localPath(text)).toBe(path));
});

describe('the sign-in page', () => {
  it.each([
    ['/invoices/3?line=1', '/sign-in?to=%2Finvoices%2F3%3Fline%3D1'],
    ['/', '/sign-in'],
    ['/sign-in?problem=x', '/sign-in'],
  ])('leads back to %s: %s', (here, there) => {
    const { pathname, search } = new URL(here, 'http://here.invalid');
    expect(signInAddress({ pathname, search })).toBe(there);
  });
});

it('only problems of ours are shown', () => {
  expect(problemWords('unknown_user')).toContain('invited');
  expect([problemWords('Call +1 555 0100 to unlock'), problemWords('toString'), problemWords(null)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
