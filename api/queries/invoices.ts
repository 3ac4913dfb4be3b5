/** Stored invoices. Their entries, by hour, are in invoice-charges.ts. */
import type { AdjustmentBasis } from '../../core/due.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { Window } from '../../core/window.ts';
import type { EveryCustomer, Scope } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { Seller } from '../../schemas/http/settings.ts';
import type { BillingTerms } from '../billing/terms.ts';
import { inInvoiceScope, invoiceScopeValues } from './invoice-scope.ts';
import type { LeftOut } from './left-out.ts';

/** Up to where in the log the usage of a final invoice's customer goes. */
export interface AsOfPosition {
  epoch: number;
  partition: number;
  offset: number;
}

export interface StoredInvoice {
  id: string;
  number: string | null;
  status: 'draft' | 'final' | 'void';
  customer: string;
  currency: string;
  timeZone: string;
  month: string;
  /** Epoch ms. */
  period: Window;
  /** Of final ones. */
  position: AsOfPosition | null;
  /** Without hours. */
  snapshot: Invoice;
  terms: InvoiceTerms | null;
  contentHash: string | null;
  finalizedAt: string | null;
  voided: { at: string; by: string; reason: string } | null;
}

/** What a final invoice was rated by, who issued it, and what its trace has to know of the moment when it became final. */
export interface InvoiceTerms {
  billing: BillingTerms;
  seller: Seller;
  /** By line. */
  leftOut: LeftOut[];
  /** By adjustment. */
  adjustments: StoredBasis[];
}

/** `key` names the entry within its period, which begins at `period` (epoch ms). */
export type StoredBasis = AdjustmentBasis & { period: number; key: string };

interface InvoiceRow extends Omit<StoredInvoice, 'period' | 'position' | 'voided'> {
  from: string;
  to: string;
  epoch: number | null;
  partition: number | null;
  offset: string | null;
  voidedAt: string | null;
  voidedBy: string | null;
  voidReason: string | null;
  [column: string]: unknown;
}

const ISSUED = `invoice_id::text AS id, number, status, customer, currency, time_zone AS "timeZone", month,
  (extract(epoch FROM period_from) * 1000)::bigint::text AS "from", (extract(epoch FROM period_to) * 1000)::bigint::text AS "to"`;

const INVOICE = `${ISSUED}, as_of_epoch AS epoch, as_of_partition AS partition, as_of_offset::text AS "offset", snapshot, terms, content_hash AS "contentHash",
  finalized_at AS "finalizedAt", voided_at AS "voidedAt", voided_by AS "voidedBy", void_reason AS "voidReason"`;

