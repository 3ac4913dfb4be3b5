/**
 * The configuration: command line over environment over default, parsed once, all faults in one message.
 * The only file that reads `process.env` (an import rule sees to it).
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readAccess, type AccessSettings } from './config-access.ts';
import { readIngestLimits, type IngestLimits } from './config-limits.ts';
import { readTrustedProxies } from './config-network.ts';

export const ROLES = ['ingest', 'consumers', 'api', 'dashboard'] as const;
export type Role = (typeof ROLES)[number];

/** What can be done with the stores instead of serving: `node main.ts migrate`. What asks a Tallyline that runs is in cli/. */
export const COMMANDS = ['migrate'] as const;
export type Command = (typeof COMMANDS)[number];

export const MODES = ['embedded', 'distributed'] as const;
export type Mode = (typeof MODES)[number];

/** The servers of distributed mode. */
export interface Servers {
  /** `postgres://user:password@host:port/database`. */
  postgresUrl: string;
  clickhouse: { url: string; username: string; password: string };
  kafka: {
    brokers: readonly string[];
    topic: string;
    /** Where dead letters are published. */
    deadLetterTopic: string;
    /** Consumers of one group share the partitions. */
    groupId: string;
    /** How long consumers that are silent keep their partitions. */
    sessionTimeoutMs: number;
    tls: boolean;
    sasl: { mechanism: SaslMechanism; username: string; password: string } | undefined;
    /** Used when the topic is made, and checked when it is there. */
    partitions: number;
    replicationFactor: number;
    minInsyncReplicas: number;
    retentionHours: number;
  };
}

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

export interface Config extends IngestLimits, AccessSettings {
  /** Undefined = serve the roles until told to stop. */
  command: Command | undefined;
  mode: Mode;
  /** Undefined in embedded mode, and where nothing needs the stores. */
  servers: Servers | undefined;
  /** False for the dashboard alone, which is files. */
  needsStores: boolean;
  roles: ReadonlySet<Role>;
  host: string;
  /** 0 = any free port. */
  port: number;
  /** Where browsers reach this installation, e.g. `https://usage.example.com`; undefined = at host and port. No slash at the end. */
  publicUrl: string | undefined;
  /** Whose `X-Forwarded-For` and `-Proto` are believed: addresses, networks (`10.0.0.0/8`), or names of such. */
  trustedProxies: readonly string[];
  dataDirectory: string;
  /** First admin key; when absent, one is made in the data directory. */
  adminKey: string | undefined;
  logLevel: string;
  /** Partitions of the embedded log, fixed when the data directory is made. */
  partitions: number;
  /** How long a silent ingest process keeps the imports that it receives or publishes, before another one takes over. */
  leaseSeconds: number;
  /** Where root keeps Postgres when the data directory is out of the reach of other users. */
  systemDirectory: string;
}

export type ConfigOutcome = { ok: true; config: Config } | { ok: false; faults: string[] };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const ADMIN_KEY_LENGTH_MIN = 16;

/** Renewed three times in its length; a garbage collection or a busy disk must not cost one. */
const LEASE_SECONDS_MIN = 3;
/** What a dead process has accepted waits for this long. */
const LEASE_SECONDS_MAX = 3_600;

const OPTIONS = {
  roles: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
} as const;

