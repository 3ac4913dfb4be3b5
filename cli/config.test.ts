import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ClientConfig, type ClientFlags, type Environment, readClientConfig } from './config.ts';

function configOf(flags: ClientFlags, environment: Environment): ClientConfig {
  const outcome = readClientConfig(flags, environment);
  if (!outcome.ok) throw new Error(outcome.faults.join());
  return outcome.config;
}

describe('where a command looks', () => {
  it.each<[ClientFlags, Environment, url: string]>([
    [{}, {}, 'http://127.0.0.1:4000'],
    [{}, { PORT: '4001' }, 'http://127.0.0.1:4001'],
    [{}, { PORT: '', TALLYLINE_URL: '', TALLYLINE_HOST: '' }, 'http://127.0.0.1:4000'],
    [{}, { TALLYLINE_HOST: '0.0.0.0' }, 'http://127.0.0.1:4000'],
    [{}, { TALLYLINE_HOST: '::' }, 'http://127.0.0.1:4000'],
    [{}, { TALLYLINE_HOST: '::1' }, 'http://[::1]:4000'],
    [{}, { TALLYLINE_HOST: '10.0.0.7', PORT: '80' }, 'http://10.0.0.7:80'],
    [{}, { TALLYLINE_URL: 'https://usage.example.com/', PORT: '4001' }, 'https://usage.example.com'],
    [{ port: '4002' }, { TALLYLINE_URL: 'https://usage.example.com', PORT: '4001' }, 'http://127.0.0.1:4002'],
    [{ port: '4002', url: 'http://gateway/base//' }, { TALLYLINE_URL: 'https://usage.example.com' }, 'http://gateway/base'],
  ])('with %j and %j: %s', (flags, environment, url) => {
    expect(configOf(flags, environment).url).toBe(url);
  });

  it('has the key of the environment, or else of the data directory', () => {
    const admin = { text: 'key', variable: 'TALLYLINE_ADMIN_KEY' };
    expect(configOf({}, { TALLYLINE_ADMIN_KEY: 'key' }).key).toEqual(admin);
    expect(configOf({}, { TALLYLINE_ADMIN_KEY: 'key', TALLYLINE_API_KEY: '' }).key).toEqual(admin);
    expect(configOf({}, { TALLYLINE_ADMIN_KEY: 'key', TALLYLINE_API_KEY: 'own' }).key).toEqual({
      text: 'own',
      variable: 'TALLYLINE_API_KEY',
    });
    expect(configOf({}, { TALLYLINE_ADMIN_KEY: '' })).toMatchObject({ key: undefined, adminKeyFile: resolve('data/admin-key') });
    expect(configOf({}, { TALLYLINE_DATA: '/srv' }).adminKeyFile).toBe(resolve('/srv/admin-key'));
    expect(configOf({ data: '/flag' }, { TALLYLINE_DATA: '/srv' }).adminKeyFile).toBe(resolve('/flag/admin-key'));
  });

  it.each<[ClientFlags, Environment, fault: string]>([
    [{ url: 'usage.example.com' }, {}, '--url / TALLYLINE_URL is not a URL of the right kind'],
    [{}, { TALLYLINE_URL: 'ftp://usage.example.com' }, '--url / TALLYLINE_URL is not a URL of the right kind'],
    [{ port: '0' }, {}, '--port / PORT is "0"; it takes a whole number from 1 to 65535'],
    [{}, { PORT: 'x' }, '--port / PORT is "x"; it takes a whole number from 1 to 65535'],
  ])('refuses %j and %j', (flags, environment, fault) => {
    expect(readClientConfig(flags, environment)).toEqual({ ok: false, faults: [fault] });
  });
});
