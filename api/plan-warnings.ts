/** What may be wrong with a plan that is sound: prices of meters that nobody has heard of. */
import { nearMatches } from '../core/near-matches.ts';
import type { EveryCustomer } from '../platform/access/scope.ts';
import type { Platform } from '../platform/platform.ts';
import type { PlanDefinition, PlanWarning } from '../schemas/http/plans.ts';
import { findMeters, listMeters } from './queries/meters.ts';

/** A plan with more unknown meters was written before there was any usage, and has no typing errors to be found. */
const EXPLAINED_MAX = 20;
/** Names that near ones are looked for among: some hundred kilobytes. */
const METERS_MAX = 10_000;

/** One for each price whose meter is neither defined nor seen in usage, at the path of that meter. */
export async function planWarnings(
  stores: Pick<Platform, 'postgres' | 'clickhouse'>,
  scope: EveryCustomer,
  { prices }: PlanDefinition,
): Promise<PlanWarning[]> {
  const named = prices.flatMap(({ meter }, n) => (meter === undefined ? [] : [{ meter, path: `prices/${n}/meter` }]));
  const found = await findMeters(
    stores.postgres,
    named.map(({ meter }) => meter),
  );
  const known = new Set(found.map(({ key }) => key));
  const unknown = named.filter(({ meter }) => !known.has(meter));
  if (unknown.length === 0) return [];
  const meters = (await listMeters(stores, scope, { after: '', rows: METERS_MAX })).map(({ key }) => key);
  return unknown.map(({ meter, path }, n) => {
    const near = n < EXPLAINED_MAX ? nearMatches(meter, meters) : [];
    const meant = near.length === 0 ? '' : `; near it ${near.length === 1 ? 'is' : 'are'} ${near.map((key) => `"${key}"`).join(', ')}`;
    const message = `there is no usage of meter "${meter}" yet, and PUT /v1/meters has not defined it: the price applies once there is${meant}`;
    return { path, code: 'unknown_meter', message, near };
  });
}
