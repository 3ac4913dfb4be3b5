/** Forms of times: those that the form offers, and what a time looks like in each. */

export const TIME_FORMS = [
  'dd/MM/yyyy HH:mm:ss',
  'MM/dd/yyyy HH:mm:ss',
  'dd.MM.yyyy HH:mm:ss',
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'M/d/yyyy h:mm a',
  'dd MMM yyyy HH:mm:ss',
  'yyyyMMddHHmmss',
  'epoch_s',
  'epoch_ms',
  'epoch_us',
  'epoch_ns',
] as const;

/** 31 October 2026, 17:05:09.123456789 UTC, a Saturday: no two of its parts can be mistaken for each other. */
const EPOCH_SECONDS = '1793466309';
const FRACTION = '123456789';
const EPOCH_DIGITS: Readonly<Record<string, number>> = { epoch_s: 0, epoch_ms: 3, epoch_us: 6, epoch_ns: 9 };
const PARTS: Readonly<Record<string, string>> = {
  yyyy: '2026',
  M: '10',
  MM: '10',
  MMM: 'Oct',
  MMMM: 'October',
  d: '31',
  dd: '31',
  H: '17',
  HH: '17',
  h: '5',
  hh: '05',
  a: 'PM',
  m: '5',
  mm: '05',
  s: '9',
  ss: '09',
  z: 'UTC',
  T: 'T',
  EEEE: 'Saturday',
};
/** Letters that mean the same as another. */
const SAME: Readonly<Record<string, string>> = { YYYY: 'yyyy', D: 'd', DD: 'dd', A: 'a', E: 'EEE', EE: 'EEE', ddd: 'EEE', dddd: 'EEEE' };

/** A time in this form; undefined where it has letters that are not read. */
export function timeExample(form: string): string | undefined {
  const digits = EPOCH_DIGITS[form];
  if (digits !== undefined) return `${EPOCH_SECONDS}${FRACTION.slice(0, digits)}`;
  let text = '';
  for (const [run] of form.matchAll(/'[^']*'|\[[^\]]*\]|([A-Za-z])\1*|[^A-Za-z]/gu)) {
    const part = partOf(run);
    if (part === undefined) return undefined;
    text += part;
  }
  return text === '' ? undefined : text;
}

function partOf(run: string): string | undefined {
  if (run === "''") return "'";
  if (/^['[]/.test(run)) return run.slice(1, -1);
  if (!/^[A-Za-z]/.test(run)) return run;
  const letters = SAME[run] ?? run;
  if (letters === 'EEE') return 'Sat';
  if (/^S+$/.test(letters)) return FRACTION.padEnd(letters.length, '0').slice(0, letters.length === 1 ? 3 : letters.length);
  if (/^[XxZ]+$/.test(letters)) return '+00:00';
  return PARTS[letters];
}
