/** Where a fault of a plan lies, in words, and which field that is. Paths as the API has them: `prices/0/tiers/1/unitPrice`. */
import type { ApiError } from '../api.ts';

const FIELDS: Record<string, string> = {
  name: 'the name',
  currency: 'the currency',
  minimum: 'the minimum',
  meter: 'the meter',
  unitPrice: 'the price',
  included: 'the units included',
  size: 'the units in a package',
  amount: 'the amount',
  percent: 'the percentage',
  upTo: 'where it ends',
  flatFee: 'the fee',
  quantity: 'the quantity',
};

export interface Fault {
  /** Of the field in the plan. */
  path: string;
  /** "price 1, tier 2, the price". */
  place: string;
  message: string;
}

/** Faults of the plan itself, each field once; `prefix` is where the plan stood in what was sent. */
export function faultsOf(error: ApiError | undefined, prefix = ''): Fault[] {
  const seen = new Set<string>();
  return (error?.errors ?? []).flatMap(({ path, message }) => {
    const own = withoutPrefix(path, prefix);
    if (own === '' || seen.has(own)) return [];
    seen.add(own);
    return [{ path: own, place: placeOf(own), message: messageInWords(message) }];
  });
}

export function withoutPrefix(path: string, prefix: string): string {
  const own = path.replace(/^\//, '');
  return prefix !== '' && own.startsWith(`${prefix}/`) ? own.slice(prefix.length + 1) : own;
}

export function placeOf(path: string): string {
  const parts = path.split('/');
  const words: string[] = [];
  for (const [at, part] of parts.entries()) {
    if (/^\d+$/.test(part)) continue;
    const number = Number(parts[at + 1]) + 1;
    if (part === 'prices') words.push(`price ${number}`);
    else if (part === 'tiers') words.push(Number.isNaN(number) ? 'the tiers' : `tier ${number}`);
    else if (part === 'discounts') words.push(`discount ${number}`);
    else if (part !== 'quantities') words.push(FIELDS[part] ?? part);
  }
  return words.join(', ');
}

/** A pattern says what it wants to machines only; a field that is empty is not at fault yet. */
export function messageInWords(message: string): string {
  return message.startsWith('must match pattern') ? 'is no plain number such as 0.10' : message;
}

/** Ids of fields, so that a fault can lead to its own. */
export function fieldId(path: string): string {
  return `plan-${path.replaceAll('/', '-')}`;
}
