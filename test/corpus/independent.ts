/** Rows and events in the short form that independent.py writes, which reads the same files by other means. */
import { createHash } from 'node:crypto';
import { addDecimals } from '../../core/decimal.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { Row } from './run-case.ts';

/** SHA-256 of the lines that the sections `header` and `rows` would have. */
export function digestOf(header: readonly string[], rows: readonly Row[]): string {
  const hash = createHash('sha256').update(`${JSON.stringify(header)}\n`);
  for (const [line, value] of rows) hash.update(`${line} ${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  return hash.digest('hex');
}

/** The first and the last time; then, for each customer and meter, the events and the sum of their quantities. */
export function totalsOf(events: readonly UsageEvent[]): string[] {
  const times = events.map(({ time }) => time).sort();
  const totals = new Map<string, { customer: string; meter: string; count: number; sum: string }>();
  for (const { customer, meter, quantity } of events) {
    const key = JSON.stringify([customer, meter]);
    const total = totals.get(key) ?? { customer, meter, count: 0, sum: '0' };
    totals.set(key, { ...total, count: total.count + 1, sum: addDecimals(total.sum, quantity) });
  }
  const lines = [...totals.values()].map(({ customer, meter, count, sum }) => JSON.stringify([customer, meter, count, sum]));
  return [`${times[0] ?? ''} ${times.at(-1) ?? ''}`, ...lines.sort()];
}
