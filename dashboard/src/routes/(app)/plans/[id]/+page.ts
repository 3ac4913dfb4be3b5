import { call } from '#lib/api.ts';
import { outcome } from '#lib/outcome.ts';
import type { Customer, CustomerList, Extent, List, Plan, Settings } from '#lib/types.ts';
import type { PageLoad } from './$types.js';

/** `/plans/new` is a plan that does not exist yet. */
const NEW = 'new';
/** Customers to take a worked example from: those on the plan first. */
const CUSTOMERS_MAX = 500;

export const load: PageLoad = async ({ params, depends }) => {
  depends('tallyline:plan');
  const isNew = params.id === NEW;
  const customersOf = (plan?: string) => outcome(call<CustomerList>('/v1/customers', { query: { limit: CUSTOMERS_MAX, plan } }));
  const [plan, meters, extent, settings, own, others] = await Promise.all([
    isNew ? null : outcome(call<Plan>(`/v1/plans/${encodeURIComponent(params.id)}`)),
    outcome(call<List<{ key: string }>>('/v1/meters', { query: { limit: 1000 } })),
    outcome(call<Extent>('/v1/usage/extent')),
    outcome(call<Settings>('/v1/settings')),
    isNew ? null : customersOf(params.id),
    customersOf(),
  ]);
  const customers = new Map<string, Customer>();
  for (const list of [own, others]) if (list?.ok === true) for (const customer of list.value.items) customers.set(customer.id, customer);
  return {
    plan,
    meters: meters.ok ? meters.value.items.map(({ key }) => key) : [],
    extent: extent.ok ? extent.value : null,
    currency: settings.ok ? settings.value.defaults.currency : 'USD',
    customers: [...customers.values()],
  };
};
