/** The entries of final invoices and of credit notes: what Due is told from, and where the hours of a final invoice are. */
import type { Charge, ChargeKind } from '../../core/due.ts';
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { packHours, unpackHours, type CountedHour, type PackedHour } from '../../core/packed-hours.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { EveryCustomer, Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';

/** Of its document's own period or, as an adjustment, of an earlier one. */
export interface StoredCharge extends Omit<Charge, 'hours'> {
  /** Its place in the document; lines come first, by their `n`. */
  n: number;
  period: Window & { timeZone: string };
  hours: readonly CountedHour[];
}

/** As it is kept, and as it is hashed: plain JSON. */
export interface ChargeText {
  n: number;
  period_from: string;
  period_to: string;
  time_zone: string;
  key: string;
  kind: ChargeKind;
  meter: string | null;
  quantity: string;
  amount: string;
  hours: PackedHour[];
}

/** The invoice that a row `c` belongs to. */
const OF_INVOICE = 'invoices i WHERE i.invoice_id = c.invoice_id';
const OF_CREDIT_NOTE = 'credit_notes n JOIN invoices i ON i.invoice_id = n.invoice_id WHERE n.credit_note_id = c.credit_note_id';

export const CHARGE_TABLES = {
  invoice: { table: 'invoice_charges', id: 'invoice_id', documents: OF_INVOICE },
  'credit-note': { table: 'credit_note_charges', id: 'credit_note_id', documents: OF_CREDIT_NOTE },
} as const;
export type ChargeOwner = keyof typeof CHARGE_TABLES;

/** Charges of one statement: some megabytes with their hours. */
const CHARGES_PER_STATEMENT = 50;

export function chargeTexts(charges: readonly StoredCharge[]): ChargeText[] {
  return charges.map(({ n, period, key, kind, meter, quantity, amount, hours }) => ({
    n,
    period_from: instantText(period.from),
    period_to: instantText(period.to),
    time_zone: period.timeZone,
    key,
    kind,
    meter: meter ?? null,
    quantity: formatDecimal(quantity, QUANTITY_SCALE),
    amount: amount.toString(),
    hours: packHours(hours),
  }));
}

export async function insertCharges(postgres: Queryable, owner: ChargeOwner, id: string, charges: readonly ChargeText[]): Promise<void> {
  const { table, id: column } = CHARGE_TABLES[owner];
  for (let from = 0; from < charges.length; from += CHARGES_PER_STATEMENT) {
    await postgres.query(
      `INSERT INTO ${table} (${column}, n, period_from, period_to, time_zone, key, kind, meter, quantity, amount, hours)
       SELECT $1::bigint, c.* FROM jsonb_to_recordset($2::jsonb) AS c (n integer, period_from timestamptz, period_to timestamptz, time_zone text,
         key text, kind text, meter text, quantity numeric, amount numeric, hours jsonb)`,
      [id, JSON.stringify(charges.slice(from, from + CHARGES_PER_STATEMENT))],
    );
  }
}

interface ChargeRow extends Omit<ChargeText, 'period_from' | 'period_to'> {
  owner: string;
  from: string;
  to: string;
  [column: string]: unknown;
}

/** Of the documents with these ids, in order. With `n`, that entry alone; with `from`, those for periods that begin then (epoch ms). */
export async function readCharges(
  postgres: Queryable,
  scope: Scope,
  owner: ChargeOwner,
  ids: readonly string[],
  options: { n?: number; from?: readonly number[] } = {},
): Promise<Map<string, StoredCharge[]>> {
  const { table, id, documents } = CHARGE_TABLES[owner];
  const { rows } = await postgres.query<ChargeRow>(
    `SELECT ${id}::text AS owner, n, (extract(epoch FROM period_from) * 1000)::bigint::text AS "from",
            (extract(epoch FROM period_to) * 1000)::bigint::text AS "to", time_zone, key, kind, meter, quantity::text AS quantity,
            amount::text AS amount, hours
       FROM ${table} AS c WHERE ${id} = ANY($1::bigint[]) AND ($2::integer IS NULL OR n = $2)
        AND ($3::timestamptz[] IS NULL OR period_from = ANY($3::timestamptz[]))
        AND EXISTS (SELECT FROM ${documents} AND ${inInvoiceScope('i', 4)}) ORDER BY ${id}, n`,
    [ids, options.n ?? null, options.from?.map(instantText) ?? null, ...invoiceScopeValues(scope)],
  );
  const byOwner = new Map<string, StoredCharge[]>(ids.map((one) => [one, []]));
  for (const row of rows) byOwner.get(row.owner)?.push(toCharge(row));
  return byOwner;
}

/** How much each entry of these credit notes takes back, by note. */
export async function readNoteQuantities(
  postgres: Queryable,
  _scope: EveryCustomer,
  noteIds: readonly string[],
): Promise<Map<string, Pick<Charge, 'quantity'>[]>> {
  const { rows } = await postgres.query<{ note: string; quantity: string }>(
    `SELECT credit_note_id::text AS note, quantity::text AS quantity FROM credit_note_charges WHERE credit_note_id = ANY($1::bigint[])`,
    [noteIds],
  );
  const byNote = Map.groupBy(rows, ({ note }) => note);
  return new Map([...byNote].map(([note, some]) => [note, some.map(({ quantity }) => ({ quantity: toScaled(quantity, QUANTITY_SCALE) }))]));
}

function toCharge(row: ChargeRow): StoredCharge {
  return {
    n: row.n,
    period: { from: Number(row.from), to: Number(row.to), timeZone: row.time_zone },
    key: row.key,
    kind: row.kind,
    meter: row.meter ?? undefined,
    quantity: toScaled(row.quantity, QUANTITY_SCALE),
    amount: BigInt(row.amount),
    hours: unpackHours(row.hours),
  };
}