/** Reads the whole configuration. `args` are the words after `main.ts`. */
export function readConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): ConfigOutcome {
  const faults: string[] = [];
  const flags = readFlags(args, faults);
  const text = (flag: string | undefined, variable: string, fallback: string) => flag ?? (environment[variable] || undefined) ?? fallback;

  const integer = (variable: string, fallback: number, bounds: { min: number; max: number }) =>
    readInteger(variable, text(undefined, variable, String(fallback)), bounds, faults);
  const mode = readChoice('TALLYLINE_MODE', text(undefined, 'TALLYLINE_MODE', 'embedded'), MODES, faults);
  const roles = readRoles(text(flags.roles, 'TALLYLINE_ROLES', ROLES.join(',')), mode, faults);
  const adminKey = environment['TALLYLINE_ADMIN_KEY'] || undefined;
  if (adminKey !== undefined && adminKey.length < ADMIN_KEY_LENGTH_MIN) {
    faults.push(
      `TALLYLINE_ADMIN_KEY has ${adminKey.length} characters; use at least ${ADMIN_KEY_LENGTH_MIN}, for example from: openssl rand -hex 24`,
    );
  }
  const needsStores = flags.command !== undefined || [...roles].some((role) => role !== 'dashboard');
  if (adminKey === undefined && mode === 'distributed' && needsStores) {
    faults.push(
      'TALLYLINE_ADMIN_KEY is not set; in distributed mode all processes need the same key, for example from: openssl rand -hex 24',
    );
  }

  const port = readInteger('--port / PORT', text(flags.port, 'PORT', '4000'), { min: 0, max: 65_535 }, faults);
  const publicUrl = readPublicUrl(environment, faults);
  const config: Config = {
    command: flags.command,
    mode,
    servers: mode === 'distributed' && needsStores ? readServers(environment, faults) : undefined,
    needsStores,
    roles,
    host: text(flags.host, 'TALLYLINE_HOST', '127.0.0.1'),
    port,
    publicUrl,
    trustedProxies: readTrustedProxies(text(undefined, 'TALLYLINE_TRUSTED_PROXIES', ''), faults),
    ...readAccess(environment, { publicUrl, faults }),
    dataDirectory: resolve(text(flags.data, 'TALLYLINE_DATA', './data')),
    adminKey,
    logLevel: readChoice('TALLYLINE_LOG_LEVEL', text(undefined, 'TALLYLINE_LOG_LEVEL', 'info'), LOG_LEVELS, faults),
    partitions: integer('TALLYLINE_PARTITIONS', 2, { min: 1, max: 64 }),
    ...readIngestLimits(integer),
    leaseSeconds: integer('TALLYLINE_LEASE_SECONDS', 60, { min: LEASE_SECONDS_MIN, max: LEASE_SECONDS_MAX }),
    systemDirectory: resolve(text(undefined, 'TALLYLINE_SYSTEM_DIRECTORY', '/var/lib/tallyline')),
  };
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config };
}

function readPublicUrl(environment: Readonly<Record<string, string | undefined>>, faults: string[]): string | undefined {
  const text = environment['TALLYLINE_PUBLIC_URL'] || undefined;
  return text && readUrl('TALLYLINE_PUBLIC_URL', text, /^https?:$/, faults).replace(/\/+$/, '');
}

/** The process's own configuration. */
export function readProcessConfig(): ConfigOutcome {
  return readConfig(process.argv.slice(2), process.env);
}

/** For the commands of cli/, which read what they need themselves. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** One message for all faults, for the terminal. */
export function describeFaults(faults: readonly string[]): string {
  return [
    `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`,
    ...faults.map((fault) => `  - ${fault}`),
  ].join('\n');
}

interface Flags {
  roles?: string;
  host?: string;
  port?: string;
  data?: string;
  command: Command | undefined;
}

function readFlags(args: readonly string[], faults: string[]): Flags {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true, allowPositionals: true });
  const flags: { -readonly [Name in keyof typeof OPTIONS]?: string } = {};
  let command: Command | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      const known = COMMANDS.find((name) => name === token.value);
      if (known === undefined)
        faults.push(
          `"${token.value}" is not understood; options are ${Object.keys(OPTIONS)
            .map((name) => `--${name}`)
            .join(', ')}; "help" lists the commands`,
        );
      command ??= known;
    }
    if (token.kind !== 'option') continue;
    const value = values[token.name];
    if (!Object.hasOwn(OPTIONS, token.name))
      faults.push(
        `--${token.name} is not an option; there are ${Object.keys(OPTIONS)
          .map((name) => `--${name}`)
          .join(', ')}`,
      );
    else if (typeof value !== 'string' || value === '') faults.push(`--${token.name} needs a value`);
    else flags[token.name as keyof typeof OPTIONS] = value;
  }
  return { ...flags, command };
}

function readRoles(text: string, mode: Mode, faults: string[]): ReadonlySet<Role> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.filter((name) => !ROLES.includes(name as Role));
  for (const name of unknown) faults.push(`--roles / TALLYLINE_ROLES: "${name}" is no role; there are ${ROLES.join(', ')}`);
  if (names.length === 0) faults.push(`--roles / TALLYLINE_ROLES is empty; there are ${ROLES.join(', ')}`);
  const roles = new Set(names as Role[]);
  // The embedded ClickHouse serves one process only, and so does the data directory it lies in.
  if (mode === 'embedded' && roles.has('consumers') !== roles.has('api'))
    faults.push('--roles: with the embedded engines, consumers and api share one process; name both or neither');
  return roles;
}

export function readInteger(name: string, text: string, bounds: { min: number; max: number }, faults: string[]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  faults.push(`${name} is "${text}"; it takes a whole number from ${bounds.min} to ${bounds.max}`);
  return bounds.min;
}

