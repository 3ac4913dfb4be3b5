/** The pages there are: order in the navigation, and the letter that follows `g`. */
import type { IconName } from './icons.ts';
import type { Session } from './types.ts';

export interface Destination {
  href: string;
  label: string;
  icon: IconName;
  key: string;
}

export const DESTINATIONS: readonly Destination[] = [
  { href: '/usage', label: 'Usage', icon: 'bars', key: 'u' },
  { href: '/records', label: 'Records', icon: 'lines', key: 'r' },
  { href: '/imports', label: 'Imports', icon: 'download', key: 'i' },
  { href: '/customers', label: 'Customers', icon: 'people', key: 'c' },
  { href: '/meters', label: 'Meters', icon: 'gauge', key: 'm' },
  { href: '/plans', label: 'Plans', icon: 'label', key: 'p' },
  { href: '/invoices', label: 'Invoices', icon: 'receipt', key: 'v' },
  { href: '/pipeline', label: 'Pipeline', icon: 'pipeline', key: 'l' },
  { href: '/settings', label: 'Settings', icon: 'sliders', key: 's' },
];

/** What customers see of it: their own usage, records and invoices. */
const OF_CUSTOMERS: readonly string[] = ['/usage', '/records', '/invoices'];
/** Pages that are reached from those. */
const FURTHER_OF_CUSTOMERS: readonly string[] = ['/credit-notes', '/settings/account'];
/** For whoever changes things only. */
const OF_ADMINS: readonly string[] = ['/settings/people', '/settings/keys'];

const ACCOUNT: Destination = { href: '/settings/account', label: 'Account', icon: 'sliders', key: 's' };

/** The pages of a role, in their order. */
export function destinationsOf(role: Session['role']): readonly Destination[] {
  return role === 'customer' ? [...DESTINATIONS.filter(({ href }) => OF_CUSTOMERS.includes(href)), ACCOUNT] : DESTINATIONS;
}

/** Whether a page is of any use to a role; what is not its business the server refuses in any case. */
export function isOpenTo(role: Session['role'], path: string): boolean {
  const isIn = (pages: readonly string[]) => pages.some((page) => path === page || path.startsWith(`${page}/`));
  if (role === 'customer') return isIn([...OF_CUSTOMERS, ...FURTHER_OF_CUSTOMERS]);
  return role === 'admin' || !isIn(OF_ADMINS);
}

/** The bottom bar of a phone holds five; the rest is behind "More". */
export const PHONE_HREFS: readonly string[] = ['/usage', '/imports', '/records', '/invoices'];
