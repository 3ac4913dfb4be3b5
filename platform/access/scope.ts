/**
 * Whose data a query may touch. Every query over what belongs to customers takes a scope and cannot be written without one: the classes
 * have private members, so that no literal passes for them, and are made here only, from the caller of a request or for a job of the
 * program itself. A query that cannot be narrowed to a customer takes `EveryCustomer`, which a customer's request does not have.
 */
import { ProblemError } from '../../core/errors.ts';
import type { Caller } from './caller.ts';

/** All customers: staff, and the jobs of the program. */
export class EveryCustomer {
  /** Keeps other objects of this shape from being scopes. */
  protected readonly brand = 'scope';
  readonly customer = undefined;
  readonly invoice = undefined;
}

/** One customer; one invoice of it, for whoever holds a link to that. */
export class OneCustomer {
  protected readonly brand = 'scope';
  readonly customer: string;
  readonly invoice: string | undefined;

  constructor(customer: string, invoice?: string) {
    this.customer = customer;
    this.invoice = invoice;
  }
}

export type Scope = EveryCustomer | OneCustomer;

/** What jobs of the program read: billing runs, reconciliation, the live feed. Not for routes: test/support/scoped-queries.ts sees to it. */
export const WHOLE_INSTALLATION = new EveryCustomer();

/** Of a caller who may call the route at all. A key that only sends has no customers: nothing it may call takes this scope. */
export function scopeOf(caller: Caller): Scope {
  switch (caller.role) {
    case 'admin':
    case 'analyst':
      return WHOLE_INSTALLATION;
    case 'customer':
    case 'link':
      return new OneCustomer(caller.customer, caller.role === 'link' ? caller.invoice : undefined);
    case 'ingest':
      throw new Error(`the route lets in ${caller.name}, which has no customers`);
  }
}

/** For routes of staff: the query behind them shows several customers. */
export function staffScopeOf(caller: Caller): EveryCustomer {
  const scope = scopeOf(caller);
  if (scope instanceof EveryCustomer) return scope;
  throw new Error(`the route lets in ${caller.name}, and shows more than one customer`);
}

/** Throws where a customer's request has come to what shows several customers, or what is not for customers at all. */
export function requireEveryCustomer(scope: Scope): EveryCustomer {
  if (scope instanceof EveryCustomer) return scope;
  throw new Error('a query over every customer was reached by a request of one');
}

/**
 * The customer that a query is narrowed to: the one of the scope, else the one that was asked for. Throws `not_found` where another
 * one than the scope's was asked for, as if there were none of this name.
 */
export function customerWithin(scope: Scope, asked: string): string;
export function customerWithin(scope: Scope, asked: string | undefined): string | undefined;
export function customerWithin(scope: Scope, asked: string | undefined): string | undefined {
  if (scope.customer === undefined || asked === undefined || asked === scope.customer) return scope.customer ?? asked;
  throw noCustomer(asked);
}

/** As it is answered about a customer that nobody has heard of, and about another one than the caller's. */
export function noCustomer(id: string): ProblemError {
  return new ProblemError('not_found', `There is no customer "${id}", neither set up nor seen in usage.`);
}
