/** What remains to be paid of an issued invoice, as a sum: total, credits of earlier invoices, credit notes. */
import { compare, isZero, negate, sum } from '../decimal.ts';
import type { TermName } from '../terms.ts';
import type { Invoice } from '../types.ts';

export interface SettlementTerm {
  label: string;
  /** Signed, as it enters the sum. */
  amount: string;
  /** The document it is from. */
  href: string | null;
  /** What explains it. */
  help?: TermName;
}

export interface Rest {
  terms: SettlementTerm[];
  /** Below 0 where more was taken back than is left to be paid. */
  rest: string;
  label: string;
  /** Whether what the invoice says of itself (payable, carried) agrees with the terms. */
  holds: boolean;
}

type Settled = Pick<Invoice, 'status' | 'total' | 'settlement' | 'creditNotes' | 'number'>;

/** Null where there is nothing to settle: drafts, previews, and void invoices. */
export function restOf({ status, total, settlement, creditNotes = [], number }: Settled): Rest | null {
  if (status !== 'final' || settlement === undefined) return null;
  const { applied, carried, payable } = settlement;
  const own: SettlementTerm[] = [
    { label: `Total of ${number ?? 'this invoice'}`, amount: total, href: null },
    ...applied.map(({ invoice, number: from, amount }) => ({
      label: `Credit from invoice ${from ?? invoice}`,
      amount: negate(amount),
      href: `/invoices/${invoice}`,
    })),
    ...(isZero(carried)
      ? []
      : [{ label: 'Kept as a credit for the next invoices', amount: carried, href: null, help: 'credit balance' as const }]),
  ];
  const notes = creditNotes.map((note) => ({
    label: `Credit note ${note.number}`,
    amount: note.total,
    href: `/credit-notes/${note.id}`,
  }));
  const terms = [...own, ...notes];
  const rest = sum(terms.map(({ amount }) => amount));
  return {
    terms,
    rest,
    label: compare(rest, '0') < 0 ? 'In favour of the customer' : 'Remains to be paid',
    holds: compare(sum(own.map(({ amount }) => amount)), payable) === 0,
  };
}
