/**
 * Of what is due for an earlier period: why, and what opens it down to its events.
 *
 * What an entry is due of is the rating of all usage known now less what documents have billed, and each document has billed what stood at
 * some place of the log: an invoice what stood where it became final; an adjustment the same, less what had been billed before; a credit
 * note that names hours takes an invoice's part back. Put together, the documents come to a sum of moments (`billed`), and the entry to
 * the difference of now and that sum, event by event. As a rule this is one moment: where the last invoice that adjusted became final.
 */
import type { AdjustedCharge, Cause, Charge, WeightedPosition } from '../../core/due.ts';
import type { Segment } from '../../core/segment.ts';
import type { Window } from '../../core/window.ts';
import type { EveryCustomer } from '../../platform/access/scope.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { CellWatermark } from '../../platform/usage-cells.ts';
import type { StoredCharge } from '../queries/invoice-charges.ts';
import type { AsOfPosition, InvoiceBasis, IssuedInvoice } from '../queries/invoices.ts';
import type { WeightedMoment } from '../queries/standing-records.ts';
import { CAUSES_MAX, readUsageChanges, type UsageChange } from '../queries/usage-changes.ts';
import { cellWatermarkAt } from '../queries/watermark.ts';
import type { BilledMeter, PlanVersion } from './terms.ts';

interface BilledInvoice {
  status: 'final';
  kind: 'invoice';
  id: string;
  number: string | null;
  charges: readonly StoredCharge[];
  basis: InvoiceBasis & { period: Window };
}

interface CorrectingNote {
  status: 'final';
  kind: 'credit_note';
  id: string;
  number: string;
  /** The invoice it corrects. */
  invoice: string;
  charges: readonly StoredCharge[];
}

/** A document that counts for what is due, with its entries for the period. */
export type DueDocument = BilledInvoice | CorrectingNote;

export interface DueContext {
  scope: EveryCustomer;
  /** The one that billed the period, void perhaps. */
  invoice: IssuedInvoice & { position: AsOfPosition };
  documents: readonly DueDocument[];
  meters: readonly BilledMeter[];
  segments: readonly Segment<PlanVersion>[];
  /** What the rating of now stands for. */
  below: CellWatermark;
}

/** One entry after the other, each read from the hours that it names. */
export async function explainDue(postgres: Queryable, due: readonly Charge[], context: DueContext): Promise<AdjustedCharge[]> {
  const explained: AdjustedCharge[] = [];
  for (const charge of due) {
    const billed = billedMoments(charge.key, context);
    const causes = [...documentCauses(charge, context), ...(await usageCauses(postgres, charge, billed, context))];
    const start = charge.hours[0]?.start ?? context.invoice.period.from;
    const meter = context.meters.find(({ key }) => key === charge.meter);
    explained.push({
      ...charge,
      causes: causes.sort((a, b) => (magnitude(a) < magnitude(b) ? 1 : magnitude(a) > magnitude(b) ? -1 : 0)).slice(0, CAUSES_MAX),
      basis: {
        meter: meter === undefined ? null : { aggregation: meter.aggregation, property: meter.property },
        from: context.segments.find(({ from, to }) => from <= start && start < to)?.from ?? context.invoice.period.from,
        billed,
      },
    });
  }
  return explained;
}

/** What is opened: what stands now, less what was billed. */
export function adjustedMoments(below: CellWatermark, billed: readonly WeightedPosition[]): WeightedMoment[] {
  return [{ below, weight: 1 }, ...billed.map(({ weight, ...position }) => ({ below: cellWatermarkAt(position), weight: -weight }))];
}

function billedMoments(key: string, { invoice, documents }: DueContext): WeightedPosition[] {
  const sum = new Map<string, WeightedPosition>();
  for (const document of documents) {
    const charge = document.charges.find((one) => one.key === key);
    if (charge === undefined) continue;
    const isNote = document.kind === 'credit_note';
    const billing = isNote ? documents.find((one) => one.kind === 'invoice' && one.id === document.invoice) : document;
    // A note that names no hours takes back a part of no event in particular.
    if (billing?.kind !== 'invoice' || (isNote && charge.hours.length === 0)) continue;
    for (const { weight, ...position } of momentsOf(billing, invoice.period, key)) {
      const name = `${position.epoch} ${position.offset}`;
      sum.set(name, { ...position, weight: (sum.get(name)?.weight ?? 0) + (isNote ? -weight : weight) });
    }
  }
  return [...sum.values()].filter(({ weight }) => weight !== 0);
}

/** What an invoice has billed for an entry: of its own period all that stood, of another one what had changed since it was billed. */
function momentsOf({ basis }: BilledInvoice, { from, to }: Window, key: string): WeightedPosition[] {
  const own = { ...basis.position, weight: 1 };
  if (basis.period.from === from && basis.period.to === to) return [own];
  const before = basis.adjustments.find((one) => one.period === from && one.key === key)?.billed ?? [];
  return [own, ...before.map((moment) => ({ ...moment, weight: -moment.weight }))];
}

/** Credit notes that have taken a part of the entry back. */
function documentCauses({ key }: Charge, { documents }: DueContext): Cause[] {
  return documents.flatMap((document): Cause[] => {
    const charge = document.charges.find((one) => one.key === key);
    if (document.kind !== 'credit_note' || charge === undefined) return [];
    return [{ kind: 'credit_note', id: document.id, name: document.number, events: 0, quantity: -charge.quantity }];
  });
}

async function usageCauses(
  postgres: Queryable,
  charge: Charge,
  billed: readonly WeightedPosition[],
  { scope, invoice, below }: DueContext,
): Promise<Cause[]> {
  const selection = { scope, customer: invoice.customer, meters: [charge.meter ?? ''], moments: adjustedMoments(below, billed) };
  const hours = charge.kind === 'usage' ? charge.hours.map(({ start, end }) => ({ from: start, to: end })) : [];
  const changes = await readUsageChanges(postgres, selection, hours, cellWatermarkAt(invoice.position));
  const causes = changes.flatMap(({ kind, ...change }): Cause[] => (kind === 'again' ? [] : [{ kind, ...change }]));
  if (invoice.status !== 'void') return causes;
  const again: Pick<UsageChange, 'events' | 'quantity'> = changes.find(({ kind }) => kind === 'again') ?? { events: 0, quantity: 0n };
  return [...causes, { kind: 'void', id: invoice.id, name: invoice.number, events: again.events, quantity: again.quantity }];
}

function magnitude({ quantity }: Cause): bigint {
  return quantity < 0n ? -quantity : quantity;
}
