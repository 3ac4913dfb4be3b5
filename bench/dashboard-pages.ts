/** What the benchmark of the dashboard opens, on a month of many customers: pages from cold, and what people do on them. */
import type { Locator, Page } from 'playwright-core';
import { BILLED_METERS, customerName } from './billing-usage.ts';

/** What the addresses are made of. */
export interface BenchSubjects {
  /** How many there are. */
  customers: number;
  /** Ids of stored invoices, of different customers. */
  invoices: readonly string[];
}

export interface ColdPage {
  name: string;
  path: (subjects: BenchSubjects) => string;
  whole: (page: Page) => Locator;
}

export interface Interaction {
  name: string;
  /** Where it begins. */
  from: (subjects: BenchSubjects) => string;
  /** Where it leads, each time somewhere that was not asked for yet; or what is pressed. */
  to: ((n: number, subjects: BenchSubjects) => string) | ((page: Page) => Locator);
  kind: 'link' | 'press';
}

const MONTH = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
const day = (n: number, days = 1) => `from=2026-01-${two(n)}T00:00:00Z&to=2026-01-${two(n + days)}T00:00:00Z`;
const two = (n: number) => String(n).padStart(2, '0');
const meter = (n: number) => BILLED_METERS[n % BILLED_METERS.length] ?? BILLED_METERS[0];
const usage = (rest: string) => `/usage?${rest}`;
const invoice = ({ invoices }: BenchSubjects, n: number) => `/invoices/${invoices[n % invoices.length] ?? ''}`;
const customer = ({ customers }: BenchSubjects, n: number) => customerName(n % customers);
const table = (page: Page) => page.locator('main table');
const canvas = (page: Page) => page.locator('main canvas');

export const COLD_PAGES: readonly ColdPage[] = [
  { name: 'usage of the month', path: () => usage(MONTH), whole: canvas },
  { name: 'usage of a day by hours', path: () => usage(`${day(15)}&grain=hour`), whole: canvas },
  { name: 'records', path: () => '/records', whole: table },
  { name: 'imports', path: () => '/imports', whole: table },
  { name: 'customers', path: () => '/customers', whole: table },
  { name: 'meters', path: () => '/meters', whole: table },
  { name: 'plans', path: () => '/plans', whole: table },
  { name: 'plan', path: () => '/plans/bench', whole: (page) => page.locator('main form, main fieldset') },
  { name: 'invoices', path: () => '/invoices', whole: table },
  { name: 'invoice', path: (subjects) => invoice(subjects, 0), whole: (page) => page.getByRole('article') },
  { name: 'pipeline', path: () => '/pipeline', whole: (page) => page.locator('main .sentence') },
  { name: 'settings', path: () => '/settings', whole: (page) => page.locator('main form, main fieldset') },
];

export const INTERACTIONS: readonly Interaction[] = [
  link(
    'usage: another range',
    () => usage(MONTH),
    (n) => usage(day(1 + n * 4, 7)),
  ),
  link(
    'usage: zoom into two days',
    () => usage(MONTH),
    (n) => usage(`${MONTH}&zoom=2026-01-${two(2 + n * 5)}T00:00:00Z/2026-01-${two(4 + n * 5)}T00:00:00Z`),
  ),
  link(
    'usage: another meter',
    () => usage(MONTH),
    (n) => usage(`${day(3 + n, 20)}&meter=${meter(n)}`),
  ),
  link(
    'usage: all customers in the table below',
    () => usage(MONTH),
    (n) => usage(`${day(1 + n, 23)}&rows=all`),
  ),
  link(
    'usage: one customer',
    () => usage(MONTH),
    (n, subjects) => usage(`${day(2 + n, 24)}&customer=${customer(subjects, 100 + n)}`),
  ),
  link(
    'usage: grouped by meter',
    () => usage(MONTH),
    (n) => usage(`${day(1 + n, 21)}&by=meter`),
  ),
  link(
    'usage: the table in place of the chart',
    () => usage(MONTH),
    (n) => usage(`${day(1 + n, 25)}&view=table`),
  ),
  link(
    'records: one customer',
    () => '/records',
    (n, subjects) => `/records?customer=${customer(subjects, 200 + n)}`,
  ),
  link(
    'records: one meter in one hour',
    () => '/records',
    (n) => `/records?meter=${meter(n)}&from=2026-01-0${n + 1}T10:00:00Z&to=2026-01-0${n + 1}T11:00:00Z`,
  ),
  {
    name: 'records: the next page',
    from: () => '/records',
    to: (page: Page) => page.getByRole('button', { name: 'Show more' }),
    kind: 'press',
  },
  link(
    'customers: one is opened',
    () => '/customers',
    (n, subjects) => `/customers?open=${customer(subjects, 300 + n)}`,
  ),
  link(
    'invoices: one is opened',
    () => '/invoices',
    (n, subjects) => invoice(subjects, n),
  ),
  link(
    'invoice: the days of a line',
    (subjects) => invoice(subjects, 5),
    (n, subjects) => `${invoice(subjects, 5)}?line=${(n % 3) + 1}`,
  ),
  link(
    'invoice: the hours of a day',
    (subjects) => `${invoice(subjects, 6)}?line=1`,
    (n, subjects) => `${invoice(subjects, 6)}?line=1&day=2026-01-${two(n + 10)}`,
  ),
  link(
    'invoice: the records of an hour',
    (subjects) => `${invoice(subjects, 7)}?line=1&day=2026-01-12`,
    (n, subjects) => `${invoice(subjects, 7)}?line=1&day=2026-01-12&hour=${Date.UTC(2026, 0, 12, n + 3)}`,
  ),
  link(
    'pipeline: the comparison of a day',
    () => '/pipeline',
    (n) => `/pipeline?${day(n + 10)}`,
  ),
];

function link(name: string, from: Interaction['from'], to: (n: number, subjects: BenchSubjects) => string): Interaction {
  return { name, from, to, kind: 'link' };
}
