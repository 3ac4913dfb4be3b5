/**
 * The usage event: one measured quantity of one customer at one moment, and the line of the file it came from.
 *
 * Events travel through the log as compact JSON with short keys, because the log holds one per row and measure:
 * `{"v":1,"id":…,"c":customer,"m":meter,"t":time,"q":quantity,"p":properties,"i":importId,"l":line}`.
 */

export const USAGE_EVENT_VERSION = 1;

/** Longest id, customer and meter, in characters. A longer one is rejected with its line. */
export const KEY_LENGTH_MAX = 256;

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

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const QUANTITY = /^-?\d{1,20}(\.\d{1,18})?$/;
const INTEGER = /^\d{1,19}$/;

/** Reads an event from the log. What is not a version-1 event of ours comes back as a failure, never as a throw. */
export function decodeUsageEvent(encoded: string): { ok: true; event: UsageEvent } | { ok: false; failure: DecodeFailure } {
  if (encoded.length > ENCODED_EVENT_BYTES_MAX) return failure('event_too_large', `event of ${encoded.length} characters`);
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(encoded) as Record<string, unknown>;
  } catch {
    return failure('invalid_json', 'the message is not JSON');
  }
  if (typeof raw !== 'object' || raw === null) return failure('invalid_event', 'the message is not an object');
  if (raw['v'] !== USAGE_EVENT_VERSION) return failure('unknown_version', `version ${String(raw['v'])} is not known here`);
  const { id, c, m, t, q, p, i, l } = raw;
  const sound =
    isKey(id) &&
    isKey(c) &&
    isKey(m) &&
    matches(t, TIME) &&
    matches(q, QUANTITY) &&
    typeof p === 'string' &&
    matches(i, INTEGER) &&
    Number.isSafeInteger(l);
  if (!sound) return failure('invalid_event', 'a field is missing or malformed');
  return {
    ok: true,
    event: { id, customer: c, meter: m, time: t, quantity: q, properties: p, importId: i, line: l as number },
  };
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= KEY_LENGTH_MAX;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function failure(code: DecodeFailure['code'], message: string): { ok: false; failure: DecodeFailure } {
  return { ok: false, failure: { code, message } };
}
