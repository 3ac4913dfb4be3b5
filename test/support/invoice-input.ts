/** An invoice's input to vary: Acme's October in Berlin, 10 calls and a correction of −4 at 0.25 USD. */
import type { UsageHour } from '../../core/aggregation.ts';
import type { InvoiceInput } from '../../core/invoice.ts';
import type { SnapshotPlan } from '../../core/rated-invoice.ts';
import { hoursOf, monthPeriod } from '../../core/window.ts';
import type { PlanDefinition, Price } from '../../schemas/http/plans.ts';

export const zone = 'Europe/Berlin';
export const october = monthPeriod('2026-10', zone);
export const september = monthPeriod('2026-09', zone);
export const octoberHours = hoursOf(october, zone);

/** Usage of the given quantities in the first hours of October. */
export function usageOf(meter: string, ...quantities: string[]): { meter: string; hours: UsageHour[] } {
  const hours = quantities.map((quantity, i) => {
    const { from, to } = octoberHours[i] ?? october;
    return { start: from, end: to, quantity, events: 2 };
  });
  return { meter, hours };
}

export const perUnit = (meter: string, unitPrice: string): Price => ({ meter, model: 'per_unit', unitPrice });
export const CALLS: SnapshotPlan = { id: 'pro', name: 'Pro', currency: 'USD', prices: [perUnit('calls', '0.25')] };
export const planOf = (prices: Price[], terms: Partial<PlanDefinition> = {}): SnapshotPlan => ({ ...CALLS, prices, ...terms });

export function inputOf(overrides: Partial<InvoiceInput>, plan: SnapshotPlan | undefined = CALLS): InvoiceInput {
  return {
    customer: { id: 'acme', name: 'Acme GmbH' },
    segments: [{ ...october, plan }],
    period: { ...october, timeZone: zone },
    usage: [usageOf('calls', '10', '-4')],
    meters: new Map(),
    taxRate: '0',
    currency: 'USD',
    asOf: Date.parse('2026-10-31T12:00:00.250Z'),
    ...overrides,
  };
}
