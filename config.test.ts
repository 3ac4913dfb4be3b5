import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeFaults, readConfig } from './config.ts';
import { UPLOAD_LIMITS } from './config-limits.ts';
import type { Config } from './config.ts';

type Environment = Record<string, string>;

function configOf(args: string[], environment: Environment = {}): Config {
  const outcome = readConfig(args, environment);
  if (!outcome.ok) throw new Error(describeFaults(outcome.faults));
  return outcome.config;
}

function faultsOf(args: string[], environment: Environment = {}): string[] {
  const outcome = readConfig(args, environment);
  return outcome.ok ? [] : outcome.faults;
}

describe('readConfig', () => {
  it('needs nothing: every setting has a default', () => {
    expect(configOf([])).toEqual({
      command: undefined,
      mode: 'embedded',
      servers: undefined,
      needsStores: true,
      roles: new Set(['ingest', 'consumers', 'api', 'dashboard']),
      host: '127.0.0.1',
      port: 4000,
      publicUrl: undefined,
      trustedProxies: [],
      mail: undefined,
      openId: undefined,
      dataDirectory: resolve('data'),
      adminKey: undefined,
      logLevel: 'info',
      partitions: 2,
      uploadLimits: {
        bytesMax: 50_000_000_000,
        unpackedBytesMax: 50_000_000_000,
        gzipRatioMax: 200,
        uploadsMax: 16,
        bytesPerSecondMin: 1_000,
        rateWindowMs: 30_000,
      },
      readingLimits: { columnsMax: 10_000, cellBytesMax: 131_072, recordBytesMax: 1_048_576 },
      streamsMax: 32,
      leaseSeconds: 60,
      systemDirectory: '/var/lib/tallyline',
    });
  });

  it.each<[setting: keyof Config, flag: string, variable: string, values: [flag: unknown, variable: unknown, fallback: unknown]]>([
    ['port', '--port=5001', 'PORT=5002', [5001, 5002, 4000]],
    ['host', '--host=0.0.0.0', 'TALLYLINE_HOST=::1', ['0.0.0.0', '::1', '127.0.0.1']],
    ['dataDirectory', '--data=/flag', 'TALLYLINE_DATA=/variable', [resolve('/flag'), resolve('/variable'), resolve('data')]],
    [
      'roles',
      '--roles=ingest',
      'TALLYLINE_ROLES=api,consumers',
      [new Set(['ingest']), new Set(['api', 'consumers']), new Set(['ingest', 'consumers', 'api', 'dashboard'])],
    ],
  ])('takes %s from the flag before the environment before the default', (setting, flag, variable, [ofFlag, ofVariable, ofDefault]) => {
    const [name = '', value = ''] = variable.split('=');
    expect(configOf([flag], { [name]: value })[setting]).toEqual(ofFlag);
    expect(configOf([], { [name]: value })[setting]).toEqual(ofVariable);
    expect(configOf([])[setting]).toEqual(ofDefault);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(configOf([], { PORT: '', TALLYLINE_ROLES: '', TALLYLINE_ADMIN_KEY: '', TALLYLINE_DATA: '' })).toEqual(configOf([]));
  });

  it('takes the flag as two words too, and spaces between roles', () => {
    expect(configOf(['--port', '0', '--roles', 'api, consumers ,']).port).toBe(0);
    expect(configOf(['--roles', 'api, consumers ,']).roles).toEqual(new Set(['api', 'consumers']));
  });

  it('reads the settings that only the environment has', () => {
    const config = configOf([], {
      TALLYLINE_ADMIN_KEY: 'sixteen-letters!',
      TALLYLINE_LOG_LEVEL: 'silent',
      TALLYLINE_PARTITIONS: '64',
      TALLYLINE_UPLOAD_BYTES_MAX: '1',
      TALLYLINE_UNPACKED_BYTES_MAX: '2',
      TALLYLINE_GZIP_RATIO_MAX: '1032',
      TALLYLINE_UPLOADS_MAX: '1000',
      TALLYLINE_UPLOAD_BYTES_PER_SECOND_MIN: '0',
      TALLYLINE_UPLOAD_RATE_WINDOW_SECONDS: '1',
      TALLYLINE_COLUMNS_MAX: '100',
      TALLYLINE_CELL_BYTES_MAX: '2000',
      TALLYLINE_RECORD_BYTES_MAX: '30000',
      TALLYLINE_STREAMS_MAX: '7',
      TALLYLINE_LEASE_SECONDS: '3',
      TALLYLINE_SYSTEM_DIRECTORY: '/srv/tallyline',
      TALLYLINE_PUBLIC_URL: 'https://usage.example.com/',
    });
    expect(config).toMatchObject({
      adminKey: 'sixteen-letters!',
      logLevel: 'silent',
      partitions: 64,
      uploadLimits: {
        bytesMax: 1,
        unpackedBytesMax: 2,
        gzipRatioMax: 1032,
        uploadsMax: 1000,
        bytesPerSecondMin: 0,
        rateWindowMs: 1_000,
      },
      readingLimits: { columnsMax: 100, cellBytesMax: 2000, recordBytesMax: 30_000 },
      streamsMax: 7,
      leaseSeconds: 3,
      systemDirectory: resolve('/srv/tallyline'),
      publicUrl: 'https://usage.example.com',
    });
  });

  it('lets a .gz unpack to as much as an upload may have, unless it says otherwise', () => {
    const { uploadLimits } = configOf([], { TALLYLINE_UPLOAD_BYTES_MAX: '5000' });
    expect(uploadLimits).toEqual({ ...UPLOAD_LIMITS, bytesMax: 5_000, unpackedBytesMax: 5_000 });
  });

  it('takes a command in place of serving', () => {
    expect(configOf(['migrate', '--data=/srv/data'])).toMatchObject({ command: 'migrate', dataDirectory: resolve('/srv/data') });
  });

  it('names every fault at once', () => {
    const faults = faultsOf(['--port=70000', '--roles=ingest,teller', '--colour=red', '--host', 'stray'], {
      TALLYLINE_ADMIN_KEY: 'short',
      TALLYLINE_LOG_LEVEL: 'loud',
      TALLYLINE_PARTITIONS: '0',
      TALLYLINE_UPLOAD_BYTES_MAX: '10GB',
      TALLYLINE_UNPACKED_BYTES_MAX: '0',
      TALLYLINE_GZIP_RATIO_MAX: '1033',
      TALLYLINE_UPLOADS_MAX: '0',
      TALLYLINE_UPLOAD_BYTES_PER_SECOND_MIN: '-1',
      TALLYLINE_UPLOAD_RATE_WINDOW_SECONDS: '0',
      TALLYLINE_PUBLIC_URL: 'usage.example.com',
    });
    expect(faults).toEqual([
      '--colour is not an option; there are --roles, --host, --port, --data',
      '--roles / TALLYLINE_ROLES: "teller" is no role; there are ingest, consumers, api, dashboard',
      'TALLYLINE_ADMIN_KEY has 5 characters; use at least 16, for example from: openssl rand -hex 24',
      '--port / PORT is "70000"; it takes a whole number from 0 to 65535',
      'TALLYLINE_PUBLIC_URL is not a URL of the right kind',
      'TALLYLINE_LOG_LEVEL is "loud"; choose one of trace, debug, info, warn, error, fatal, silent',
      'TALLYLINE_PARTITIONS is "0"; it takes a whole number from 1 to 64',
      `TALLYLINE_UPLOAD_BYTES_MAX is "10GB"; it takes a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
      `TALLYLINE_UNPACKED_BYTES_MAX is "0"; it takes a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
      'TALLYLINE_GZIP_RATIO_MAX is "1033"; it takes a whole number from 1 to 1032',
      'TALLYLINE_UPLOADS_MAX is "0"; it takes a whole number from 1 to 1000',
      'TALLYLINE_UPLOAD_BYTES_PER_SECOND_MIN is "-1"; it takes a whole number from 0 to 1000000000',
      'TALLYLINE_UPLOAD_RATE_WINDOW_SECONDS is "0"; it takes a whole number from 1 to 3600',
    ]);
  });

  it.each([
    [['--port=-1'], '--port / PORT is "-1"'],
    [['--port=4e3'], '--port / PORT is "4e3"'],
    [['--port=80.5'], '--port / PORT is "80.5"'],
    [['--port=65536'], '--port / PORT is "65536"'],
    [['--port'], '--port needs a value'],
    [['--data='], '--data needs a value'],
    [['--toString=1'], '--toString is not an option'],
    [['-p', '80'], '-p is not an option'],
    [['serve'], '"serve" is not understood'],
    [['--roles=,'], '--roles / TALLYLINE_ROLES is empty'],
  ])('refuses %j', (args, fault) => {
    expect(faultsOf(args).join('\n')).toContain(fault);
  });

  it.each([
    ['consumers', false],
    ['api', false],
    ['ingest,api', false],
    ['dashboard,consumers,ingest', false],
    ['api,consumers', true],
    ['ingest', true],
    ['dashboard', true],
    ['ingest,dashboard', true],
  ])('lets consumers and api only run together: --roles=%s → %s', (roles, allowed) => {
    const faults = faultsOf([`--roles=${roles}`]);
    expect(faults).toEqual(
      allowed ? [] : ['--roles: with the embedded engines, consumers and api share one process; name both or neither'],
    );
  });
});

