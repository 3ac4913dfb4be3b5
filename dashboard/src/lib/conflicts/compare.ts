/** Two versions of one event, side by side. */
import { address } from '../api.ts';
import { equal } from '../decimal.ts';
import { formatDecimal } from '../format.ts';
import { formatExact } from '../time.ts';
import type { Conflict } from '../types.ts';

export type Version = Conflict['this'];

export interface ComparedRow {
  label: string;
  /** Null: this version has no such property, or there is no such version. */
  first: string | null;
  this: string | null;
  differs: boolean;
}

export function compareVersions({ first, this: disputed }: Pick<Conflict, 'first' | 'this'>): ComparedRow[] {
  const row = (label: string, read: (version: Version) => string | null, same = (a: Version, b: Version) => read(a) === read(b)) => ({
    label,
    first: first === null ? null : read(first),
    this: read(disputed),
    differs: first !== null && !same(first, disputed),
  });
  const names = new Set([...Object.keys(disputed.properties), ...Object.keys(first?.properties ?? {})]);
  return [
    row('Meter', ({ meter }) => meter),
    row(
      'Time, UTC',
      ({ time }) => formatExact(time, 'UTC'),
      (a, b) => a.time === b.time,
    ),
    row(
      'Quantity',
      ({ quantity }) => formatDecimal(quantity),
      (a, b) => equal(a.quantity, b.quantity),
    ),
    ...[...names].sort().map((name) => row(name, ({ properties }) => properties[name] ?? null)),
  ];
}

/** Where its line can be looked at. */
export function lineAddress(customer: string, version: Version, status: 'accepted' | 'conflict'): string {
  if (version.key === null) return `/imports/${version.importId}`;
  return address('/records', { customer, import: version.importId, status: status === 'conflict' ? status : null, record: version.key });
}

export type Choice = { kind: 'open'; canKeepFirst: boolean } | { kind: 'resolving' } | { kind: 'resolved'; canKeepThis: boolean };

/** What a person can do about it. One that was decided for the first may be mended, unless the server knows better. */
export function choiceOf({ status, first, keep }: Pick<Conflict, 'status' | 'first' | 'keep'>): Choice {
  if (status === 'resolving') return { kind: 'resolving' };
  if (status === 'resolved') return { kind: 'resolved', canKeepThis: keep === 'first' };
  return { kind: 'open', canKeepFirst: first !== null };
}
