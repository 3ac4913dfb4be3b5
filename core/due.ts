/**
 * What is still due for a period:
 *
 *     Due(customer, period) = the rating of all usage known now, by that period's own plan, tax and meters
 *                             − the sum of the final, non-void documents for that period
 *
 * where the documents are its invoice, the adjustments of later invoices and the credit notes. The difference is taken entry by entry: per
 * line, discount, minimum and tax, and within a line per hour. So what a later document billed once is never billed again, and a
 * voided one falls due again, less what others have billed meanwhile. Amounts in minor units, quantities at QUANTITY_SCALE.
 */
import type { Aggregation } from '../schemas/http/customers.ts';
import type { Window } from './window.ts';

export type ChargeKind = 'usage' | 'fee' | 'discount' | 'minimum' | 'tax';

export interface HourCharge {
  start: number;
  end: number;
  quantity: bigint;
  amount: bigint;
}

/** One entry of a document for one period. */
export interface Charge {
  /** The same for the same line, discount, minimum or tax of the period in every document: see `RatedLine.key`. */
  key: string;
  kind: ChargeKind;
  /** Of a line, and of a discount on the lines of a meter. */
  meter: string | undefined;
  /** 0 but for lines. */
  quantity: bigint;
  amount: bigint;
  /** Only lines of usage have hours. A credit note may give back a part of a line without naming hours. */
  hours: readonly HourCharge[];
}

/** What a document charges for the period in question. */
export interface BilledDocument {
  status: 'draft' | 'final' | 'void';
  charges: readonly Charge[];
}

/** Why something is due: `id` is an import's, a conflict's or a document's. */
export interface Cause {
  kind: 'late' | 'undone' | 'replaced' | 'void' | 'credit_note';
  id: string;
  /** Of the file, or the document's number. */
  name: string | null;
  events: number;
  /** At QUANTITY_SCALE. */
  quantity: bigint;
}

/** A place in the log of a customer's partition, and how often what stood there is counted. */
export interface WeightedPosition {
  epoch: number;
  partition: number;
  offset: number;
  weight: number;
}

/** What opens an adjustment down to its events. */
export interface AdjustmentBasis {
  /** Null where the entry has none. */
  meter: { aggregation: Aggregation; property: string | null } | null;
  /** Where the aggregate of the line begins, epoch ms. */
  from: number;
  /** What the documents that count have billed for the line, hour by hour: the sum of what stood at these places. */
  billed: readonly WeightedPosition[];
}

export interface AdjustedCharge extends Charge {
  causes: readonly Cause[];
  basis: AdjustmentBasis;
}

/** What is due for an earlier period, on the invoice that bills it. */
export interface Adjustment {
  /** The invoice that billed the period. */
  invoice: { id: string; number: string | null };
  period: Window & { timeZone: string };
  charges: readonly AdjustedCharge[];
}

type KeyedAmount = Pick<Charge, 'key' | 'amount'>;

/** The part of a rated invoice that Due is told from. */
export interface ChargedEntries {
  lines: readonly (Omit<Charge, 'hours'> & { changes: readonly Omit<HourCharge, 'amount'>[]; runningAmounts: readonly bigint[] })[];
  discounts: readonly (KeyedAmount & { discount: { meter?: string } })[];
  minimums: readonly KeyedAmount[];
  taxes: readonly KeyedAmount[];
}

/** The entries of an invoice for its own period; its adjustments are charges for theirs. */
export function chargesOf({ lines, discounts, minimums, taxes }: ChargedEntries): Charge[] {
  return [
    ...lines.map(({ key, kind, meter, quantity, amount, changes, runningAmounts }) => {
      const hours = changes.map(({ start, end, quantity: change }, n) => {
        return { start, end, quantity: change, amount: (runningAmounts[n] ?? 0n) - (runningAmounts[n - 1] ?? 0n) };
      });
      return { key, kind, meter, quantity, amount, hours };
    }),
    ...discounts.map(({ key, amount, discount }) => entry('discount', key, amount, discount.meter)),
    ...minimums.map(({ key, amount }) => entry('minimum', key, amount)),
    ...taxes.map(({ key, amount }) => entry('tax', key, amount)),
  ];
}

function entry(kind: ChargeKind, key: string, amount: bigint, meter?: string): Charge {
  return { key, kind, meter, quantity: 0n, amount, hours: [] };
}

/** Due by entry; entries and hours of which nothing is due are left out. `documents` of any status: final ones count. */
export function dueOf(now: readonly Charge[], documents: readonly BilledDocument[]): Charge[] {
  const sums = new Map<string, { charge: Charge; hours: Map<number, HourCharge> }>();
  const add = (charge: Charge, sign: 1n | -1n): void => {
    const nothing = { charge: { ...charge, quantity: 0n, amount: 0n, hours: [] }, hours: new Map<number, HourCharge>() };
    const known = sums.get(charge.key) ?? nothing;
    known.charge.quantity += sign * charge.quantity;
    known.charge.amount += sign * charge.amount;
    for (const { start, end, quantity, amount } of charge.hours) {
      const hour = known.hours.get(start);
      known.hours.set(start, {
        start,
        end,
        quantity: (hour?.quantity ?? 0n) + sign * quantity,
        amount: (hour?.amount ?? 0n) + sign * amount,
      });
    }
    sums.set(charge.key, known);
  };
  for (const charge of now) add(charge, 1n);
  for (const { status, charges } of documents) if (status === 'final') for (const charge of charges) add(charge, -1n);
  return [...sums.values()]
    .map(({ charge, hours }) => ({ ...charge, hours: [...hours.values()].filter(isDue).sort((a, b) => a.start - b.start) }))
    .filter((charge) => isDue(charge) || charge.hours.length > 0);
}

/**
 * Whether a credit note says that something was billed wrongly, and so counts among the documents. One that takes back money alone is
 * goodwill: it was given away on purpose, and must not fall due again.
 */
export function isCorrection(charges: readonly Pick<Charge, 'quantity'>[]): boolean {
  return charges.some(({ quantity }) => quantity !== 0n);
}

/** What the charges come to. */
export function sumCharges(charges: readonly Charge[]): bigint {
  return charges.reduce((sum, { amount }) => sum + amount, 0n);
}

function isDue({ quantity, amount }: { quantity: bigint; amount: bigint }): boolean {
  return quantity !== 0n || amount !== 0n;
}