describe('describeFaults', () => {
  it('puts all faults into one message', () => {
    expect(describeFaults(['one'])).toBe('The configuration has a fault:\n  - one');
    expect(describeFaults(['one', 'two'])).toBe('The configuration has 2 faults:\n  - one\n  - two');
  });
});

describe('distributed mode', () => {
  const servers = {
    TALLYLINE_MODE: 'distributed',
    TALLYLINE_ADMIN_KEY: 'x'.repeat(32),
    TALLYLINE_KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093',
    TALLYLINE_POSTGRES_URL: 'postgres://tallyline:secret@postgres:5432/tallyline',
    TALLYLINE_CLICKHOUSE_URL: 'http://clickhouse:8123',
  };

  it('names every server that is missing, and the key that all processes share', () => {
    const faults = faultsOf([], { TALLYLINE_MODE: 'distributed' }).join('\n');
    for (const variable of ['TALLYLINE_ADMIN_KEY', 'TALLYLINE_KAFKA_BROKERS', 'TALLYLINE_POSTGRES_URL', 'TALLYLINE_CLICKHOUSE_URL']) {
      expect(faults).toContain(`${variable} is not set`);
    }
  });

  it('reads the servers, and lets any roles share a process', () => {
    const config = configOf(['--roles', 'consumers'], servers);
    expect(config.roles).toEqual(new Set(['consumers']));
    expect(config.servers).toEqual({
      postgresUrl: servers.TALLYLINE_POSTGRES_URL,
      clickhouse: { url: 'http://clickhouse:8123', username: 'default', password: '' },
      kafka: {
        brokers: ['kafka-1:9092', '[::1]:9093'],
        topic: 'usage.events',
        deadLetterTopic: 'usage.dead-letters',
        groupId: 'tallyline-consumers',
        sessionTimeoutMs: 8_000,
        tls: false,
        sasl: undefined,
        partitions: 6,
        replicationFactor: 1,
        minInsyncReplicas: 1,
        retentionHours: 168,
      },
    });
  });

  it('asks for no server and no key where the dashboard runs alone, and for all of them as soon as it does not', () => {
    expect(configOf(['--roles', 'dashboard'], { TALLYLINE_MODE: 'distributed' })).toMatchObject({ needsStores: false, servers: undefined });
    expect(faultsOf(['--roles', 'dashboard,api'], { TALLYLINE_MODE: 'distributed' })).toHaveLength(4);
    expect(faultsOf(['--roles', 'dashboard', 'migrate'], { TALLYLINE_MODE: 'distributed' })).toHaveLength(4);
  });

  it.each([
    ['TALLYLINE_KAFKA_BROKERS', 'kafka', '"kafka" is not host:port'],
    ['TALLYLINE_POSTGRES_URL', 'mysql://x', 'is not a URL of the right kind'],
    ['TALLYLINE_CLICKHOUSE_URL', 'clickhouse', 'is not a URL of the right kind'],
    ['TALLYLINE_KAFKA_SASL', 'kerberos', 'choose one of plain'],
    ['TALLYLINE_KAFKA_SASL', 'plain', 'needs TALLYLINE_KAFKA_USERNAME'],
    ['TALLYLINE_KAFKA_MIN_INSYNC_REPLICAS', '2', 'more than the 1'],
    ['TALLYLINE_KAFKA_RETENTION_HOURS', '1', 'from 72'],
    ['TALLYLINE_KAFKA_SESSION_TIMEOUT_MS', '5999', 'from 6000'],
    ['TALLYLINE_KAFKA_DEAD_LETTER_TOPIC', 'usage.events', 'which is the topic of the events'],
  ])('refuses %s=%s', (variable, value, message) => {
    expect(faultsOf([], { ...servers, [variable]: value }).join('\n')).toContain(message);
  });
});
