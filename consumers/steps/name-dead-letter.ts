/** What a message that is no event of ours still says about where it came from. */
import { KEY_LENGTH_MAX } from '../../schemas/usage-event.ts';

/** As far as it can be told; all of it may be wrong. Integers are decimal strings of 64 bits. */
export interface DeadLetterName {
  importId?: string;
  line?: string;
  meter?: string;
  customer?: string;
  id?: string;
}

/** Parsing takes several times this in memory; nothing of ours is an eighth as large. */
const NAMED_CHARACTERS_MAX = 8 * 1_048_576;
const INTEGER = /^[1-9]\d{0,17}$/;

/** Other versions may have other keys: the short ones of this one are tried, and the names they stand for. */
export function nameDeadLetter(payload: string): DeadLetterName {
  if (!payload.startsWith('{') || payload.length > NAMED_CHARACTERS_MAX) return {};
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(payload) as Record<string, unknown>;
  } catch {
    return {};
  }
  const field = (short: string, long: string) => raw[short] ?? raw[long];
  const importId = toInteger(field('i', 'importId'));
  const line = toInteger(field('l', 'line'));
  const meter = toKey(field('m', 'meter'));
  const customer = toKey(field('c', 'customer'));
  const id = toKey(raw['id']);
  return {
    ...(importId === undefined ? {} : { importId }),
    ...(line === undefined ? {} : { line }),
    ...(meter === undefined ? {} : { meter }),
    ...(customer === undefined ? {} : { customer }),
    ...(id === undefined ? {} : { id }),
  };
}

function toInteger(value: unknown): string | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === 'string' && INTEGER.test(text) ? text : undefined;
}

/** Only what Postgres can hold. */
function toKey(value: unknown): string | undefined {
  const isKey =
    typeof value === 'string' && value !== '' && value.length <= KEY_LENGTH_MAX && value.isWellFormed() && !value.includes('\0');
  return isKey ? value : undefined;
}
