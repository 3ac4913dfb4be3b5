/** The form of a credit note: what it may take back, and the body of the call. */
import { compare, isZero, sum } from '../decimal.ts';
import type { CreditNoteInput, Invoice } from '../types.ts';

export interface CreditableLine {
  n: number;
  name: string;
  unit: string;
  /** Less what earlier notes have taken back. */
  amount: string;
  quantity: string;
}

export interface CreditEntry {
  amount: string;
  quantity: string;
}

export type CreditForm = { kind: 'full' } | { kind: 'lines'; entries: Readonly<Record<number, CreditEntry>> };

/** Without reason, for its preview. */
export type CreditBody = Omit<CreditNoteInput, 'reason'>;

const NUMBER = /^\d+(\.\d+)?$/;

/** Lines of which an amount above 0 is left. */
export function creditableLines({ lines, creditNotes = [] }: Pick<Invoice, 'lines' | 'creditNotes'>): CreditableLine[] {
  const taken = creditNotes.flatMap((note) => note.lines);
  return lines
    .map(({ n, kind, meter, description, unit, amount, quantity }) => {
      const own = taken.filter((line) => line.n === n);
      return {
        n,
        name: meter || description,
        unit,
        amount: sum([amount, ...own.map((line) => line.amount)]),
        // A fee has none that could be taken back.
        quantity: kind === 'fee' ? '0' : sum([quantity, ...own.map((line) => line.quantity ?? '0')]),
      };
    })
    .filter(({ amount }) => compare(amount, '0') > 0);
}

/** Null while there is nothing in the form that could be credited. Numbers are written with a point. */
export function bodyOf(form: CreditForm): CreditBody | null {
  if (form.kind === 'full') return { full: true };
  const lines = Object.entries(form.entries)
    .map(([n, { amount, quantity }]) => ({ n: Number(n), amount: plain(amount), quantity: plain(quantity) }))
    .filter(({ amount, quantity }) => amount !== '' || quantity !== '')
    .map(({ n, amount, quantity }) => ({ n, amount: amount || '0', ...(quantity === '' ? {} : { quantity }) }));
  return lines.length === 0 ? null : { lines };
}

/** As people write it: "1,204.50" in the figures of the page. */
function plain(text: string): string {
  return text.trim().replace(/(?<=\d),(?=\d{3}(\D|$))/g, '');
}

/** What is wrong with an entry before anything is asked of the server; empty where nothing is. */
export function entryFault({ amount, quantity }: CreditEntry, line: CreditableLine): string {
  const [money, units] = [plain(amount), plain(quantity)];
  if (money !== '' && !NUMBER.test(money)) return 'The amount is a plain number, such as 12.50.';
  if (units !== '' && !NUMBER.test(units)) return 'The quantity is a plain number, such as 250.';
  if (units !== '' && (money === '' || isZero(money))) return 'Say what amount goes with this quantity.';
  if (money !== '' && compare(money, line.amount) > 0) return `At most ${line.amount}, what is left of this line.`;
  if (units !== '' && compare(units, line.quantity) > 0) return `At most ${line.quantity}, what is left of this line.`;
  return '';
}

/** Whether usage is taken back too: what the files still say is then due again. */
export function takesUsageBack(body: CreditBody): boolean {
  return body.full === true || (body.lines ?? []).some(({ quantity }) => quantity !== undefined && !isZero(quantity));
}

/**
 * Names one credit note: the same form sent twice is one note. A changed form is another note, and gets another key.
 * `crypto.randomUUID` is not there on a page without TLS; random values are.
 */
export function createKeys(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)) {
  let known = { body: '', key: '' };
  return (body: CreditNoteInput): string => {
    const text = JSON.stringify(body);
    if (known.body !== text) known = { body: text, key: hex(random(new Uint8Array(16))) };
    return known.key;
  };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
