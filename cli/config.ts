/** Where a command finds the Tallyline that runs, and what it shows there: flags over environment over default. */
import { resolve } from 'node:path';
import { readInteger, readUrl } from '../config.ts';

export interface ClientConfig {
  /** Without a slash at the end. */
  url: string;
  /** With the variable that it is from. */
  key: { text: string; variable: string } | undefined;
  /** Has the key of the administrator where `key` is undefined. */
  adminKeyFile: string;
}

export type ClientConfigOutcome = { ok: true; config: ClientConfig } | { ok: false; faults: string[] };
export type ClientFlags = Readonly<Partial<Record<'url' | 'port' | 'data', string>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

export function readClientConfig(flags: ClientFlags, environment: Environment): ClientConfigOutcome {
  const faults: string[] = [];
  // All addresses are no address to go to, and one of IPv6 has brackets in a URL.
  const host = (environment['TALLYLINE_HOST'] || '127.0.0.1').replace(/^(0\.0\.0\.0|::)$/, '127.0.0.1').replace(/^.*:.*$/, '[$&]');
  const port = readInteger('--port / PORT', flags.port ?? (environment['PORT'] || '4000'), { min: 1, max: 65_535 }, faults);
  // A port that was typed says more than a URL in the environment.
  const url = flags.url ?? (flags.port === undefined ? environment['TALLYLINE_URL'] || undefined : undefined);
  const config: ClientConfig = {
    url: url === undefined ? `http://${host}:${port}` : readUrl('--url / TALLYLINE_URL', url, /^https?:$/, faults).replace(/\/+$/, ''),
    key: readKey(environment),
    adminKeyFile: resolve(flags.data ?? (environment['TALLYLINE_DATA'] || './data'), 'admin-key'),
  };
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config };
}

/** One made for the purpose may do less than the key of the administrator: it goes first. */
function readKey(environment: Environment): ClientConfig['key'] {
  for (const variable of ['TALLYLINE_API_KEY', 'TALLYLINE_ADMIN_KEY']) {
    const text = environment[variable];
    if (text) return { text, variable };
  }
  return undefined;
}
