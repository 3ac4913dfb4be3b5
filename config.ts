/**
 * The configuration: command line over environment over default, parsed once, all faults in one message.
 * The only file that reads `process.env` (an import rule sees to it).
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const ROLES = ['ingest', 'consumers', 'api', 'dashboard'] as const;
export type Role = (typeof ROLES)[number];

export interface Config {
  roles: ReadonlySet<Role>;
  host: string;
  /** 0 = any free port. */
  port: number;
  dataDirectory: string;
  /** First admin key; when absent, one is made in the data directory. */
  adminKey: string | undefined;
  logLevel: string;
  /** Partitions of the embedded log, fixed when the data directory is made. */
  partitions: number;
  /** Largest upload in bytes, and largest text inside a .gz. */
  uploadBytesMax: number;
  /** Where root keeps Postgres when the data directory is out of the reach of other users. */
  systemDirectory: string;
}

export type ConfigOutcome = { ok: true; config: Config } | { ok: false; faults: string[] };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const ADMIN_KEY_LENGTH_MIN = 16;
/** 50 GB: some 500 million rows; raise it knowingly. */
const UPLOAD_BYTES_MAX = 50_000_000_000;

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

  const roles = readRoles(text(flags.roles, 'TALLYLINE_ROLES', ROLES.join(',')), faults);
  const adminKey = environment['TALLYLINE_ADMIN_KEY'] || undefined;
  if (adminKey !== undefined && adminKey.length < ADMIN_KEY_LENGTH_MIN) {
    faults.push(
      `TALLYLINE_ADMIN_KEY has ${adminKey.length} characters; use at least ${ADMIN_KEY_LENGTH_MIN}, for example from: openssl rand -hex 24`,
    );
  }
  const logLevel = text(undefined, 'TALLYLINE_LOG_LEVEL', 'info');
  if (!LOG_LEVELS.includes(logLevel)) faults.push(`TALLYLINE_LOG_LEVEL is "${logLevel}"; choose one of ${LOG_LEVELS.join(', ')}`);

  const config: Config = {
    roles,
    host: text(flags.host, 'TALLYLINE_HOST', '127.0.0.1'),
    port: readInteger('--port / PORT', text(flags.port, 'PORT', '4000'), { min: 0, max: 65_535 }, faults),
    dataDirectory: resolve(text(flags.data, 'TALLYLINE_DATA', './data')),
    adminKey,
    logLevel,
    partitions: readInteger('TALLYLINE_PARTITIONS', text(undefined, 'TALLYLINE_PARTITIONS', '2'), { min: 1, max: 64 }, faults),
    uploadBytesMax: readInteger(
      'TALLYLINE_UPLOAD_BYTES_MAX',
      text(undefined, 'TALLYLINE_UPLOAD_BYTES_MAX', String(UPLOAD_BYTES_MAX)),
      { min: 1, max: Number.MAX_SAFE_INTEGER },
      faults,
    ),
    systemDirectory: resolve(text(undefined, 'TALLYLINE_SYSTEM_DIRECTORY', '/var/lib/tallyline')),
  };
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config };
}

/** The process's own configuration. */
export function readProcessConfig(): ConfigOutcome {
  return readConfig(process.argv.slice(2), process.env);
}

/** One message for all faults, for the terminal. */
export function describeFaults(faults: readonly string[]): string {
  return [
    `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`,
    ...faults.map((fault) => `  - ${fault}`),
  ].join('\n');
}

function readFlags(args: readonly string[], faults: string[]): { roles?: string; host?: string; port?: string; data?: string } {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true, allowPositionals: true });
  const flags: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'positional')
      faults.push(
        `"${token.value}" is not understood; options are ${Object.keys(OPTIONS)
          .map((name) => `--${name}`)
          .join(', ')}`,
      );
    if (token.kind !== 'option') continue;
    const value = values[token.name];
    if (!Object.hasOwn(OPTIONS, token.name))
      faults.push(
        `--${token.name} is not an option; there are ${Object.keys(OPTIONS)
          .map((name) => `--${name}`)
          .join(', ')}`,
      );
    else if (typeof value !== 'string' || value === '') faults.push(`--${token.name} needs a value`);
    else flags[token.name] = value;
  }
  return flags;
}

function readRoles(text: string, faults: string[]): ReadonlySet<Role> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.filter((name) => !ROLES.includes(name as Role));
  for (const name of unknown) faults.push(`--roles / TALLYLINE_ROLES: "${name}" is no role; there are ${ROLES.join(', ')}`);
  if (names.length === 0) faults.push(`--roles / TALLYLINE_ROLES is empty; there are ${ROLES.join(', ')}`);
  const roles = new Set(names as Role[]);
  // The embedded ClickHouse serves one process only, and so does the data directory it lies in.
  if (roles.has('consumers') !== roles.has('api'))
    faults.push('--roles: with the embedded engines, consumers and api share one process; name both or neither');
  return roles;
}

function readInteger(name: string, text: string, bounds: { min: number; max: number }, faults: string[]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  faults.push(`${name} is "${text}"; it takes a whole number from ${bounds.min} to ${bounds.max}`);
  return bounds.min;
}
