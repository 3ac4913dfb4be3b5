/** A period split where the customer's plan changes. Each segment is rated on its own, from 0; fixed fees and minimums by its share of the period. */
import { powerOfTen, toScaled } from './decimal.ts';
import type { FieldError } from './errors.ts';
import { minorDigits, roundQuotient, type Rounding } from './money.ts';
import { EXACT_SCALE, PRICE_SCALE } from './rating.ts';
import { dateStart, isDate, type Window } from './window.ts';

export interface PlanChange<Plan> {
  plan: Plan;
  /** Local date, `2026-10-15`: the plan holds from the start of that day. Null: from the beginning. */
  from: string | null;
}

export interface Segment<Plan> extends Window {
  /** Undefined before the customer's first plan. */
  plan: Plan | undefined;
}

/**
 * The segments of the period in order; one that is the whole period where nothing changes within it. `changes` in any order; a change to
 * the plan that holds already is none, and of two on one day the later in the list holds. Plans are compared by identity.
 */
export function splitByPlan<Plan>(period: Window, zone: string, changes: readonly PlanChange<Plan>[]): Segment<Plan>[] {
  const planByStart = new Map(changes.map(({ plan, from }) => [from === null ? -Infinity : dateStart(from, zone), plan]));
  const segments: Segment<Plan>[] = [];
  let [from, current]: [number, Plan | undefined] = [period.from, undefined];
  for (const [start, plan] of [...planByStart].sort(([a], [b]) => a - b)) {
    if (start >= period.to) break;
    if (start > period.from && plan !== current) {
      segments.push({ from, to: start, plan: current });
      from = start;
    }
    current = plan;
  }
  segments.push({ from, to: period.to, plan: current });
  return segments;
}

/** Faults of a customer's plan changes, by path; none when the dates are real and rise. */
export function checkPlanChanges(changes: readonly Pick<PlanChange<unknown>, 'from'>[], path = 'plans'): FieldError[] {
  const errors: FieldError[] = [];
  let last: string | undefined;
  for (const [n, { from }] of changes.entries()) {
    const at = `${path}/${n}/from`;
    if (from === null) {
      if (n > 0) errors.push({ path: at, code: 'date_missing', message: 'only the first plan can hold from the beginning' });
      continue;
    }
    if (!isDate(from)) {
      errors.push({ path: at, code: 'invalid_date', message: `${from.slice(0, 40)} is not a date such as 2026-10-15` });
      continue;
    }
    if (last !== undefined && from <= last)
      errors.push({
        path: at,
        code: 'date_not_increasing',
        message: `${from} must be later than ${last}, from which the plan before it holds`,
      });
    last = from;
  }
  return errors;
}

/** The part's share of an amount for the whole, by real time: a day of 25 hours counts 25. `amount` is a decimal of the currency's major unit. */
export function proRata(options: { amount: string; part: Window; whole: Window; currency: string; rounding: Rounding }): {
  /** In minor units. */
  amount: bigint;
  /** At EXACT_SCALE; further digits are cut off, as thirds have no end. `amount` is rounded from the fraction itself. */
  exactAmount: bigint;
} {
  const { part, whole, currency, rounding } = options;
  const scaled = toScaled(options.amount, PRICE_SCALE) * BigInt(part.to - part.from);
  const length = BigInt(whole.to - whole.from);
  return {
    amount: roundQuotient(scaled, length * powerOfTen(PRICE_SCALE - minorDigits(currency)), rounding),
    exactAmount: (scaled * powerOfTen(EXACT_SCALE - PRICE_SCALE)) / length,
  };
}
