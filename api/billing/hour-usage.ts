/** A customer's usage by local hour, from the buckets. */
import type { UsageHour } from '../../core/aggregation.ts';
import { ProblemError } from '../../core/errors.ts';
import type { Window } from '../../core/window.ts';
import type { Scope } from '../../platform/access/scope.ts';
import type { ClickHouse } from '../../platform/clickhouse/clickhouse.ts';
import { readUsage } from '../queries/usage.ts';
import { windowsOf } from '../usage/windows.ts';

/** A billing year with room for a leap day. Longer periods are several invoices. */
const PERIOD_HOURS_MAX = 9_000;
/** Hours over all meters in one answer, some 60 MB of JSON. */
export const INVOICE_HOURS_MAX = 300_000;

export interface HourUsage {
  meter: string;
  hours: UsageHour[];
}

/** Throws `invalid_range` for a period too long to be one invoice. */
export async function readHourUsage(
  clickhouse: ClickHouse,
  { scope, customer, period, timeZone }: { scope: Scope; customer: string; period: Window; timeZone: string },
): Promise<HourUsage[]> {
  const windows = windowsOf(period, 'hour', timeZone);
  if (windows.length > PERIOD_HOURS_MAX)
    throw new ProblemError('invalid_range', 'An invoice covers at most a year. Preview shorter periods one by one.');
  const hoursByMeter = new Map<string, UsageHour[]>();
  let count = 0;
  for await (const page of readUsage(clickhouse, { scope, windows, customer, byCustomer: false })) {
    count += page.length;
    if (count > INVOICE_HOURS_MAX)
      throw new ProblemError('invalid_range', `The invoice would list more than ${INVOICE_HOURS_MAX} hours. Preview a shorter period.`);
    for (const { window, meter, quantity, events, max } of page) {
      const hour: UsageHour = { start: window.from, end: window.to, quantity, events: Number(events), max };
      const hours = hoursByMeter.get(meter);
      if (hours === undefined) hoursByMeter.set(meter, [hour]);
      else hours.push(hour);
    }
  }
  return [...hoursByMeter].map(([meter, hours]) => ({ meter, hours }));
}
