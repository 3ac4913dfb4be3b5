/**
 * What has to be true of invoices at the end of a seed. Every month is billed first, so that what documents and one last draft come to has to
 * be what the usage that stands costs, however often it was billed, taken back and billed anew meanwhile.
 */
import type { CreditNoteDocument } from '../../../schemas/http/credit-notes.ts';
import type { Recomputed } from '../../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../../schemas/http/invoices.ts';
import { bill, runMonth, type FinalReplies } from './billing-lane.ts';
import type { Client } from './client.ts';
import type { Findings } from './oracle.ts';
import { monthTotal } from './prices.ts';
import type { System } from './system.ts';
import { CUSTOMERS, MONTHS, scaledText } from './workload.ts';

/** Without usage: its drafts are what is still due of all months before. */
const LAST_MONTH = '2025-12';

/** What becomes of it; all else is frozen. */
const LIVING = ['status', 'creditNotes', 'voided'];

/** One in so many. */
const HASHES_CHECKED = 4;

type Stored = Invoice & { id: string };

/** Answers what there was to check, for the line of the seed. */
export async function checkBilling(findings: Findings, client: Client, system: System, replies: FinalReplies): Promise<string> {
  const [meanwhile, billed] = [replies.size, new Map(replies)];
  for (const month of MONTHS) await bill(client, billed, { month, customers: CUSTOMERS, isPatient: true });
  const { failures } = await runMonth(client, LAST_MONTH, CUSTOMERS);
  findings.none('customers that could not be billed', failures);
  await checkNumbers(findings, system);
  const { items } = await client.json<{ items: { id: string }[] }>('/v1/invoices?limit=1000');
  const invoices: Stored[] = [];
  for (const { id } of items) invoices.push(await client.json<Stored>(`/v1/invoices/${id}`));
  for (const invoice of invoices) checkParts(findings, invoice);
  for (const [id, reply] of billed) await checkFrozen(findings, client, { reply, now: invoices.find((invoice) => invoice.id === id) });
  await checkBalances(findings, client, system, invoices);
  const count = (status: Invoice['status']) => invoices.filter((invoice) => invoice.status === status).length;
  const notes = invoices.flatMap(({ creditNotes = [] }) => creditNotes).length;
  return `${count('final')} final invoices (${meanwhile} answered meanwhile), ${count('void')} void, ${notes} credit notes`;
}

/** In the order in which they were given: 1, 2, 3 and so on, each to one document. */
async function checkNumbers(findings: Findings, system: System): Promise<void> {
  for (const [what, table, id, subject] of [
    ['invoice.finalized', 'invoices', 'invoice_id', `'invoice/' || d.invoice_id`],
    ['credit-note.created', 'credit_notes', 'credit_note_id', `'invoice/' || d.invoice_id`],
  ] as const) {
    const given = await system.postgres<{ number: string }>(
      `SELECT a.details->>'number' AS number FROM audit_entries a JOIN ${table} d ON d.number = a.details->>'number' AND a.subject = ${subject}
        WHERE a.what = '${what}' ORDER BY a.entry_id`,
    );
    const documents = await system.postgres<{ number: string }>(`SELECT number FROM ${table} WHERE number IS NOT NULL ORDER BY ${id}`);
    const expected = documents.map((_, n) => n + 1);
    findings.check(`numbers of ${table}, in their order`, given.map(ordinal), expected);
    findings.check(`numbers of ${table}, all`, documents.map(ordinal).sort((a, b) => a - b), expected); // prettier-ignore
  }
}

function ordinal({ number }: { number: string }): number {
  return Number(/(\d+)$/.exec(number)?.[1]);
}

/** What the answer to its finalize said is what it says for ever. That its hash stands for all it says is looked at for some: it rates them anew. */
async function checkFrozen(findings: Findings, client: Client, { reply, now }: { reply: Invoice; now: Stored | undefined }): Promise<void> {
  const name = `invoice ${reply.number ?? '?'}`;
  const bare = { ...now, ...withoutHours(now) };
  const textOf = (invoice: Partial<Invoice>, field: string) => JSON.stringify(invoice[field as keyof Invoice]);
  const fields = Object.keys({ ...reply, ...bare }).filter((field) => !LIVING.includes(field));
  findings.none(`${name}: what it says otherwise`, fields.filter((field) => textOf(bare, field) !== textOf(reply, field))); // prettier-ignore
  if (Number(reply.id) % HASHES_CHECKED !== 0) return;
  const { hash } = await client.json<Recomputed>(`/v1/invoices/${reply.id ?? ''}/recompute`, { method: 'POST' });
  findings.check(`${name}: its hash`, [hash.stored, hash.agrees], [reply.contentHash, true]);
}

function withoutHours(invoice: Stored | undefined): Pick<Invoice, 'lines' | 'adjustments'> {
  const bare = <Entry extends { hours: unknown[] }>(entries: readonly Entry[] = []) => entries.map((entry) => ({ ...entry, hours: [] }));
  return { lines: bare(invoice?.lines), adjustments: bare(invoice?.adjustments) };
}

