/** What a trace opens: a line of an invoice, or what an earlier period has become due for since. Both have hours that add up to them. */
import { isZero, subtract, sum } from '../decimal.ts';
import type { Invoice, InvoiceAdjustment, InvoiceLine } from '../types.ts';
import { hoursOf, type TraceHour } from './trace.ts';

export interface TraceSubject {
  kind: 'line' | 'adjustment';
  n: number;
  name: string;
  meter: string;
  period: Invoice['period'];
  quantity: string;
  amount: string;
  hours: TraceHour[];
  /** What is in no hour; null where the hours are all there is. */
  withoutHours: { quantity: string; amount: string } | null;
}

export function lineSubject(line: InvoiceLine, { period }: Pick<Invoice, 'period'>): TraceSubject {
  const { n, meter, description, quantity, amount } = line;
  return { kind: 'line', n, name: meter || description, meter, period, quantity, amount, hours: hoursOf(line), withoutHours: null };
}

export function adjustmentSubject(adjustment: InvoiceAdjustment): TraceSubject {
  const { n, meter, quantity, amount, period } = adjustment;
  const hours = adjustmentHours(adjustment);
  const rest = {
    quantity: subtract(quantity, sum(hours.map((hour) => hour.quantity))),
    amount: subtract(amount, sum(hours.map((hour) => hour.amount))),
  };
  const withoutHours = isZero(rest.quantity) && isZero(rest.amount) ? null : rest;
  return { kind: 'adjustment', n, name: meter ?? 'Adjustment', meter: meter ?? '', period, quantity, amount, hours, withoutHours };
}

/** Of an hour of an adjustment, the API says what is due, and no running amount. */
function adjustmentHours({ hours }: Pick<InvoiceAdjustment, 'hours'>): TraceHour[] {
  let running = '0';
  return hours.map(({ start, end, quantity, amount }) => {
    const before = running;
    running = sum([running, amount]);
    return { start: Date.parse(start), end: Date.parse(end), quantity, events: 0, amount, before, after: running };
  });
}

/** All that can be opened, in the order of the document. */
export function subjectsOf(invoice: Invoice): TraceSubject[] {
  return [
    ...invoice.lines.filter(({ kind }) => kind === 'usage').map((line) => lineSubject(line, invoice)),
    ...invoice.adjustments.filter(({ hours }) => hours.length > 0).map(adjustmentSubject),
  ];
}

/** By the parameters of a URL. */
export function findSubject(invoice: Invoice, parameters: Pick<URLSearchParams, 'get'>): TraceSubject | undefined {
  const line = parameters.get('line');
  const adjustment = parameters.get('adjustment');
  return subjectsOf(invoice).find(({ kind, n }) => String(n) === (kind === 'line' ? line : adjustment));
}
