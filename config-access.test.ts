import { describe, expect, it } from 'vitest';
import { readAccess, type AccessSettings } from './config-access.ts';

const PUBLIC_URL = 'https://usage.example.com';

function read(environment: Record<string, string>, publicUrl: string | undefined = PUBLIC_URL): AccessSettings & { faults: string[] } {
  const faults: string[] = [];
  return { ...readAccess(environment, { publicUrl, faults }), faults };
}

const FROM = { TALLYLINE_MAIL_FROM: 'billing@example.com' };
const OIDC = {
  TALLYLINE_OIDC_ISSUER: 'https://login.example.com/realms/staff',
  TALLYLINE_OIDC_CLIENT_ID: 'tallyline',
  TALLYLINE_OIDC_CLIENT_SECRET: 's3cret',
};

describe('the mail server', () => {
  it('needs not be', () => {
    expect(read({}, undefined)).toEqual({ mail: undefined, openId: undefined, faults: [] });
  });

  it.each<[url: string, server: object]>([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, tls: 'asked for', username: undefined, password: undefined }],
    [
      'smtp://ada:a%40b%2Fc@mail.example.com:2525',
      { host: 'mail.example.com', port: 2525, tls: 'asked for', username: 'ada', password: 'a@b/c' },
    ],
    [
      'smtps://ada%40example.com:x@mail.example.com/',
      { host: 'mail.example.com', port: 465, tls: 'at once', username: 'ada@example.com', password: 'x' },
    ],
    ['smtp://localhost:25', { host: 'localhost', port: 25, tls: 'none', username: undefined, password: undefined }],
    ['smtp://[::1]:25', { host: '::1', port: 25, tls: 'none', username: undefined, password: undefined }],
    ['smtp://relay:25?tls=none', { host: 'relay', port: 25, tls: 'none', username: undefined, password: undefined }],
  ])('may be %s', (url, server) => {
    expect(read({ TALLYLINE_SMTP_URL: url, ...FROM })).toEqual({
      mail: { server, from: 'billing@example.com' },
      openId: undefined,
      faults: [],
    });
  });

  it.each([
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://ada:100%@mail',
    'smtp://mail?tls=off',
    'smtps://mail?tls=none',
    'smtp://mail/path',
  ])('may not be %s, and the fault does not quote it', (url) => {
    const { faults } = read({ TALLYLINE_SMTP_URL: url, ...FROM });
    expect(faults).toEqual([expect.stringContaining('TALLYLINE_SMTP_URL is not smtp://user:password@host:port')]);
    expect(faults.join()).not.toContain(`${url} `);
  });

  it.each([
    ['billing@example.com', true],
    ['Example Billing <billing@example.com>', true],
    ['', false],
    ['billing', false],
    ['a@b.c\r\nBcc: d@e.f', false],
    ['a@b.c, d@e.f', false],
  ])('sends as %j: %s', (from, isGood) => {
    const { faults } = read({ TALLYLINE_SMTP_URL: 'smtp://localhost', TALLYLINE_MAIL_FROM: from });
    expect(faults).toEqual(isGood ? [] : [expect.stringContaining('TALLYLINE_MAIL_FROM is')]);
  });

  it('needs to know where links lead, and a sender needs a server', () => {
    expect(read({ TALLYLINE_SMTP_URL: 'smtp://localhost', ...FROM }, '').faults).toEqual([]);
    const faults: string[] = [];
    readAccess({ TALLYLINE_SMTP_URL: 'smtp://localhost', ...FROM }, { publicUrl: undefined, faults });
    expect(faults).toEqual([expect.stringContaining('TALLYLINE_SMTP_URL needs TALLYLINE_PUBLIC_URL')]);
    expect(read(FROM).faults).toEqual([expect.stringContaining('TALLYLINE_SMTP_URL is not')]);
  });
});

describe('the identity provider', () => {
  it('is known by its issuer, and sends people back to the public URL', () => {
    expect(read(OIDC)).toEqual({
      mail: undefined,
      openId: {
        issuer: 'https://login.example.com/realms/staff',
        clientId: 'tallyline',
        clientSecret: 's3cret',
        name: 'login.example.com',
        redirectUrl: 'https://usage.example.com/v1/oidc/callback',
      },
      faults: [],
    });
    expect(read({ ...OIDC, TALLYLINE_OIDC_NAME: 'Example Login' }).openId?.name).toBe('Example Login');
  });

  it('needs all of its settings', () => {
    const { faults } = read({ TALLYLINE_OIDC_CLIENT_SECRET: 's3cret' });
    expect(faults).toEqual([expect.stringMatching(/^TALLYLINE_OIDC_ISSUER and TALLYLINE_OIDC_CLIENT_ID are not set/)]);
    expect(faults.join()).not.toContain('s3cret');
    const without: string[] = [];
    readAccess(OIDC, { publicUrl: undefined, faults: without });
    expect(without).toEqual([expect.stringContaining('TALLYLINE_OIDC_ISSUER needs TALLYLINE_PUBLIC_URL')]);
  });

  it.each([
    ['https://login.example.com', true],
    ['http://127.0.0.1:8080/realms/a', true],
    ['http://localhost:8080', true],
    ['http://login.example.com', false],
    ['login.example.com', false],
    ['ftp://login.example.com', false],
  ])('may be %s: %s', (issuer, isGood) => {
    expect(read({ ...OIDC, TALLYLINE_OIDC_ISSUER: issuer }).faults).toEqual(
      isGood ? [] : [expect.stringContaining('TALLYLINE_OIDC_ISSUER is not a URL')],
    );
  });
});
