/** Wall-clock arithmetic in IANA zones: months of their own length, hours that begin at :15 UTC in Kathmandu, days of 23 and 25 hours. */
export interface Wall {
  year: number;
  /** 1–12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

export function isZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return zone !== '';
  } catch {
    return false;
  }
}

export function wallOf(ms: number, zone: string): Wall {
  const wall: Record<string, number> = {};
  for (const part of formatterOf(zone).formatToParts(ms)) wall[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = wall;
  return { year, month, day, hour, minute, second };
}

function wallAsUtc(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
}

/** What the wall clock is ahead of UTC at this moment, in ms. */
export function offsetOf(ms: number, zone: string): number {
  return wallAsUtc(wallOf(ms, zone)) - Math.floor(ms / 1000) * 1000;
}

/** The first moment at which the wall clock shows (or, in a gap, has passed) this time. Fields may overflow, as in month 13. */
export function momentOf(zone: string, year: number, month: number, day = 1, hour = 0, minute = 0): number {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  // Offsets a day before and after cover a change of clocks in between; the earlier of two fitting moments comes first.
  const candidates = [wanted - offsetOf(wanted - DAY_MS, zone), wanted - offsetOf(wanted + DAY_MS, zone)].sort((a, b) => a - b);
  const fitting = candidates.find((ms) => ms + offsetOf(ms, zone) === wanted);
  return fitting ?? Math.max(...candidates);
}

export type Grain = 'hour' | 'day' | 'month';

/** Start of the local hour, day or month that holds this moment. */
export function startOf(ms: number, grain: Grain, zone: string): number {
  const wall = wallOf(ms, zone);
  if (grain === 'month') return momentOf(zone, wall.year, wall.month);
  if (grain === 'day') return momentOf(zone, wall.year, wall.month, wall.day);
  return Math.floor(ms / 1000) * 1000 - wall.minute * MINUTE_MS - wall.second * 1000;
}

export function nextStart(ms: number, grain: Grain, zone: string): number {
  const wall = wallOf(ms, zone);
  if (grain === 'month') return momentOf(zone, wall.year, wall.month + 1);
  if (grain === 'day') return momentOf(zone, wall.year, wall.month, wall.day + 1);
  return startOf(ms, 'hour', zone) + HOUR_MS;
}

/** All starts of local hours, days or months that touch `[from, to)`. */
export function startsWithin(from: number, to: number, grain: Grain, zone: string): number[] {
  const starts: number[] = [];
  for (let start = startOf(from, grain, zone); start < to; start = nextStart(start, grain, zone)) starts.push(start);
  return starts;
}

/** `2026-10-14` of this moment in its zone. */
export function dayKey(ms: number, zone: string): string {
  const { year, month, day } = wallOf(ms, zone);
  return `${year}-${pad(month)}-${pad(day)}`;
}

export function monthKey(ms: number, zone: string): string {
  return dayKey(ms, zone).slice(0, 7);
}

/** The moment in which a day begins that is written as `2026-10-14`, or one so many days later: RFC 3339 in UTC. */
export function midnightOf(day: string, zone: string, daysLater = 0): string {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return isoOf(momentOf(zone, year, month, date + daysLater));
}

/** RFC 3339 in UTC, as the API takes moments. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function pad(value: number): string {
  return String(value).padStart(2, '0');
}
