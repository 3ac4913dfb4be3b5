/**
 * UTC offsets of IANA time zones.
 *
 * Intl knows them but takes about a microsecond per question, too long for every row of a file and every slot of a month.
 * So each zone is asked once per day of a span, the minute of each change is searched for, and the answers are kept.
 */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A span costs 128 questions (0.13 ms) when first touched; a month touches one or two. */
const SPAN_MS = 128 * DAY_MS;

/** Spans kept per zone: 106 years, 1995–2100, need 303. A file of wild dates starts the zone's cache afresh instead of growing it. */
const SPANS_MAX = 512;

/** Spellings kept, aliases and letter case included. IANA has about 600 names; a caller who invents spellings only empties the list. */
const NAMES_MAX = 2_000;

/** Offsets of one span: `minutes[i]` holds from `starts[i]` (epoch ms) up to the next start. */
interface Span {
  starts: number[];
  minutes: number[];
}

interface Zone {
  format: Intl.DateTimeFormat;
  spans: Map<number, Span>;
}

const zonesByName = new Map<string, Zone>();
const zonesByCanonicalName = new Map<string, Zone>();

/** IANA names without an area. Intl also takes abbreviations such as `IST` and `PST`, which no one can tell apart. */
const PLAIN_NAMES = new Set(
  (
    'UTC GMT UCT Zulu Universal Greenwich GMT0 GMT+0 GMT-0 EST MST HST EST5EDT CST6CDT MST7MDT PST8PDT CET EET MET WET Cuba Egypt Eire GB GB-Eire ' +
    'Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya NZ NZ-CHAT Navajo Poland Portugal PRC ROC ROK Singapore Turkey W-SU'
  ).split(' '),
);

/** Whether `name` is an IANA time zone (aliases included). Bare offsets such as `+05:30` and abbreviations are not. */
export function isTimeZone(name: string): boolean {
  if (!PLAIN_NAMES.has(name) && (!/^[A-Za-z]+\/[A-Za-z]/.test(name) || name.startsWith('SystemV/'))) return false;
  try {
    zoneOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * Minutes to add to UTC for the local time of `zone` at `epochMs`; east is positive. Exact to the millisecond for 1995–2100:
 * changes of the zone take effect on the minute they happen, also those that are not on a quarter of an hour.
 * Throws a RangeError for a zone that `isTimeZone` refuses.
 */
export function zoneOffsetMinutes(zone: string, epochMs: number): number {
  const known = zoneOf(zone);
  const index = Math.floor(epochMs / SPAN_MS);
  const { starts, minutes } = known.spans.get(index) ?? readSpan(known, index);
  let i = starts.length - 1;
  while (i > 0 && epochMs < (starts[i] ?? 0)) i--;
  return minutes[i] ?? 0;
}

function zoneOf(name: string): Zone {
  const known = zonesByName.get(name);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const canonicalName = format.resolvedOptions().timeZone;
  const zone = zonesByCanonicalName.get(canonicalName) ?? { format, spans: new Map<number, Span>() };
  zonesByCanonicalName.set(canonicalName, zone);
  if (zonesByName.size >= NAMES_MAX) zonesByName.clear();
  zonesByName.set(name, zone);
  return zone;
}

/** A day is the step because no zone has ever changed twice within one since 1995. */
function readSpan(zone: Zone, index: number): Span {
  const from = index * SPAN_MS;
  const span: Span = { starts: [from], minutes: [readOffset(zone, from)] };
  for (let day = from, offset = readOffset(zone, from); day < from + SPAN_MS; day += DAY_MS) {
    const dayEnd = day + DAY_MS;
    const next = readOffset(zone, dayEnd);
    if (next === offset) continue;
    const change = firstMinuteWith(zone, next, day, dayEnd);
    if (change < from + SPAN_MS) {
      span.starts.push(change);
      span.minutes.push(next);
    }
    offset = next;
  }
  if (zone.spans.size >= SPANS_MAX) zone.spans.clear();
  zone.spans.set(index, span);
  return span;
}

function firstMinuteWith(zone: Zone, offset: number, before: number, at: number): number {
  let [low, high] = [before, at];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (readOffset(zone, middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

/** Reads `GMT+05:45` off the end of the formatted date; `GMT` alone is UTC. */
function readOffset(zone: Zone, epochMs: number): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(zone.format.format(epochMs));
  if (match === null) throw new Error(`Intl gave no offset for ${epochMs}`);
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  return match[1] === '-' ? -minutes : minutes;
}
