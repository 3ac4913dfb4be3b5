/** The trace of an invoice, opened at every level and held against the level above. */
import { expect } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { TracedPart, TracedRecord, TracedRecords } from '../../schemas/http/invoice-life.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import type { TestBilling } from './billing.ts';

type Day = TracedPart & { day: string };
type Parts<Part> = { items: Part[]; total: { quantity: string; amount: string }; withoutHours?: { quantity: string; amount: string } };

export const sum = (amounts: readonly string[]): string => amounts.reduce(addDecimals, '0');

/** All pages. */
export async function recordsOf(billing: TestBilling, url: string, limit: number): Promise<TracedRecord[]> {
  const records: TracedRecord[] = [];
  let cursor: string | null = null;
  do {
    const page: TracedRecords = await billing.ok('GET', `${url}?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`);
    records.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return records;
}

/** Days and hours of a line or an adjustment, each level against the one above it, and the records of each hour against the hour. */
async function expectOpened(
  billing: TestBilling,
  url: string,
  entry: { quantity: string; amount: string },
): Promise<{ hours: TracedPart[]; records: TracedRecord[][] }> {
  const { items: days, total, withoutHours } = await billing.ok<Parts<Day>>('GET', `${url}/days`);
  const rest = withoutHours ?? { quantity: '0', amount: '0' };
  expect(total).toEqual({ quantity: entry.quantity, amount: entry.amount });
  expect(sum([...days.map(({ quantity }) => quantity), rest.quantity])).toEqual(sum([entry.quantity]));
  expect(sum([...days.map(({ amount }) => amount), rest.amount])).toEqual(sum([entry.amount]));
  const hours: TracedPart[] = [];
  for (const day of days) {
    const { items } = await billing.ok<Parts<TracedPart>>('GET', `${url}/hours?day=${day.day}`);
    expect([items[0]?.from, items.at(-1)?.to]).toEqual([day.from, day.to]);
    expect(sum(items.map(({ amount }) => amount))).toBe(sum([day.amount]));
    hours.push(...items);
  }
  expect((await billing.ok<Parts<TracedPart>>('GET', `${url}/hours`)).items).toEqual(hours);
  const records: TracedRecord[][] = [];
  for (const hour of hours) {
    const found = await recordsOf(billing, `${url}/hours/${hour.start}/records`, 100);
    expect([url, hour.start, sum(found.map(({ contribution }) => contribution))]).toEqual([url, hour.start, hour.quantity]);
    records.push(found);
  }
  // Once is enough of what is the same for every hour: the fullest one, page by page.
  const most = records.reduce((a, b) => (b.length > a.length ? b : a), []);
  const start = hours[records.indexOf(most)]?.start;
  if (start !== undefined) expect(await recordsOf(billing, `${url}/hours/${start}/records`, 1)).toEqual(most);
  return { hours, records };
}

/** Every level of every line of the invoice. Answers the records by meter and hour. */
export async function expectTraced(billing: TestBilling, invoice: Invoice & { id: string }): Promise<Record<string, TracedRecord[][]>> {
  const byMeter: Record<string, TracedRecord[][]> = {};
  for (const line of invoice.lines) {
    const { hours, records } = await expectOpened(billing, `/v1/invoices/${invoice.id}/lines/${line.n}`, line);
    expect(records.map((some) => some.length)).toEqual(hours.map(({ events }) => events));
    byMeter[line.meter] = records;
  }
  return byMeter;
}

/** The same of its adjustments of usage, by their meters; more than one of a meter one after the other. */
export async function expectAdjustmentsTraced(
  billing: TestBilling,
  invoice: Invoice & { id: string },
): Promise<Record<string, TracedRecord[]>> {
  const byMeter: Record<string, TracedRecord[]> = {};
  for (const adjustment of invoice.adjustments) {
    const { hours, records } = await expectOpened(billing, `/v1/invoices/${invoice.id}/adjustments/${adjustment.n}`, adjustment);
    expect(hours.map(({ start, quantity, amount }) => [start, quantity, amount])).toEqual(
      adjustment.hours.map(({ start, quantity, amount }) => [start, quantity, amount]),
    );
    const meter = adjustment.meter ?? adjustment.kind;
    byMeter[meter] = [...(byMeter[meter] ?? []), ...records.flat()];
  }
  return byMeter;
}

/** Without what has become of the records since, and where they are found now: what has to stay the same. */
export function asItStood(records: unknown): unknown {
  return JSON.parse(JSON.stringify(records, (name, value: unknown) => (name === 'since' || name === 'key' ? undefined : value)));
}
