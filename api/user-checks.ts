/** What holds of people and keys alike: those of the role `customer` see one customer's data, and no others are bound to one. */
import type { Queryable } from '../platform/postgres/postgres.ts';
import { fieldProblem } from './field-problem.ts';

export async function requireCustomerOfRole(
  postgres: Queryable,
  { role, customer = null }: { role: string; customer?: string | null | undefined },
): Promise<void> {
  if (role !== 'customer') {
    if (customer === null) return;
    throw fieldProblem(
      'unprocessable',
      'customer',
      `the role ${role} is not bound to a customer; leave customer out, or take the role customer`,
    );
  }
  if (customer === null)
    throw fieldProblem('unprocessable', 'customer', 'say whose usage and invoices the role customer sees; GET /v1/customers lists the ids');
  const { rows } = await postgres.query('SELECT FROM customers WHERE id = $1', [customer]);
  if (rows.length === 0)
    throw fieldProblem(
      'unknown_customer',
      'customer',
      `there is no customer "${customer}"; GET /v1/customers lists the ids, PUT /v1/customers/{id} makes one`,
    );
}
