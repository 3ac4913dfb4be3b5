/**
 * Seeded files with what people's files have: equal rows, rows of earlier files, other versions of known ids, bad rows, two measures
 * a row. And what must be billed once they are in, worked out by the plainest means.
 */
import type { Mapping } from '../../../schemas/http/imports.ts';
import { seededRandom } from '../../support/random.ts';

export const CUSTOMERS = ['acme', 'b/ü 7', 'c-3', 'd-4', 'e-5'] as const;
export const METERS = ['calls', 'bytes'] as const;
/** Of usage. */
export const MONTHS = ['2025-09', '2025-10', '2025-11'] as const;

/** One event that a file reports. Equal keys are the same event; `content` says whether it is reported alike. */
export interface ReportedEvent {
  key: string;
  /** `customer|meter|time|quantity`, as stored. */
  content: string;
}

/** Whatever rows come from. */
export interface UsageSource {
  name: string;
  rows: number;
  badRows: number;
  events: ReportedEvent[];
}

export interface UsageFile extends UsageSource {
  text: string;
  mapping: Mapping;
}

export type Random = () => number;
/** How the quantity of an event is drawn: eighteen fraction digits, some negative. */
const FRACTION_DIGITS = 18;
/** Of the ids that files with an id column draw from: small, so that files overlap. */
export const IDS = 1_500;
/** Versions of an id that a file reports now and then: other content than in another file is a conflict. */
export const OTHER_VERSION_SHARE = 0.03;
export const BAD_ROW_SHARE = 0.01;

export const MEASURES: Mapping['measures'] = METERS.map((meter) => ({ meter: { const: meter }, quantity: meter }));

export function makeFile(random: Random, name: string, rows: number): UsageFile {
  return random() < 0.5 ? withIds(random, name, rows) : withRows(random, name, rows);
}

function withIds(random: Random, name: string, rows: number): UsageFile {
  const first = below(random, IDS);
  const events: ReportedEvent[] = [];
  // A file that contradicts itself is refused; two files may contradict one another.
  const versions = new Map<number, number>();
  let [text, badRows] = ['id,customer,time,calls,bytes\n', 0];
  for (let row = 0; row < rows; row++) {
    const id = (first + below(random, rows)) % IDS;
    const drawn = random() < OTHER_VERSION_SHARE ? 1 + below(random, 2) : 0;
    const version = versions.get(id) ?? drawn;
    versions.set(id, version);
    const cells = drawRow(hashed(id, version), hashed(id, 0));
    const bad = random() < BAD_ROW_SHARE;
    if (bad) badRows += 1;
    else for (const event of reported(cells)) events.push({ key: `id ${id} ${cells.customer} ${event.meter}`, content: event.content });
    text += `k${id},${cells.customer},${cells.time},${bad ? '1.2.3' : cells.calls},${cells.bytes}\n`;
  }
  const mapping: Mapping = { id: 'id', customer: 'customer', time: 'time', measures: MEASURES };
  return { name, text, mapping, rows, badRows, events };
}

/** Without an id column: the n-th of equal rows is the same event in every file. */
function withRows(random: Random, name: string, rows: number): UsageFile {
  const first = below(random, IDS);
  const seen = new Map<string, number>();
  const events: ReportedEvent[] = [];
  let [text, badRows] = ['customer,time,calls,bytes\n', 0];
  for (let row = 0; row < rows; row++) {
    const generator = hashed(first + below(random, rows), 99);
    const cells = drawRow(generator, generator);
    const bad = random() < BAD_ROW_SHARE;
    const line = `${cells.customer},${cells.time},${bad ? 'many' : cells.calls},${cells.bytes}`;
    text += `${line}\n`;
    if (bad) {
      badRows += 1;
      continue;
    }
    const occurrence = (seen.get(line) ?? 0) + 1;
    seen.set(line, occurrence);
    for (const event of reported(cells)) events.push({ key: `row ${line} ${occurrence} ${event.meter}`, content: event.content });
  }
  const mapping: Mapping = { identity: 'row', customer: 'customer', time: 'time', measures: MEASURES };
  return { name, text, mapping, rows, badRows, events };
}

export interface Cells {
  customer: string;
  time: string;
  calls: string;
  bytes: string;
}

/** `owner` decides the customer, so that all versions of an id belong to one. */
export function drawRow(random: Random, owner: Random): Cells {
  const customer = CUSTOMERS[below(owner, CUSTOMERS.length)] as string;
  const month = MONTHS[below(random, MONTHS.length)] ?? MONTHS[0];
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${month}-${two(1 + below(random, 28))}T${two(below(random, 24))}:${two(below(random, 60))}:${two(below(random, 60))}Z`;
  const fraction = `${below(random, 1e9)}`.padStart(9, '0') + `${below(random, 1e9)}`.padStart(9, '0');
  return { customer, time, calls: `${random() < 0.1 ? '-' : ''}${below(random, 1000)}.${fraction}`, bytes: String(below(random, 1e9)) };
}

export function reported(cells: Cells): { meter: string; content: string }[] {
  return METERS.map((meter) => ({ meter, content: contentOf(cells.customer, meter, cells.time, cells[meter]) }));
}

/** One way of writing a time and a number, for what a file says and what a store holds. `time` begins as in RFC 3339, UTC. */
export function contentOf(customer: string, meter: string, time: string, quantity: string): string {
  const [integer = '', fraction = ''] = quantity.split('.');
  const scaled = `${integer}${fraction.padEnd(FRACTION_DIGITS, '0')}`;
  return `${customer}|${meter}|${time.slice(0, 19)}|${BigInt(scaled)}`;
}

/** Quantity in units of 10^-18, from the text of `contentOf`. */
export function scaledQuantity(content: string): bigint {
  return BigInt(content.slice(content.lastIndexOf('|') + 1));
}

/** Any decimal number in units of 10^-18. */
export function scaledText(decimal: string): bigint {
  return scaledQuantity(contentOf('', '', '', decimal));
}

/** A generator for one row: the same row is drawn whenever its number is. */
export function hashed(n: number, version: number): Random {
  return seededRandom(Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(version + 1, 0x85ebca6b));
}

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