function readServers(environment: Readonly<Record<string, string | undefined>>, faults: string[]): Servers {
  const text = (variable: string, fallback: string) => environment[variable] || fallback;
  const required = (variable: string, example: string) => {
    const value = environment[variable] || '';
    if (value === '') faults.push(`${variable} is not set; distributed mode needs it, for example ${example}`);
    return value;
  };
  const integer = (variable: string, fallback: string, min: number, max: number) =>
    readInteger(variable, text(variable, fallback), { min, max }, faults);
  const brokers = required('TALLYLINE_KAFKA_BROKERS', 'kafka-1:9092,kafka-2:9092')
    .split(',')
    .map((broker) => broker.trim())
    .filter(Boolean);
  for (const broker of brokers) {
    if (!/^[^\s:]+:\d+$|^\[[^\]]+\]:\d+$/.test(broker)) faults.push(`TALLYLINE_KAFKA_BROKERS: "${broker}" is not host:port`);
  }
  const servers: Servers = {
    postgresUrl: readUrl(
      'TALLYLINE_POSTGRES_URL',
      required('TALLYLINE_POSTGRES_URL', 'postgres://tallyline:…@postgres:5432/tallyline'),
      /^postgres(ql)?:$/,
      faults,
    ),
    clickhouse: {
      url: readUrl('TALLYLINE_CLICKHOUSE_URL', required('TALLYLINE_CLICKHOUSE_URL', 'http://clickhouse:8123'), /^https?:$/, faults),
      username: text('TALLYLINE_CLICKHOUSE_USERNAME', 'default'),
      password: text('TALLYLINE_CLICKHOUSE_PASSWORD', ''),
    },
    kafka: {
      brokers,
      topic: text('TALLYLINE_KAFKA_TOPIC', 'usage.events'),
      deadLetterTopic: text('TALLYLINE_KAFKA_DEAD_LETTER_TOPIC', 'usage.dead-letters'),
      groupId: text('TALLYLINE_KAFKA_GROUP', 'tallyline-consumers'),
      // Brokers allow 6 s to 30 minutes unless told otherwise. 8 s: others take over within 15.
      sessionTimeoutMs: integer('TALLYLINE_KAFKA_SESSION_TIMEOUT_MS', '8000', 6_000, 1_800_000),
      tls: readChoice('TALLYLINE_KAFKA_TLS', text('TALLYLINE_KAFKA_TLS', 'false'), ['true', 'false'] as const, faults) === 'true',
      sasl: readSasl(environment, faults),
      partitions: integer('TALLYLINE_KAFKA_PARTITIONS', '6', 1, 1_000),
      replicationFactor: integer('TALLYLINE_KAFKA_REPLICATION_FACTOR', '1', 1, 9),
      minInsyncReplicas: integer('TALLYLINE_KAFKA_MIN_INSYNC_REPLICAS', '1', 1, 9),
      retentionHours: integer('TALLYLINE_KAFKA_RETENTION_HOURS', '168', 72, 87_600),
    },
  };
  const { topic, deadLetterTopic, replicationFactor, minInsyncReplicas } = servers.kafka;
  if (topic === deadLetterTopic) faults.push(`TALLYLINE_KAFKA_DEAD_LETTER_TOPIC is "${topic}", which is the topic of the events`);
  if (minInsyncReplicas > replicationFactor) {
    faults.push(
      `TALLYLINE_KAFKA_MIN_INSYNC_REPLICAS is ${minInsyncReplicas}, more than the ${replicationFactor} of TALLYLINE_KAFKA_REPLICATION_FACTOR`,
    );
  }
  return servers;
}

function readSasl(environment: Readonly<Record<string, string | undefined>>, faults: string[]): Servers['kafka']['sasl'] {
  const mechanism = environment['TALLYLINE_KAFKA_SASL'] || undefined;
  if (mechanism === undefined) return undefined;
  const [username, password] = [environment['TALLYLINE_KAFKA_USERNAME'] || '', environment['TALLYLINE_KAFKA_PASSWORD'] || ''];
  if (username === '' || password === '') faults.push('TALLYLINE_KAFKA_SASL needs TALLYLINE_KAFKA_USERNAME and TALLYLINE_KAFKA_PASSWORD');
  return { mechanism: readChoice('TALLYLINE_KAFKA_SASL', mechanism, SASL_MECHANISMS, faults), username, password };
}

export function readUrl(name: string, text: string, protocol: RegExp, faults: string[]): string {
  // What is missing has been reported already.
  if (text !== '' && !protocol.test(URL.parse(text)?.protocol ?? '')) faults.push(`${name} is not a URL of the right kind`);
  return text;
}

function readChoice<T extends string>(name: string, text: string, choices: readonly T[], faults: string[]): T {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) faults.push(`${name} is "${text}"; choose one of ${choices.join(', ')}`);
  return choice ?? (choices[0] as T);
}