/** Hours and tiers come to lines, lines to the subtotal, everything to the total. */
function checkParts(findings: Findings, invoice: Stored): void {
  const { lines, discounts, minimums, tax, adjustments, creditNotes = [] } = invoice;
  const name = `${invoice.status} invoice ${invoice.number ?? invoice.id} of ${invoice.customer}`;
  const check = (what: string, parts: readonly string[], whole: string) =>
    findings.check(`${name}: ${what}`, sumOf(parts), scaledText(whole).toString());
  for (const line of lines) {
    check(`hours of line ${line.n}, quantity`, line.hours.map(({ quantity }) => quantity), line.quantity); // prettier-ignore
    check(`hours of line ${line.n}`, amounts(line.hours), line.amount);
    check(`tiers of line ${line.n}`, amounts(line.tiers), line.amount);
  }
  check('lines', amounts(lines), invoice.subtotal);
  check('total', [invoice.subtotal, ...[discounts, minimums, tax, adjustments].flatMap(amounts)], invoice.total);
  for (const note of creditNotes) check(`credit note ${note.number}`, [...amounts(note.lines), note.other, note.tax], note.total);
  const left = [invoice.total, ...creditNotes.map(({ total }) => total)].reduce((sum, amount) => sum + scaledText(amount), 0n);
  if (creditNotes.length > 0) findings.check(`${name}: left after its credit notes`, left >= 0n, true);
}

/** By customer: final documents and the last draft come to what usage costs; and the balance of credits is what documents say. */
async function checkBalances(findings: Findings, client: Client, system: System, invoices: readonly Stored[]): Promise<void> {
  const usage = await usageByMonth(system);
  for (const customer of CUSTOMERS) {
    const own = invoices.filter((invoice) => invoice.customer === customer);
    const final = own.filter(({ status }) => status === 'final');
    const counted = [
      ...own.filter(({ status, month }) => status === 'final' || month === LAST_MONTH),
      ...(await corrections(client, final)),
    ];
    const costs = MONTHS.reduce((sum, month) => sum + monthTotal(customer, usage.get(`${customer}|${month}`) ?? new Map()), 0n);
    findings.check(`documents of ${customer}, in cents`, String(counted.reduce((sum, { total }) => sum + cents(total), 0n)), String(costs));
    const drafts = own.filter(({ status, month }) => status === 'draft' && month !== LAST_MONTH);
    findings.none(`drafts of ${customer} that were not to be left`, drafts.map(({ id, month }) => `${id} ${month ?? ''}`)); // prettier-ignore
    const balance = final.reduce((sum, { settlement }) => {
      const used = (settlement?.applied ?? []).reduce((all, { amount }) => all + cents(amount), 0n);
      return sum + cents(settlement?.carried ?? '0.00') - used;
    }, 0n);
    const { balances } = await client.json<{ balances: { amount: string }[] }>(`/v1/customers/${encodeURIComponent(customer)}/credits`);
    const kept = balances.reduce((sum, { amount }) => sum + cents(amount), 0n);
    findings.check(`credit balance of ${customer}, in cents`, String(kept), String(balance));
    findings.check(`credit balance of ${customer} is no debt`, kept >= 0n, true);
  }
}

/** Credit notes that say that something was billed wrongly; the others give money away, which does not fall due again. */
async function corrections(client: Client, invoices: readonly Stored[]): Promise<CreditNoteDocument[]> {
  const notes: CreditNoteDocument[] = [];
  for (const { id } of invoices.flatMap(({ creditNotes = [] }) => creditNotes)) {
    const note = await client.json<CreditNoteDocument>(`/v1/credit-notes/${id}?hours=false`);
    if (note.entries.some(({ quantity }) => scaledText(quantity) !== 0n)) notes.push(note);
  }
  return notes;
}

async function usageByMonth(system: System): Promise<Map<string, Map<string, bigint>>> {
  const rows = await system.postgres<{ customer: string; meter: string; month: string; quantity: string }>(
    `SELECT customer, meter, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM') AS month, sum(quantity)::text AS quantity FROM usage_records GROUP BY 1, 2, 3`,
  );
  const usage = new Map<string, Map<string, bigint>>();
  for (const { customer, meter, month, quantity } of rows) {
    const key = `${customer}|${month}`;
    usage.set(key, (usage.get(key) ?? new Map<string, bigint>()).set(meter, scaledText(quantity)));
  }
  return usage;
}

function amounts(parts: readonly { amount: string }[]): string[] {
  return parts.map(({ amount }) => amount);
}

function sumOf(parts: readonly string[]): string {
  return parts.reduce((sum, part) => sum + scaledText(part), 0n).toString();
}

function cents(amount: string): bigint {
  return scaledText(amount) / 10n ** 16n;
}
