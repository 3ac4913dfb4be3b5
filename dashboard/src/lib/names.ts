/** Names of customers, where somebody has given one. */
import { call } from './api.ts';
import type { Customer, List } from './types.ts';

/** What one page of the API holds at most; a customer beyond it is shown by its id. */
const NAMES_MAX = 1000;

export type CustomerNames = ReadonlyMap<string, Customer>;

export async function loadCustomerNames(): Promise<CustomerNames> {
  const { items } = await call<List<Customer>>('/v1/customers', { query: { limit: NAMES_MAX } });
  return new Map(items.map((customer) => [customer.id, customer]));
}
