/** What roles, keys and entries of the audit log are called on the pages. */
import { formatDay, formatMoment } from '../time.ts';
import type { ApiKey, BrowserSession, User } from '../types.ts';
import type { Role } from './roles.ts';

export const ROLE_WORDS: Readonly<Record<Role, { label: string; meaning: string }>> = {
  admin: { label: 'Administrator', meaning: 'does everything' },
  analyst: { label: 'Analyst', meaning: 'reads everything and changes nothing' },
  ingest: { label: 'Sender', meaning: 'sends usage and reads its own imports' },
  customer: { label: 'Customer', meaning: 'reads the usage and invoices of one customer' },
  link: { label: 'Link', meaning: 'reads one invoice' },
};

export const USER_ROLES = ['admin', 'analyst', 'customer'] as const;
export const KEY_ROLES = ['ingest', 'analyst', 'customer', 'admin'] as const;

export interface Standing {
  tone: 'good' | 'warn' | 'bad' | 'quiet';
  text: string;
}

export function userStanding({ status }: Pick<User, 'status'>): Standing {
  if (status === 'active') return { tone: 'good', text: 'active' };
  return status === 'invited' ? { tone: 'warn', text: 'invited' } : { tone: 'quiet', text: 'may not come in' };
}

/** Of a key at this moment. */
export function keyStanding({ revokedAt, revokedBy, expiresAt }: ApiKey, now: number): Standing {
  if (revokedAt !== null) return { tone: 'quiet', text: `revoked ${formatDay(Date.parse(revokedAt), 'UTC', now)} by ${revokedBy ?? ''}` };
  if (expiresAt === null) return { tone: 'good', text: 'works until it is revoked' };
  const at = Date.parse(expiresAt);
  return at <= now
    ? { tone: 'bad', text: `expired ${formatDay(at, 'UTC', now)}` }
    : { tone: 'good', text: `works until ${formatMoment(at, 'UTC', now)} UTC` };
}

const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];

/** "Firefox on Linux", of what a browser says of itself; what is not known is shown as it is. */
export function browserName({ userAgent }: Pick<BrowserSession, 'userAgent'>): string {
  const find = (names: readonly [RegExp, string][]) => names.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser === undefined) return userAgent === '' ? 'a program without a name' : userAgent.slice(0, 60);
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** "invoice.finalized" → "invoice finalized". */
export function actWords(what: string): string {
  return what.replaceAll('.', ' ').replaceAll('-', ' ');
}

/** The page that shows what an entry of the audit log is about; undefined where there is none. */
export function subjectHref(subject: string): string | undefined {
  const [, kind, id] = /^([a-z-]+)\/(.+)$/s.exec(subject) ?? [];
  if (kind === undefined || id === undefined) return undefined;
  const name = encodeURIComponent(id);
  const pages: Readonly<Record<string, string>> = {
    invoice: `/invoices/${name}`,
    import: `/imports/${name}`,
    plan: `/plans/${name}`,
    customer: `/customers?open=${name}`,
    meter: `/meters?open=${name}`,
    user: `/settings/people?open=${name}`,
    'billing-run': `/invoices?run=${name}`,
  };
  return Object.hasOwn(pages, kind) ? pages[kind] : undefined;
}
