/** Each help text is read somewhere, says its word in a sentence or two, and stands where a keyboard and a screen reader come by it. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import { TERMS } from './terms.ts';

const SOURCE = join(import.meta.dirname, '..');
const files = globSync('**/*.{svelte,ts}', { cwd: SOURCE })
  .filter((name) => name !== join('lib', 'terms.ts') && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));
const speaking = files.filter(({ text }) => /\bTermName\b|<Term\b|\bhelp="/.test(text));

/** Takes clicks or the focus for itself, or is the name of what does. */
const ACTIVE = new Set(['a', 'button', 'label', 'option', 'select', 'summary', 'textarea', 'CopyButton', 'FileButton']);

describe.each(Object.entries(TERMS))('%s', (name, text) => {
  test('is explained somewhere', () => {
    const used = speaking.filter((file) => file.text.includes(`="${name}"`) || file.text.includes(`'${name}'`));
    expect(used).not.toEqual([]);
  });

  test('takes one or two plain sentences', () => {
    expect(text).toMatch(/^\p{Lu}[^!]*\.$/u);
    expect(text.split(/(?<=\.) /).length).toBeLessThanOrEqual(2);
    expect(text.length).toBeGreaterThanOrEqual(40);
    expect(text.length).toBeLessThanOrEqual(180);
  });
});

const explaining = files.filter(({ name, text }) => name.endsWith('.svelte') && text.includes('<Term '));

test.each(explaining)('$name has no help inside of a link, a button or a label', ({ text }) => {
  expect(wrapped(parse(text, { modern: true }).fragment)).toEqual([]);
});

test('finds help inside of a button', () => {
  const { fragment } = parse('{#if a}<button><b><Term of="draft">x</Term></b></button>{/if}', { modern: true });
  expect(wrapped(fragment)).toEqual(['Term in button']);
});

/** "Term in button" for each that is nested so. */
function wrapped(node: unknown, around: string | null = null): string[] {
  if (Array.isArray(node)) return node.flatMap((item: unknown) => wrapped(item, around));
  if (typeof node !== 'object' || node === null) return [];
  const { type, name } = node as { type?: unknown; name?: unknown };
  const isElement = (type === 'RegularElement' || type === 'Component') && typeof name === 'string';
  if (isElement && name === 'Term' && around !== null) return [`Term in ${around}`];
  const inner = isElement && ACTIVE.has(name) ? name : around;
  return Object.values(node).flatMap((value: unknown) => wrapped(value, inner));
}
