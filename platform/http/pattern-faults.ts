/** What a text that does not match its pattern should have been, in words: a regular expression is no help to who typed it. */
import { decimalFault } from '../../core/decimal-fault.ts';
import { limitsOfDecimalPattern, PATTERNS } from '../../schemas/http/common.ts';

interface Fault {
  code: string;
  message: string;
}

const MEANINGS: ReadonlyMap<string, Fault> = new Map([
  [PATTERNS.currency, { code: 'pattern', message: 'must be a currency of ISO 4217 in three capital letters, such as USD' }],
  [PATTERNS.month, { code: 'pattern', message: 'must be a month such as 2026-10' }],
  [PATTERNS.day, { code: 'pattern', message: 'must be a day such as 2026-10-15' }],
  [PATTERNS.visible, { code: 'blank', message: 'must not be blank: say it in words' }],
  [PATTERNS.line, { code: 'pattern', message: 'must be one line of text, and not empty' }],
  [PATTERNS.number, { code: 'pattern', message: 'must be a number of at most 18 digits, as this API gave it' }],
  [PATTERNS.name, { code: 'pattern', message: 'must be one line of text, and not blank' }],
  [PATTERNS.email, { code: 'pattern', message: 'must be an e-mail address, such as ada@example.com' }],
]);

/** Undefined for a pattern that has no words; its own message then has to do. */
export function patternFault(pattern: unknown, value: unknown): Fault | undefined {
  if (typeof pattern !== 'string') return undefined;
  const limits = limitsOfDecimalPattern(pattern);
  if (limits !== undefined && typeof value === 'string') return decimalFault(value, limits);
  return MEANINGS.get(pattern);
}
