/**
 * The usage event: one measured quantity of one customer at one moment, and the line of the file it came from.
 *
 * Events travel through the log as compact JSON with short keys, because the log holds one per row and measure:
 * `{"v":1,"id":…,"c":customer,"m":meter,"t":time,"q":quantity,"p":properties,"i":importId,"l":line}`.
 */

export const USAGE_EVENT_VERSION = 1;

/** Longest id and meter, in characters. A longer one is rejected with its line. */
export const KEY_LENGTH_MAX = 256;
/** Longest customer. With an id and a meter beside it, it just about fits the 2,704 bytes of an entry of Postgres' indexes. */
export const CUSTOMER_LENGTH_MAX = 300;

/** Largest encoded event in bytes; anything larger in the log is a dead letter. */
export const ENCODED_EVENT_BYTES_MAX = 1_048_576;

export interface UsageEvent {
  /** Identity within the customer: same customer and id = same event. */
  id: string;
  customer: string;
  meter: string;
  /** UTC, exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`: microseconds, further digits cut off. */
  time: string;
  /** Canonical decimal string: at most 20 integer and 18 fraction digits, no exponent, no padding zeros. */
  quantity: string;
  /** JSON object text with sorted keys; `{}` when there are none. Kept as text: equal text is equal content. */
  properties: string;
  /** The import it came with (decimal string of a 64-bit integer). */
  importId: string;
  /** Physical line of the file on which the row begins, 1-based. */
  line: number;
}

/** Encodes an event for the log. Hot path: strings are quoted one by one, the properties text is passed on as it is. */
export function encodeUsageEvent(event: UsageEvent): string {
  return (
    `{"v":${USAGE_EVENT_VERSION},"id":${JSON.stringify(event.id)},"c":${JSON.stringify(event.customer)}` +
    `,"m":${JSON.stringify(event.meter)},"t":"${event.time}","q":"${event.quantity}"` +
    `,"p":${JSON.stringify(event.properties)},"i":"${event.importId}","l":${event.line}}`
  );
}

export type DecodeFailure = { code: 'invalid_json' | 'unknown_version' | 'invalid_event' | 'event_too_large'; message: string };

/** Years both stores can hold; days beyond the 28th are checked against the calendar. */
const TIME = /^(?:19|2[0-2])\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;
const QUANTITY = /^(?!-0$)-?(?:0|[1-9]\d{0,19})(?:\.\d{0,17}[1-9])?$/;
/** Surely within Postgres' bigint. */
const INTEGER = /^[1-9]\d{0,17}$/;
/** UTF-16 units take at most three bytes each. */
const BYTES_PER_UNIT_MAX = 3;
/** Enough of a foreign version to recognise it by. */
const VERSION_SHOWN_MAX = 40;

/**
 * Reads an event from the log. What is not a version-1 event of ours comes back as a failure, never as a throw. Nothing is
 * let through that a store would refuse or change: one such event would stop its whole partition.
 */
export function decodeUsageEvent(encoded: string): { ok: true; event: UsageEvent } | { ok: false; failure: DecodeFailure } {
  if (encoded.length * BYTES_PER_UNIT_MAX > ENCODED_EVENT_BYTES_MAX && Buffer.byteLength(encoded) > ENCODED_EVENT_BYTES_MAX) {
    return failure('event_too_large', `event of ${Buffer.byteLength(encoded)} bytes`);
  }
  let raw: Record<string, unknown>;
  try {
    raw = cutOwnForm(encoded) ?? (JSON.parse(encoded) as Record<string, unknown>);
  } catch {
    return failure('invalid_json', 'the message is not JSON');
  }
  if (typeof raw !== 'object' || raw === null) return failure('invalid_event', 'the message is not an object');
  const { v, id, c, m, t, q, p, i, l } = raw;
  // As JSON: it may be of any type and hold any character.
  if (v !== USAGE_EVENT_VERSION)
    return failure('unknown_version', `version ${String(JSON.stringify(v)).slice(0, VERSION_SHOWN_MAX)} is not known here`);
  const sound =
    isKey(id) &&
    isKey(c, CUSTOMER_LENGTH_MAX) &&
    isKey(m) &&
    isTime(t) &&
    matches(q, QUANTITY) &&
    isProperties(p) &&
    matches(i, INTEGER) &&
    isLine(l);
  if (!sound) return failure('invalid_event', 'a field is missing or malformed');
  return { ok: true, event: { id, customer: c, meter: m, time: t, quantity: q, properties: p, importId: i, line: l } };
}

