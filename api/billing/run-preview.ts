/** What a billing run would meet: whom it bills, whom it leaves alone, and who needs a look before. Works no amount out. */
import { instantText, type Window } from '../../core/window.ts';
import type { BillingRunPreview, RunConcern } from '../../schemas/http/billing-runs.ts';
import type { Customer } from '../../schemas/http/customers.ts';
import { findCustomers, listCustomers } from '../queries/customers.ts';
import { countDrafts, findIssuedInvoices, type IssuedInvoice } from '../queries/invoices.ts';
import { findUsedMeters } from '../queries/used-meters.ts';
import { billingPeriod } from './billing-period.ts';
import { billedBeside } from './draft.ts';
import { isOpen } from './draft-range.ts';
import type { BillingStores } from './due.ts';
import { segmentsOf } from './rate.ts';
import { readTerms, type BillingTerms } from './terms.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';

/** Their terms and issued invoices are in memory at a time. */
const PAGE_CUSTOMERS = 1_000;
/** Told one by one; beyond that the number says enough. */
const CONCERNS_MAX = 200;

interface RunRequest {
  month: string;
  /** All without it; those that nobody has heard of are left out. */
  customers: readonly string[] | undefined;
}

export async function previewRun(
  stores: BillingStores,
  scope: EveryCustomer,
  { month, customers }: RunRequest,
): Promise<BillingRunPreview> {
  const now = stores.clock.now();
  const counts = { total: 0, untouched: 0, withUsage: 0, withoutUsage: 0 };
  const concerns: RunConcern[] = [];
  let [concerned, over] = [0, -Infinity];
  for await (const page of customerPages(stores, scope, customers, now)) {
    const found = await previewPage(stores, scope, { month, customers: page, now });
    counts.total += page.length;
    counts.untouched += found.untouched;
    counts.withUsage += found.withUsage;
    counts.withoutUsage += page.length - found.untouched - found.withUsage;
    over = Math.max(over, found.over);
    concerned += found.concerns.length;
    concerns.push(...found.concerns.slice(0, CONCERNS_MAX - concerns.length));
  }
  const drafts = await countDrafts(stores.postgres, scope, month, customers);
  const overAt = over > now.getTime() ? instantText(over) : null;
  return { period: month, customers: counts, drafts, overAt, concerned, concerns };
}

async function* customerPages(
  { postgres }: BillingStores,
  scope: EveryCustomer,
  ids: readonly string[] | undefined,
  now: Date,
): AsyncGenerator<Customer[]> {
  if (ids !== undefined) {
    for (let at = 0; at < ids.length; at += PAGE_CUSTOMERS)
      yield await findCustomers(postgres, scope, ids.slice(at, at + PAGE_CUSTOMERS), now);
    return;
  }
  let page: Customer[];
  let after = '';
  do {
    page = await listCustomers(postgres, scope, { after, rows: PAGE_CUSTOMERS }, now);
    yield page;
    after = page.at(-1)?.id ?? '';
  } while (page.length === PAGE_CUSTOMERS);
}

async function previewPage(
  stores: BillingStores,
  scope: EveryCustomer,
  { month, customers, now }: { month: string; customers: readonly Customer[]; now: Date },
) {
  const ids = customers.map(({ id }) => id);
  const issued = Map.groupBy(await findIssuedInvoices(stores.postgres, scope, ids), ({ customer }) => customer);
  const open = customers.filter(({ id }) => isOpen(issued.get(id) ?? [], month));
  const terms = await readTerms(
    stores.postgres,
    scope,
    open.map(({ id }) => id),
    now,
  );
  const used = await usedMeters(stores, scope, { month, customers: open, issued });
  const concerns = open.flatMap((customer) => {
    const [own, meters] = [terms.get(customer.id), used.meters.get(customer.id)];
    return own === undefined || meters === undefined
      ? []
      : concernsOf(customer, own, { month, meters, issued: issued.get(customer.id) ?? [] });
  });
  return { untouched: customers.length - open.length, withUsage: used.meters.size, over: used.over, concerns };
}

/** One question per period: customers of one zone share it, but for those whose zone has changed. */
async function usedMeters(
  { clickhouse }: BillingStores,
  scope: EveryCustomer,
  { month, customers, issued }: { month: string; customers: readonly Customer[]; issued: ReadonlyMap<string, IssuedInvoice[]> },
): Promise<{ meters: Map<string, string[]>; over: number }> {
  const groups = new Map<string, { period: Window; customers: string[] }>();
  for (const { id, timeZone } of customers) {
    const period = billingPeriod(month, timeZone, billedBeside(issued.get(id) ?? [], month));
    const name = `${period.from} ${period.to}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { period, customers: [id] });
    else group.customers.push(id);
  }
  const meters = new Map<string, string[]>();
  for (const group of groups.values()) for (const [id, own] of await findUsedMeters(clickhouse, scope, group)) meters.set(id, own);
  return { meters, over: Math.max(-Infinity, ...[...groups.values()].map(({ period }) => period.to)) };
}

function concernsOf(
  { id, name, status }: Customer,
  terms: BillingTerms,
  { month, meters, issued }: { month: string; meters: readonly string[]; issued: readonly IssuedInvoice[] },
): RunConcern[] {
  const segments = segmentsOf(terms, billingPeriod(month, terms.timeZone, billedBeside(issued, month)));
  const concern = (kind: RunConcern['kind'], what: string[]): RunConcern[] => [
    { customer: id, name, isSetUp: status === 'assigned', kind, what },
  ];
  const foreign = segments.flatMap(({ plan }) => (plan === undefined || plan.currency === terms.currency ? [] : [plan.currency]));
  if (foreign.length > 0) return concern('currency_mismatch', [...new Set(foreign)]);
  const plans = segments.flatMap(({ plan }) => plan ?? []);
  if (plans.length < segments.length) return concern('no_plan', []);
  const unpriced = meters.filter((meter) => plans.some(({ prices }) => !prices.some((price) => price.meter === meter)));
  return unpriced.length === 0 ? [] : concern('unpriced_meter', unpriced);
}