export async function findInvoice(
  postgres: Queryable,
  scope: Scope,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<StoredInvoice | undefined> {
  const { rows } = await postgres.query<InvoiceRow>(
    `SELECT ${INVOICE} FROM invoices i WHERE invoice_id = $1::bigint AND ${inInvoiceScope('i', 2)} ${lock}`,
    [id, ...invoiceScopeValues(scope)],
  );
  return rows[0] === undefined ? undefined : toInvoice(rows[0]);
}

/** Which periods were billed by it; what it says is read where it is needed, as a customer has many of them. */
export type IssuedInvoice = Pick<StoredInvoice, 'id' | 'number' | 'status' | 'customer' | 'currency' | 'timeZone' | 'month' | 'period'>;

/** The invoices of these customers that are or were final, by period. */
export async function findIssuedInvoices(
  postgres: Queryable,
  _scope: EveryCustomer,
  customers: readonly string[],
): Promise<IssuedInvoice[]> {
  const { rows } = await postgres.query<IssuedInvoice & { from: string; to: string; [column: string]: unknown }>(
    `SELECT ${ISSUED} FROM invoices WHERE customer = ANY($1) AND status <> 'draft' ORDER BY customer, period_from, invoice_id`,
    [customers],
  );
  return rows.map(({ from, to, ...row }) => ({ ...row, period: { from: Number(from), to: Number(to) } }));
}

/** Where final invoices stand in the log, and what their adjustments follow from, by id. */
export async function findBases(postgres: Queryable, _scope: EveryCustomer, ids: readonly string[]): Promise<Map<string, InvoiceBasis>> {
  const { rows } = await postgres.query<AsOfPosition & { id: string; adjustments: StoredBasis[] | null; [column: string]: unknown }>(
    `SELECT invoice_id::text AS id, as_of_epoch AS epoch, as_of_partition AS partition, as_of_offset::double precision AS "offset", terms->'adjustments' AS adjustments
       FROM invoices WHERE invoice_id = ANY($1::bigint[]) AND as_of_epoch IS NOT NULL`,
    [ids],
  );
  return new Map(
    rows.map(({ id, epoch, partition, offset, adjustments }) => [
      id,
      { position: { epoch, partition, offset }, adjustments: adjustments ?? [] },
    ]),
  );
}

export interface InvoiceBasis {
  position: AsOfPosition;
  adjustments: readonly StoredBasis[];
}

export async function findCustomerInvoices(postgres: Queryable, _scope: EveryCustomer, customer: string): Promise<StoredInvoice[]> {
  const { rows } = await postgres.query<InvoiceRow>(
    `SELECT ${INVOICE} FROM invoices WHERE customer = $1 ORDER BY period_from, invoice_id`,
    [customer],
  );
  return rows.map(toInvoice);
}

export interface DraftInput {
  customer: string;
  month: string;
  period: Window;
  timeZone: string;
  currency: string;
  snapshot: Invoice;
}

export interface WrittenDrafts {
  drafts: number;
  /** Of them, those that were not there before, and those that say something else now. That they are as of now is nothing else. */
  created: number;
  changed: number;
}

/** Puts drafts into place, under the ids of those they replace. What is final meanwhile stays as it is. */
export async function putDrafts(postgres: Queryable, _scope: EveryCustomer, drafts: readonly DraftInput[]): Promise<WrittenDrafts> {
  if (drafts.length === 0) return { drafts: 0, created: 0, changed: 0 };
  const { rows } = await postgres.query<{ isNew: boolean; differs: boolean }>(
    `INSERT INTO invoices (customer, month, currency, time_zone, period_from, period_to, as_of, snapshot)
     SELECT d.customer, d.month, d.currency, d.time_zone, d.period_from, d.period_to, d.as_of, d.snapshot
       FROM jsonb_to_recordset($1::jsonb) AS d (customer text, month text, currency text, time_zone text, period_from timestamptz,
         period_to timestamptz, as_of timestamptz, snapshot jsonb)
     ON CONFLICT (customer, month) WHERE status <> 'void' DO UPDATE SET currency = excluded.currency, time_zone = excluded.time_zone,
       period_from = excluded.period_from, period_to = excluded.period_to, as_of = excluded.as_of, snapshot = excluded.snapshot
       WHERE invoices.status = 'draft'
     RETURNING old.invoice_id IS NULL AS "isNew", old.snapshot - 'asOf' IS DISTINCT FROM new.snapshot - 'asOf' AS differs`,
    [
      JSON.stringify(
        drafts.map(({ customer, month, period, timeZone, currency, snapshot }) => ({
          customer,
          month,
          currency,
          time_zone: timeZone,
          period_from: new Date(period.from).toISOString(),
          period_to: new Date(period.to).toISOString(),
          as_of: snapshot.asOf,
          snapshot,
        })),
      ),
    ],
  );
  const created = rows.filter(({ isNew }) => isNew).length;
  return { drafts: rows.length, created, changed: rows.filter(({ differs }) => differs).length - created };
}

/** Of these customers, or of all. */
export async function countDrafts(
  postgres: Queryable,
  _scope: EveryCustomer,
  month: string,
  customers: readonly string[] | undefined,
): Promise<number> {
  const { rows } = await postgres.query<{ drafts: number }>(
    `SELECT count(*)::integer AS drafts FROM invoices WHERE month = $1 AND status = 'draft' AND ($2::text[] IS NULL OR customer = ANY($2::text[]))`,
    [month, customers ?? null],
  );
  return rows[0]?.drafts ?? 0;
}

/** Drafts of customers who have nothing to bill any more. */
export async function dropDrafts(postgres: Queryable, month: string, customers: readonly string[]): Promise<void> {
  await postgres.query(`DELETE FROM invoices WHERE month = $1 AND customer = ANY($2) AND status = 'draft'`, [month, customers]);
}

export interface FinalInput {
  number: string;
  position: AsOfPosition;
  snapshot: Invoice;
  terms: InvoiceTerms;
  contentHash: string;
  period: Window;
  at: Date;
  by: string;
}

export async function makeFinal(postgres: Queryable, id: string, final: FinalInput): Promise<void> {
  const { number, position, snapshot, terms, contentHash, period, at, by } = final;
  await postgres.query(
    `UPDATE invoices SET status = 'final', number = $2, as_of_epoch = $3, as_of_partition = $4, as_of_offset = $5, as_of = $6, snapshot = $7,
       terms = $8, content_hash = $9, currency = $10, time_zone = $11, period_from = $12, period_to = $13, finalized_at = $14, finalized_by = $15
     WHERE invoice_id = $1::bigint AND status = 'draft'`,
    [
      id,
      number,
      position.epoch,
      position.partition,
      position.offset,
      snapshot.asOf,
      JSON.stringify(snapshot),
      JSON.stringify(terms),
      contentHash,
      snapshot.currency,
      snapshot.period.timeZone,
      new Date(period.from).toISOString(),
      new Date(period.to).toISOString(),
      at.toISOString(),
      by,
    ],
  );
}

export async function makeVoid(
  postgres: Queryable,
  id: string,
  { at, by, reason }: { at: Date; by: string; reason: string },
): Promise<void> {
  await postgres.query(
    `UPDATE invoices SET status = 'void', voided_at = $2, voided_by = $3, void_reason = $4 WHERE invoice_id = $1::bigint`,
    [id, at.toISOString(), by, reason],
  );
}

function toInvoice(row: InvoiceRow): StoredInvoice {
  const { epoch, partition, offset, voidedAt, voidedBy, voidReason } = row;
  return {
    id: row.id,
    number: row.number,
    status: row.status,
    customer: row.customer,
    currency: row.currency,
    timeZone: row.timeZone,
    month: row.month,
    period: { from: Number(row.from), to: Number(row.to) },
    position: epoch === null || partition === null || offset === null ? null : { epoch, partition, offset: Number(offset) },
    snapshot: row.snapshot,
    terms: row.terms,
    contentHash: row.contentHash,
    finalizedAt: toInstant(row.finalizedAt),
    voided:
      voidedAt === null || voidedBy === null || voidReason === null ? null : { at: toInstant(voidedAt), by: voidedBy, reason: voidReason },
  };
}
