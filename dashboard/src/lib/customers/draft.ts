/** A customer while it is being set up. Days and percentages stay text: the server judges them. */
import type { Customer, CustomerInput } from '../types.ts';
import { dayKey, momentOf, wallOf } from '../zone.ts';

export interface PlanChangeDraft {
  /** Empty: none is chosen yet. */
  plan: string;
  /** Local day, `2026-10-15`; empty: from the beginning, which only the first can be. */
  from: string;
}

export interface DetailDraft {
  name: string;
  value: string;
}

export interface CustomerDraft {
  name: string;
  currency: string;
  timeZone: string;
  taxRate: string;
  plans: PlanChangeDraft[];
  /** Line by line; the other details stand below it on invoices. */
  address: string;
  details: DetailDraft[];
}

const ADDRESS = 'address';

export function draftOf({ name, currency, timeZone, taxRate, plans, invoiceDetails }: Customer): CustomerDraft {
  const { [ADDRESS]: address = '', ...others } = invoiceDetails;
  return {
    name,
    currency,
    timeZone,
    taxRate,
    plans: plans.map(({ plan, from }) => ({ plan, from: from ?? '' })),
    address,
    details: Object.entries(others).map(([detail, value]) => ({ name: detail, value })),
  };
}

/** All of it: `PUT` replaces the whole customer. A row of details without a name is none. */
export function inputOf({ name, currency, timeZone, taxRate, plans, address, details }: CustomerDraft): CustomerInput {
  const named = details.flatMap((detail) => (detail.name.trim() === '' ? [] : [[detail.name.trim(), detail.value.trim()] as const]));
  return {
    name: name.trim(),
    currency: currency.trim().toUpperCase(),
    timeZone: timeZone.trim(),
    taxRate: taxRate.trim(),
    plans: plans.filter(({ plan }) => plan !== '').map(({ plan, from }) => ({ plan, from: from === '' ? null : from })),
    invoiceDetails: { ...(address.trim() === '' ? {} : { [ADDRESS]: address.trim() }), ...Object.fromEntries(named) },
  };
}

/** First day of the month after this moment, `2026-12-01`: from when a change of plan disturbs nobody's month. */
export function nextMonth(now: number, zone: string): string {
  const { year, month } = wallOf(now, zone);
  return dayKey(momentOf(zone, year, month + 1), zone);
}

/** One more change: the first plan holds from the beginning, a later one from the next month on, after all that are there. */
export function addChange(plans: readonly PlanChangeDraft[], now: number, zone: string): PlanChangeDraft[] {
  if (plans.length === 0) return [{ plan: '', from: '' }];
  const last = plans.at(-1)?.from ?? '';
  const next = nextMonth(now, zone);
  const from = last < next ? next : nextMonth(Date.parse(`${last}T12:00:00Z`), 'UTC');
  return [...plans, { plan: '', from }];
}
