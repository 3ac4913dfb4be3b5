/** What a list of invoices comes to, currency by currency, and whether its rows say the same. */
import { equal, sum } from '../decimal.ts';
import type { CreditNoteSummary, DocumentTotal, InvoiceSummary } from '../types.ts';
import type { Status } from './filter.ts';

type Kind = DocumentTotal['kind'];

export interface SumTerm {
  label: string;
  kind: Kind;
  status: Status;
  documents: number;
  total: string;
}

export interface CurrencySum {
  currency: string;
  /** What enters the sum. */
  terms: SumTerm[];
  total: string;
  /** Void documents: listed, and not counted. */
  void: SumTerm[];
}

const LABELS: Readonly<Record<`${Kind} ${Status}`, string>> = {
  'invoice final': 'final',
  'invoice draft': 'drafts',
  'invoice void': 'void',
  'credit_note final': 'credit notes',
  'credit_note draft': 'credit notes',
  'credit_note void': 'void credit notes',
};
const ORDER = Object.keys(LABELS);

/** By currency; the terms in the order of a life: final, drafts, credit notes. */
export function currencySums(totals: readonly DocumentTotal[]): CurrencySum[] {
  return [...Map.groupBy(totals, ({ currency }) => currency)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, own]) => {
      const terms = own
        .map(({ kind, status, documents, total }) => ({ label: LABELS[`${kind} ${status}`], kind, status, documents, total }))
        .sort((a, b) => ORDER.indexOf(`${a.kind} ${a.status}`) - ORDER.indexOf(`${b.kind} ${b.status}`));
      const counted = terms.filter(({ status }) => status !== 'void');
      return {
        currency,
        terms: counted,
        total: sum(counted.map(({ total }) => total)),
        void: terms.filter(({ status }) => status === 'void'),
      };
    });
}

export interface Listed {
  invoices: readonly Pick<InvoiceSummary, 'status' | 'currency' | 'total'>[];
  notes: readonly Pick<CreditNoteSummary, 'status' | 'currency' | 'total'>[];
}

/** Whether the rows come to the term, in number and amount. Only to be asked of a list that is there from its beginning to its end. */
export function agrees({ kind, status, documents, total }: SumTerm, currency: string, { invoices, notes }: Listed): boolean {
  const rows = (kind === 'invoice' ? invoices : notes).filter((row) => row.status === status && row.currency === currency);
  return rows.length === documents && equal(sum(rows.map((row) => row.total)), total);
}

/** What rows come to by currency; void ones count nothing. */
export function rowSums(
  rows: readonly { status: string; currency: string; total: string }[],
): { currency: string; total: string; rows: number }[] {
  const counted = Map.groupBy(
    rows.filter(({ status }) => status !== 'void'),
    ({ currency }) => currency,
  );
  return [...counted]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, own]) => ({ currency, rows: own.length, total: sum(own.map(({ total }) => total)) }));
}
