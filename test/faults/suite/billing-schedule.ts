/** What is billed, and taken back, in a seed. From generators of its own: files, lanes and faults of a seed are what they are without it. */
import { seededRandom } from '../../support/random.ts';
import { below, CUSTOMERS, MONTHS } from './workload.ts';

export type BillingOperation = { afterMs: number } & (
  | { kind: 'bill'; month: string; customers: readonly string[] }
  /** Of the invoices that became final before in this lane: taken modulo their number. */
  | { kind: 'void'; pick: number }
  | { kind: 'credit'; pick: number; how: 'all' | 'a unit' | 'goodwill' }
);

const OPERATIONS_MIN = 4;
const OPERATIONS_MAX = 6;
const PAUSE_MS_MAX = 1_000;
const CUSTOMERS_BILLED = 2;

/** While files come and go. */
export function planBilling(seed: number): BillingOperation[] {
  const random = seededRandom(Math.imul(seed, 0x85ebca6b) ^ 0x62696c6c);
  const operations = OPERATIONS_MIN + below(random, OPERATIONS_MAX - OPERATIONS_MIN + 1);
  return Array.from({ length: operations }, (_, n): BillingOperation => {
    const [afterMs, next, pick] = [below(random, PAUSE_MS_MAX), random(), below(random, 1_000)];
    if (n === 0 || next < 0.5) {
      const first = below(random, CUSTOMERS.length);
      const customers = Array.from({ length: CUSTOMERS_BILLED }, (__, c) => CUSTOMERS[(first + c) % CUSTOMERS.length] ?? CUSTOMERS[0]);
      return { afterMs, kind: 'bill', month: MONTHS[below(random, MONTHS.length)] ?? MONTHS[0], customers };
    }
    if (next < 0.7) return { afterMs, kind: 'void', pick };
    return { afterMs, kind: 'credit', pick, how: next < 0.8 ? 'all' : next < 0.9 ? 'a unit' : 'goodwill' };
  });
}

/**
 * What is done when the other lanes have ended: there are final invoices by then, some of them void or credited, and an import that they use
 * is taken back. Faults may well go on.
 */
export function planLate(seed: number): BillingOperation[] {
  const random = seededRandom(Math.imul(seed, 0xc2b2ae35) ^ 0x6c617465);
  const bills = [0, 1].map((): BillingOperation => {
    return { afterMs: 0, kind: 'bill', month: MONTHS[below(random, MONTHS.length)] ?? MONTHS[0], customers: CUSTOMERS };
  });
  const hows = ['all', 'a unit', 'goodwill'] as const;
  const takenBack = Array.from({ length: 2 }, (): BillingOperation => {
    const [isVoid, pick, how] = [random() < 0.5, below(random, 1_000), hows[below(random, hows.length)] ?? 'all'];
    return isVoid ? { afterMs: 0, kind: 'void', pick } : { afterMs: 0, kind: 'credit', pick, how };
  });
  return [...bills, ...takenBack];
}
