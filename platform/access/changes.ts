/** What a change of an object came to, for the audit log. */
import { canonicalText } from '../../core/canonical.ts';

/** More of one member, or more members, is no summary any more; the object itself has it all. */
const VALUE_CHARACTERS_MAX = 500;
const MEMBERS_MAX = 50;

export interface Changes {
  /** By member; null where it was not there, or is not any more. */
  changed: Record<string, { before: unknown; after: unknown }>;
  /** Changed members that are left out. */
  more?: number;
}

/** Undefined where both say the same. An object that is new had no members before. */
export function changesBetween(before: object | undefined, after: object | undefined): Changes | undefined {
  const [old, young] = [new Map(Object.entries(before ?? {})), new Map(Object.entries(after ?? {}))];
  const names = [...new Set([...old.keys(), ...young.keys()])].filter(
    (name) => canonicalText(old.get(name) ?? null) !== canonicalText(young.get(name) ?? null),
  );
  if (names.length === 0) return undefined;
  const changed = names
    .slice(0, MEMBERS_MAX)
    .map((name) => [name, { before: shortened(old.get(name)), after: shortened(young.get(name)) }] as const);
  return { changed: Object.fromEntries(changed), ...(names.length > MEMBERS_MAX ? { more: names.length - MEMBERS_MAX } : {}) };
}

function shortened(value: unknown): unknown {
  const { length } = JSON.stringify(value ?? null);
  return length > VALUE_CHARACTERS_MAX ? `(${length} characters)` : (value ?? null);
}
