/** The dashboard's pages for tests and measurements that cross all of them: where each is with the sample data, and when it is whole. */
import type { Locator, Page } from 'playwright-core';

export interface DashboardPage {
  name: string;
  path: string;
  /** The tab's title before " · Tallyline". */
  title: string | RegExp;
  /** Stands there once all the page shows has come. */
  whole: (page: Page) => Locator;
}

export const SAMPLE_PAGES: readonly DashboardPage[] = [
  { name: 'usage', path: '/usage?range=all', title: 'Usage', whole: (page) => page.getByRole('application').locator('canvas') },
  { name: 'records', path: '/records', title: 'Records', whole: (page) => page.getByRole('table') },
  { name: 'imports', path: '/imports', title: 'Imports', whole: (page) => page.getByRole('heading', { name: 'History' }) },
  { name: 'new import', path: '/imports/new', title: 'A new import', whole: (page) => page.getByText('Choose the file again.') },
  {
    name: 'conflicts',
    path: '/imports/conflicts?status=resolved',
    title: 'Conflicts',
    whole: (page) => page.getByText('No conflict has been decided yet.'),
  },
  { name: 'customers', path: '/customers', title: 'Customers', whole: (page) => page.getByRole('table') },
  {
    name: 'customer',
    path: '/customers?open=acme-ai',
    title: 'Customers',
    whole: (page) => page.getByRole('complementary', { name: 'Acme AI' }),
  },
  { name: 'meters', path: '/meters', title: 'Meters', whole: (page) => page.getByRole('table') },
  { name: 'plans', path: '/plans', title: 'Plans', whole: (page) => page.getByRole('table') },
  { name: 'plan', path: '/plans/sample-plan', title: /./, whole: (page) => page.getByRole('group', { name: 'Price 3' }) },
  { name: 'invoices', path: '/invoices', title: 'Invoices', whole: (page) => page.getByText('There are no invoices yet.') },
  {
    name: 'invoice preview',
    path: '/invoices/preview?customer=acme-ai&period=2023-11',
    title: 'Preview',
    whole: (page) => page.getByRole('article'),
  },
  { name: 'pipeline', path: '/pipeline', title: 'Pipeline', whole: (page) => page.locator('main .sentence') },
  { name: 'settings', path: '/settings', title: 'Settings', whole: (page) => page.getByRole('main').getByRole('textbox') },
];
