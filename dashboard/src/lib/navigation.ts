/** The pages there are: order in the navigation, and the letter that follows `g`. */
import type { IconName } from './icons.ts';

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
  { href: '/plans', label: 'Plans', icon: 'label', key: 'p' },
  { href: '/invoices', label: 'Invoices', icon: 'receipt', key: 'v' },
  { href: '/pipeline', label: 'Pipeline', icon: 'pipeline', key: 'l' },
  { href: '/settings', label: 'Settings', icon: 'settings', key: 's' },
];

/** The bottom bar of a phone holds five; the rest is behind "More". */
export const PHONE_HREFS: readonly string[] = ['/usage', '/imports', '/records', '/invoices'];
