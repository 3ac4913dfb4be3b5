/** The zone that usage is told in where none was asked for. */
import type { Scope } from '../../platform/access/scope.ts';
import type { Platform } from '../../platform/platform.ts';
import { findCustomer } from '../queries/customers.ts';
import { readSettings } from '../queries/settings.ts';

/** That of the customer, if it is about one; else the default of the settings. */
export async function defaultZone(
  { postgres, clock }: Platform,
  scope: Scope,
  customer: string | undefined = scope.customer,
): Promise<string> {
  const found = customer === undefined ? undefined : await findCustomer(postgres, scope, customer, clock.now());
  return found?.timeZone ?? (await readSettings(postgres)).defaults.timeZone;
}
