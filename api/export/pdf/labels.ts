/** How numbers and times stand on a document: digits in groups of three, local dates, never a float. */
import { compareDecimals } from '../../../core/decimal.ts';
import { dateOf, dayStart } from '../../../core/window.ts';
import { MINUTE_MS, zoneOffsetMinutes } from '../../../core/zone.ts';
import type { InvoiceTier } from '../../../schemas/http/invoices.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `18059974.5` → `18,059,974.5`. The digits after the point stay as they are: an amount has those of its currency. */
export function grouped(decimal: string): string {
  const [integer = '', fraction] = decimal.split('.');
  const groups = integer.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

/** `1 Oct 2026` */
export function dateLabel(epochMs: number, zone: string): string {
  const [year = '', month = '', day = ''] = dateOf(epochMs, zone).split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? ''} ${year}`;
}

/** `2026-10-25 02:00 +01:00`: local, with the offset, because an hour can come twice. */
export function timeLabel(instant: string, zone: string): string {
  const epochMs = Date.parse(instant);
  const offset = zoneOffsetMinutes(zone, epochMs);
  const local = new Date(epochMs + offset * MINUTE_MS).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${offsetLabel(offset)}`;
}

/** `1 Oct 2026 – 31 Oct 2026`, both included; with times where it does not begin and end at midnight. */
export function periodLabel({ from, to }: { from: string; to: string }, zone: string): string {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  if (dayStart(start, zone) !== start || dayStart(end, zone) !== end) return `${timeLabel(from, zone)} to ${timeLabel(to, zone)}`;
  const [first, last] = [dateLabel(start, zone), dateLabel(end - 1, zone)];
  return first === last ? first : `${first} – ${last}`;
}

/** `Europe/Berlin (UTC+02:00, then +01:00)` */
export function zoneLabel({ from, to, timeZone }: { from: string; to: string; timeZone: string }): string {
  const [before, after] = [from, to].map((instant) => offsetLabel(zoneOffsetMinutes(timeZone, Date.parse(instant))));
  return `${timeZone} (UTC${before ?? ''}${before === after ? '' : `, then ${after ?? ''}`})`;
}

function offsetLabel(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}

/** What a tier charges for: `First 1,000`, `Above 1,000 up to 5,000`, `2 packages of 1,000`. Empty for the only tier there is. */
export function tierLabel(tier: InvoiceTier): string {
  const { from, to, unitPrice, flatFee, packageSize, packages } = tier;
  const fee = flatFee === undefined || isZero(flatFee) ? '' : `, flat fee ${grouped(flatFee)}`;
  if (packageSize !== undefined) return `${grouped(packages ?? '0')} × package of ${grouped(packageSize)}${fee}`;
  const included = isZero(unitPrice) && to !== null ? ', included' : '';
  if (to === null) return isZero(from) ? fee.slice(2) : `Above ${grouped(from)}${fee}`;
  return `${isZero(from) ? 'First' : `Above ${grouped(from)} up to`} ${grouped(to)}${included}${fee}`;
}

export function isZero(decimal: string): boolean {
  return compareDecimals(decimal, '0') === 0;
}
