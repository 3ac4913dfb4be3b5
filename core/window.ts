/**
 * Half-open windows of time `[from, to)` in any IANA time zone, all of them unions of 15-minute UTC slots, which is the grain of the
 * usage buckets. Instants are epoch milliseconds.
 *
 * - **Slot**: 15 minutes of UTC. Its local time is that of its start; every offset in use since 1995 is a whole number of slots. (Where a
 *   zone changed at one minute past, as St. John's did until 2011, the change counts from the next slot.)
 * - **Hour**: the longest run of slots over which the local clock shows one hour of one day with one offset. So an hour that the clock
 *   repeats is two hours (a day of 25), one that it skips is none (23), and where it moves by 30 minutes, as on Lord Howe Island,
 *   the half hour that is cut short or repeated is an hour of 30 minutes: never a window in which the clock jumps.
 * - **Day, month**: begins the first time the local clock reaches midnight (or leaps past it) and ends where the next one begins.
 *   No hour lies in two days. A day that a zone left out (Samoa, 30 December 2011) has no window.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, zoneOffsetMinutes } from './zone.ts';

export const SLOT_MS = 15 * MINUTE_MS;

export interface Window {
  /** Inclusive. */
  from: number;
  /** Exclusive. */
  to: number;
}

/** No zone is further ahead of UTC; the search for a local midnight begins there. */
const AHEAD_MAX_MS = 15 * HOUR_MS;

/** `'2026-10'` → the customer's October. Throws a RangeError for text that is no month. */
export function monthPeriod(month: string, zone: string): Window {
  const start = /^\d{4}-\d{2}$/.test(month) ? Date.parse(`${month}-01T00:00:00Z`) : NaN;
  if (Number.isNaN(start)) throw new RangeError(`not a month: ${month.slice(0, 20)}`);
  const next = new Date(start);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return { from: firstSlotAt(start, zone), to: firstSlotAt(next.getTime(), zone) };
}

/** The local month that holds `instant`, as `YYYY-MM`. */
export function monthOf(instant: number, zone: string): string {
  return dateOf(instant, zone).slice(0, 7);
}

/** The local day whose window holds `instant`, as `YYYY-MM-DD`. */
export function dateOf(instant: number, zone: string): string {
  return new Date(localDay(instant, zone)).toISOString().slice(0, 10);
}

/** Whether `text` is a day of the calendar, `YYYY-MM-DD`. Date.parse alone takes 30 February for 2 March. */
export function isDate(text: string): boolean {
  const epochMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(text);
}

/** When the local day `YYYY-MM-DD` begins; for one that the zone left out, when the next one does. Throws a RangeError for text that is no date. */
export function dateStart(date: string, zone: string): number {
  if (!isDate(date)) throw new RangeError(`not a date: ${date.slice(0, 20)}`);
  return firstSlotAt(Date.parse(`${date}T00:00:00Z`), zone);
}

/** The local hours of the period in order, cut off at its ends. A month takes about 0.3 ms once the zone is warm. */
export function hoursOf(period: Window, zone: string): Window[] {
  const hours: Window[] = [];
  let from = period.from;
  let [hour, offset] = [NaN, NaN];
  for (let slot = slotOf(period.from); slot < period.to; slot += SLOT_MS) {
    const slotOffset = zoneOffsetMinutes(zone, slot);
    const slotHour = localHour(slot, slotOffset);
    if (slotHour === hour && slotOffset === offset) continue;
    if (slot > from) {
      hours.push({ from, to: slot });
      from = slot;
    }
    [hour, offset] = [slotHour, slotOffset];
  }
  if (from < period.to) hours.push({ from, to: period.to });
  return hours;
}

/** The local days of the period in order, cut off at its ends. */
export function daysOf(period: Window, zone: string): Window[] {
  const days: Window[] = [];
  let from = period.from;
  while (from < period.to) {
    const to = Math.min(dayEnd(from, zone), period.to);
    days.push({ from, to });
    from = to;
  }
  return days;
}

/** The local hour that a slot belongs to. `slot` is the start of a 15-minute UTC slot; any other instant stands for its slot. */
export function slotToHour(slot: number, zone: string): Window {
  const start = slotOf(slot);
  const offset = zoneOffsetMinutes(zone, start);
  const hour = localHour(start, offset);
  const isSameHour = (other: number): boolean => {
    const otherOffset = zoneOffsetMinutes(zone, other);
    return otherOffset === offset && localHour(other, otherOffset) === hour;
  };
  let [from, to] = [start, start + SLOT_MS];
  while (isSameHour(from - SLOT_MS)) from -= SLOT_MS;
  while (isSameHour(to)) to += SLOT_MS;
  return { from, to };
}

/** When the local hour that holds `instant` began. */
export function hourStart(instant: number, zone: string): number {
  return slotToHour(instant, zone).from;
}

/** When the local day that holds `instant` began. */
export function dayStart(instant: number, zone: string): number {
  return firstSlotAt(localDay(instant, zone), zone);
}

/** When the local day that holds `instant` ends, which is when the next one begins. */
export function dayEnd(instant: number, zone: string): number {
  let [midnight, end] = [localDay(instant, zone), instant];
  while (end <= instant) {
    midnight += DAY_MS;
    end = firstSlotAt(midnight, zone);
  }
  return end;
}

/** `2026-10-01T00:00:00Z`, with milliseconds only where there are some. */
export function instantText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z');
}

function slotOf(instant: number): number {
  return Math.floor(instant / SLOT_MS) * SLOT_MS;
}

/** Counts local hours, so that two slots show the same hour of the same day if the numbers are equal. */
function localHour(slot: number, offsetMinutes: number): number {
  return Math.floor((slot + offsetMinutes * MINUTE_MS) / HOUR_MS);
}

/**
 * Local midnight, written as if the local clock were UTC, of the day whose window holds `instant`. It is the clock's own date except
 * where the clock went back over midnight: what it then shows again belongs to the day that has already begun.
 */
function localDay(instant: number, zone: string): number {
  const slot = slotOf(instant);
  const shown = Math.floor((slot + zoneOffsetMinutes(zone, slot) * MINUTE_MS) / DAY_MS) * DAY_MS;
  return firstSlotAt(shown + DAY_MS, zone) <= slot ? shown + DAY_MS : shown;
}

/** The first slot at which the local clock shows `local` or later; `local` is written as if the local clock were UTC. */
function firstSlotAt(local: number, zone: string): number {
  let slot = slotOf(local - AHEAD_MAX_MS);
  while (slot + zoneOffsetMinutes(zone, slot) * MINUTE_MS < local) slot += SLOT_MS;
  return slot;
}
