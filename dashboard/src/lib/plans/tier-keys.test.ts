import { describe, expect, it } from 'vitest';
import { tierKey } from './tier-keys.ts';

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe('keys in a table of tiers', () => {
  it.each([
    ['Enter', {}, 'add'],
    ['ArrowDown', {}, 'down'],
    ['ArrowUp', {}, 'up'],
    ['Backspace', { ctrlKey: true }, 'remove'],
    ['Backspace', { metaKey: true }, 'remove'],
    ['Backspace', {}, undefined],
    ['Enter', { ctrlKey: true }, undefined],
    ['ArrowUp', { shiftKey: true }, undefined],
    ['1', {}, undefined],
  ])('%s %o: %s', (key, modifiers, wanted) => {
    expect(tierKey({ ...none, ...modifiers, key })).toBe(wanted);
  });
});
