/** Editing a table of tiers by keyboard alone. */
export type TierKey = 'add' | 'remove' | 'up' | 'down';

type Keys = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** What a key asks for in a field of a tier; undefined for all that is typing. Ctrl + Enter saves the form, as anywhere. */
export function tierKey({ key, ctrlKey, metaKey, altKey, shiftKey }: Keys): TierKey | undefined {
  if (altKey || shiftKey) return undefined;
  if (ctrlKey || metaKey) return key === 'Backspace' ? 'remove' : undefined;
  if (key === 'Enter') return 'add';
  if (key === 'ArrowUp') return 'up';
  return key === 'ArrowDown' ? 'down' : undefined;
}
