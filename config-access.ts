/** The settings of how people come in: the mail server that takes invitations, and the identity provider. Read by config.ts; docs/access.md has the table. */
import { isLoopback } from './config-network.ts';

export interface AccessSettings {
  /** Undefined: links are shown to administrators only. */
  mail: MailSettings | undefined;
  /** Undefined: people come in with passwords only. */
  openId: OpenIdSettings | undefined;
}

export interface MailSettings {
  server: {
    host: string;
    port: number;
    /** `at once`: TLS from the first byte. `asked for`: STARTTLS, or nothing is sent. `none`: a relay on this machine or in a closed network. */
    tls: 'at once' | 'asked for' | 'none';
    username: string | undefined;
    password: string | undefined;
  };
  from: string;
}

export interface OpenIdSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  name: string;
  /** Where the provider sends people back to. */
  redirectUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** RFC 8314 and RFC 6409. */
const SMTPS_PORT = 465;
const SUBMISSION_PORT = 587;
const OIDC_VARIABLES = ['TALLYLINE_OIDC_ISSUER', 'TALLYLINE_OIDC_CLIENT_ID', 'TALLYLINE_OIDC_CLIENT_SECRET'] as const;

/** What is not right becomes a fault of the configuration; none of them quotes a secret. */
export function readAccess(
  environment: Environment,
  { publicUrl, faults }: { publicUrl: string | undefined; faults: string[] },
): AccessSettings {
  return { mail: readMail(environment, publicUrl, faults), openId: readOpenId(environment, publicUrl, faults) };
}

function readMail(environment: Environment, publicUrl: string | undefined, faults: string[]): MailSettings | undefined {
  const url = environment['TALLYLINE_SMTP_URL'] || undefined;
  const from = environment['TALLYLINE_MAIL_FROM'] || '';
  if (url === undefined) {
    if (from !== '') faults.push('TALLYLINE_MAIL_FROM is set, and TALLYLINE_SMTP_URL is not; mails need both');
    return undefined;
  }
  if (!/^[^\s@<>]+@[^\s@<>]+$|^[^<>\r\n]+ <[^\s@<>]+@[^\s@<>]+>$/.test(from))
    faults.push(`TALLYLINE_MAIL_FROM is "${from}"; it takes an e-mail address, for example Billing <billing@example.com>`);
  requirePublicUrl('TALLYLINE_SMTP_URL', 'the links in mails lead there', publicUrl, faults);
  const server = readMailServer(url);
  if (server === undefined)
    faults.push(
      'TALLYLINE_SMTP_URL is not smtp://user:password@host:port or smtps://…; special characters of the password are written %xx, and the only option is ?tls=none',
    );
  return server && { server, from };
}

function readMailServer(text: string): MailSettings['server'] | undefined {
  const url = URL.parse(text);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '' || !['', '/'].includes(url.pathname)) return undefined;
  if (!['', '?tls=none'].includes(url.search) || (url.protocol === 'smtps:' && url.search !== '')) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // A relay on this machine has no certificate that anybody trusts, and nobody listens in between.
  const isPlain = url.search === '?tls=none' || isLoopback(host);
  const [username, password] = [decode(url.username), decode(url.password)];
  if (username === undefined || password === undefined) return undefined;
  return {
    host,
    port: url.port === '' ? (url.protocol === 'smtps:' ? SMTPS_PORT : SUBMISSION_PORT) : Number(url.port),
    tls: url.protocol === 'smtps:' ? 'at once' : isPlain ? 'none' : 'asked for',
    username: username === '' ? undefined : username,
    password: username === '' ? undefined : password,
  };
}

function readOpenId(environment: Environment, publicUrl: string | undefined, faults: string[]): OpenIdSettings | undefined {
  const [issuer = '', clientId = '', clientSecret = ''] = OIDC_VARIABLES.map((variable) => environment[variable] || '');
  const missing = OIDC_VARIABLES.filter((variable) => !environment[variable]);
  if (missing.length === OIDC_VARIABLES.length) return undefined;
  if (missing.length > 0)
    faults.push(
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set; signing in with OpenID Connect needs all of ${OIDC_VARIABLES.join(', ')}`,
    );
  requirePublicUrl('TALLYLINE_OIDC_ISSUER', 'the provider sends people back there', publicUrl, faults);
  const url = URL.parse(issuer);
  const isUsable = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
  if (issuer !== '' && !isUsable)
    faults.push('TALLYLINE_OIDC_ISSUER is not a URL with https:, for example https://login.example.com/realms/staff');
  return {
    issuer,
    clientId,
    clientSecret,
    name: environment['TALLYLINE_OIDC_NAME'] || (url?.hostname ?? issuer),
    redirectUrl: `${publicUrl ?? ''}/v1/oidc/callback`,
  };
}

function requirePublicUrl(variable: string, why: string, publicUrl: string | undefined, faults: string[]): void {
  if (publicUrl === undefined) faults.push(`${variable} needs TALLYLINE_PUBLIC_URL, for example https://usage.example.com: ${why}`);
}

/** Undefined where a `%` is no escape. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
