/** Names of customers, where somebody has given one. */
import { call } from './api.ts';
import type { Customer, List, Session } from './types.ts';

/** What one page of the API holds at most; a customer beyond it is shown by its id. */
const NAMES_MAX = 1000;

export type CustomerNames = ReadonlyMap<string, Customer>;

/** All of them; for a signed-in customer, its own. */
export async function loadCustomerNames(session: Session | null = null): Promise<CustomerNames> {
  if (session !== null && session.customer !== null) {
    const own = await call<Customer>(`/v1/customers/${encodeURIComponent(session.customer)}`);
    return new Map([[own.id, own]]);
  }
  const { items } = await call<List<Customer>>('/v1/customers', { query: { limit: NAMES_MAX } });
  return new Map(items.map((customer) => [customer.id, customer]));
}
