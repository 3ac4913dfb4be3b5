/** The process's log: JSON lines, or lines for a person at a terminal. Never customers' rows, never secrets. */
import pino from 'pino';
import type { DestinationStream, Logger } from 'pino';

export interface LoggerOptions {
  /** trace, debug, info, warn, error, fatal or silent. */
  level: string;
  /** One readable line per entry instead of JSON. */
  pretty?: boolean;
  /** Where lines go; standard output by default. */
  destination?: DestinationStream;
}

const STANDARD_OUTPUT = 1;

const SECRETS = ['authorization', 'cookie', '["set-cookie"]', 'password', 'current', 'adminKey', 'token', 'clientSecret', 'smtpUrl'];
const SECRET_PATHS = ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
  SECRETS.map((name) => (name.startsWith('[') || prefix === '' ? `${prefix}${name}` : `${prefix}.${name}`)),
);

/** What an error says of itself. Not listed: `detail`, `where` and `parameters` of Postgres errors, which quote rows. */
const ERROR_FIELDS = [
  'code',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'syscall',
  'address',
  'port',
  'path',
  'phase',
] as const;

/** Causes of causes; drivers wrap twice at most. */
const CAUSE_DEPTH_MAX = 4;

const LEVEL_COLUMN = 5;

export function createLogger({ level, pretty = false, destination = pino.destination(STANDARD_OUTPUT) }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
      serializers: { err: (error: unknown) => describeError(error), error: (error: unknown) => describeError(error) },
    },
    pretty ? { write: (line) => destination.write(formatLine(line)) } : destination,
  );
}

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const described: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack };
  for (const field of ERROR_FIELDS) {
    const value: unknown = Reflect.get(error, field);
    if (typeof value === 'string' || typeof value === 'number') described[field] = value;
  }
  if (error.cause !== undefined && depth < CAUSE_DEPTH_MAX) described['cause'] = describeError(error.cause, depth + 1);
  return described;
}

function formatLine(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = [String(time).slice(11, 19), String(level).padEnd(LEVEL_COLUMN), msg, ...fields]
    .filter((part) => part !== undefined)
    .join(' ');
  return `${[head, ...stacks(err)].join('\n')}\n`;
}

function stacks(err: unknown): string[] {
  if (typeof err !== 'object' || err === null) return [];
  const stack: unknown = Reflect.get(err, 'stack');
  const causes = stacks(Reflect.get(err, 'cause'));
  return [...(typeof stack === 'string' ? [stack.replaceAll(/^/gm, '  ')] : []), ...causes];
}
