/** What the page of customers shows, as it stands in its URL. */
export const STATUSES = ['all', 'unassigned', 'assigned'] as const;
export type StatusChoice = (typeof STATUSES)[number];

export interface CustomersView {
  search: string;
  status: StatusChoice;
  plan: string | null;
  /** Id of the customer whose drawer is open. */
  open: string | null;
}

export function readCustomersView(parameters: { get(name: string): string | null }): CustomersView {
  const status = parameters.get('status');
  return {
    search: parameters.get('search') ?? '',
    status: STATUSES.find((one) => one === status) ?? 'all',
    plan: parameters.get('plan') || null,
    open: parameters.get('open') || null,
  };
}

/** Whoever waits to be set up comes first. */
export function listQuery({ search, status, plan }: CustomersView): Record<string, string | null> {
  return { search: search.trim() || null, status: status === 'all' ? null : status, plan, order: 'unassigned' };
}

/** The next one after `id` that is not set up, or the first one before it; undefined when nobody waits. */
export function nextUnassigned(customers: readonly { id: string; status: string }[], id: string | null): string | undefined {
  const at = customers.findIndex((customer) => customer.id === id);
  const waiting = customers.map((customer, n) => ({ ...customer, n })).filter(({ status, n }) => status === 'unassigned' && n !== at);
  return (waiting.find(({ n }) => n > at) ?? waiting[0])?.id;
}
