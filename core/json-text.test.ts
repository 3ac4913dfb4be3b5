import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactJson, readJson, splitJsonItems, type JsonText } from './json-text.ts';

/** As `JSON.parse` would have it: numbers become numbers again. */
function plain(value: JsonText): unknown {
  if (value.kind === 'string') return value.value;
  if (value.kind === 'array') return value.items.map(plain);
  if (value.kind === 'object') return Object.fromEntries([...value.members].map(([name, member]) => [name, plain(member)]));
  return JSON.parse(value.text);
}

function read(text: string): JsonText {
  const outcome = readJson(text);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

describe('JSON without loss', () => {
  it('reads whatever JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const written = JSON.stringify(JSON.parse(text), null, indent);
        expect(plain(read(written))).toEqual(JSON.parse(written));
        expect(JSON.parse(compactJson(read(written)))).toEqual(JSON.parse(written));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what JSON.parse refuses, and nothing else but names that stand there twice', () => {
    const scraps = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        '\\"',
        ' ',
        '\n',
        '\v',
        '0',
        '1',
        '-',
        '.',
        'e+',
        'true',
        'null',
        'x',
        '\\u00e',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(scraps, (parts) => {
        const text = parts.join('');
        let sound = true;
        try {
          JSON.parse(text);
        } catch {
          sound = false;
        }
        const outcome = readJson(text);
        if (!outcome.ok && outcome.message.includes('twice')) return;
        expect([text, outcome.ok]).toEqual([text, sound]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps numbers as they are written', () => {
    const numbers = ['0.1', '1.81E-8', '12345678901234567890.123456789012345678', '-0', '1.50', '1e400'];
    expect(read(`[${numbers.join(', ')}]`)).toEqual({ kind: 'array', items: numbers.map((text) => ({ kind: 'number', text })) });
  });

  it.each([
    ['{"a":1,"a":2}', '"a" stands there twice'],
    ['{"a":1,}', 'a name in quotes is missing (at character 8)'],
    ['[1,]', 'no value begins with "]"'],
    ['{"a" 1}', '":" is missing (at character 6)'],
    ['[1 2]', '"," is missing'],
    ['"abc', 'not closed'],
    ['"a\nb"', 'control character'],
    ['01', 'something follows'],
    ['NaN', 'no value begins with "N"'],
    ['', 'the text ends'],
    ['{}{}', 'something follows'],
    ['['.repeat(65) + ']'.repeat(65), 'more than 64 deep'],
  ])('says what is wrong with %j', (text, message) => {
    const outcome = readJson(text);
    expect(outcome.ok ? '' : outcome.message).toContain(message);
  });

  it('splits an array into the texts of its items, as they are written', () => {
    expect(splitJsonItems(' [ {"a": 1.0 , "b":"],["} , [2], "x" ] ')).toEqual({
      ok: true,
      isArray: true,
      texts: ['{"a": 1.0 , "b":"],["}', '[2]', '"x"'],
    });
    expect(splitJsonItems(' {"a":[1]} \n')).toEqual({ ok: true, isArray: false, texts: ['{"a":[1]}'] });
    expect(splitJsonItems('[]')).toEqual({ ok: true, isArray: true, texts: [] });
    expect(splitJsonItems('[1,,2]').ok).toBe(false);
  });
});