const BEGINNING = `{"v":${USAGE_EVENT_VERSION},"id":"`;
const SAFE_DIGITS_MAX = 15;
/** What a JSON string cannot hold as it is: backslashes and controls. */
const ESCAPED = /[^ -[\]-\uffff]/;

/**
 * The members of an event that stands exactly as `encodeUsageEvent` writes it, without escapes in its keys: what JSON.parse would give, in a
 * third of the time. Undefined for any other text.
 */
function cutOwnForm(encoded: string): Record<string, unknown> | undefined {
  if (!encoded.startsWith(BEGINNING)) return undefined;
  const idEnd = encoded.indexOf('"', BEGINNING.length);
  if (!encoded.startsWith('","c":"', idEnd)) return undefined;
  const customerEnd = encoded.indexOf('"', idEnd + 7);
  if (!encoded.startsWith('","m":"', customerEnd)) return undefined;
  const meterEnd = encoded.indexOf('"', customerEnd + 7);
  const timeEnd = encoded.indexOf('"', meterEnd + 7);
  if (!encoded.startsWith('","t":"', meterEnd) || !encoded.startsWith('","q":"', timeEnd)) return undefined;
  const quantityEnd = encoded.indexOf('"', timeEnd + 7);
  if (!encoded.startsWith('","p":"{', quantityEnd)) return undefined;
  // Within texts a quote has a backslash before it.
  const propertiesEnd = encoded.indexOf('","i":"', quantityEnd + 7);
  const importEnd = encoded.indexOf('"', propertiesEnd + 7);
  if (propertiesEnd === -1 || !encoded.startsWith('","l":', importEnd) || !encoded.endsWith('}')) return undefined;
  const importId = encoded.slice(propertiesEnd + 7, importEnd);
  const line = encoded.slice(importEnd + 6, -1);
  const texts = encoded.slice(BEGINNING.length, quantityEnd);
  if (ESCAPED.test(texts) || !INTEGER.test(importId) || !INTEGER.test(line) || line.length > SAFE_DIGITS_MAX) return undefined;
  const properties = unescape(encoded.slice(quantityEnd + 7, propertiesEnd));
  if (properties === undefined) return undefined;
  return {
    v: USAGE_EVENT_VERSION,
    id: encoded.slice(BEGINNING.length, idEnd),
    c: encoded.slice(idEnd + 7, customerEnd),
    m: encoded.slice(customerEnd + 7, meterEnd),
    t: encoded.slice(meterEnd + 7, timeEnd),
    q: encoded.slice(timeEnd + 7, quantityEnd),
    p: properties,
    i: importId,
    l: Number(line),
  };
}

function unescape(json: string): string | undefined {
  if (json === '{}') return json;
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    return undefined;
  }
}

/** Text that every store keeps as it is: Postgres holds no NUL, and half a surrogate pair has no UTF-8 form. */
function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

function isKey(value: unknown, lengthMax = KEY_LENGTH_MAX): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax && isText(value);
}

function isTime(value: unknown): value is string {
  if (!matches(value, TIME)) return false;
  const day = Number(value.slice(8, 10));
  return day <= 28 || day <= daysOfMonth(Number(value.slice(0, 4)), Number(value.slice(5, 7)));
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A JSON object. Its text may hold `\u0000`, six harmless characters, but no NUL: that would not be JSON. */
function isProperties(value: unknown): value is string {
  if (value === '{}') return true;
  if (typeof value !== 'string' || !value.startsWith('{') || !value.isWellFormed()) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function isLine(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function failure(code: DecodeFailure['code'], message: string): { ok: false; failure: DecodeFailure } {
  return { ok: false, failure: { code, message } };
}
