/** Text that the stores keep as it came. Everything that takes text from outside asks here. */
import type { FieldError } from './errors.ts';

/** What is wrong with a text, its path left out. */
type TextFault = Omit<FieldError, 'path'>;

const NUL: TextFault = { code: 'nul_character', message: 'must not contain the character U+0000' };
const HALF: TextFault = {
  code: 'lone_surrogate',
  message: 'must not contain half of a surrogate pair (U+D800 to U+DFFF by itself): send the whole character',
};

/** Postgres has no column that holds U+0000, and half a surrogate pair has no form in UTF-8: JSON can write both, no store can keep them. */
function textFault(text: string): TextFault | undefined {
  if (text.includes('\0')) return NUL;
  return text.isWellFormed() ? undefined : HALF;
}

/**
 * The first text within a value, or name of a member, that no store can keep. `path` is that of the value. Of a name it is that of the object,
 * since it could not be shown. Calls itself for every level: the caller sees to it that there are not thousands.
 */
export function storableFault(value: unknown, path = ''): FieldError | undefined {
  if (typeof value === 'string') {
    const fault = textFault(value);
    return fault && { path, ...fault };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const ofName = textFault(name);
    if (ofName) return { path, code: ofName.code, message: `the name of a member ${ofName.message}` };
    const found = storableFault(member, path === '' ? name : `${path}/${name}`);
    if (found) return found;
  }
  return undefined;
}
