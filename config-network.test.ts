import { describe, expect, it } from 'vitest';
import { exposureWarning, readTrustedProxies } from './config-network.ts';

describe('readTrustedProxies', () => {
  it('takes addresses, networks and names of networks, and nobody where nothing is said', () => {
    const faults: string[] = [];
    expect(readTrustedProxies('', faults)).toEqual([]);
    expect(readTrustedProxies('10.1.2.3, 10.0.0.0/8,::1,fd00::/8 , uniquelocal', faults)).toEqual([
      '10.1.2.3',
      '10.0.0.0/8',
      '::1',
      'fd00::/8',
      'uniquelocal',
    ]);
    expect(faults).toEqual([]);
  });

  it.each([
    'true',
    '*',
    'gateway',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '0.0.0.0/0',
    '::/0',
    'fd00::/129',
    '10.0.0.0/8/8',
    '1',
    '10.0.0.1:80',
  ])('refuses what is none, or everybody: %s', (text) => {
    const faults: string[] = [];
    readTrustedProxies(`10.1.2.3,${text}`, faults);
    expect(faults).toEqual([expect.stringContaining(`TALLYLINE_TRUSTED_PROXIES: "${text}"`)]);
  });
});

describe('exposureWarning', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('says nothing where only this machine can come: %s', (host) => {
    expect(exposureWarning({ host, publicUrl: undefined })).toBeUndefined();
    expect(exposureWarning({ host, publicUrl: 'http://usage.example.com' })).toBeUndefined();
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'usage.example.com'])('speaks up where others can, and no TLS is in front: %s', (host) => {
    expect(exposureWarning({ host, publicUrl: undefined })).toContain(`listens on ${host}`);
    expect(exposureWarning({ host, publicUrl: 'http://usage.example.com' })).toContain('TALLYLINE_PUBLIC_URL');
    expect(exposureWarning({ host, publicUrl: 'https://usage.example.com' })).toBeUndefined();
  });
});
