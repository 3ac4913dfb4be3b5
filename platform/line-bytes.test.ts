import { describe, expect, it } from 'vitest';
import { LineBytes } from './line-bytes.ts';

describe('lines as bytes', () => {
  it('are none at first', () => {
    const lines = new LineBytes();
    expect([lines.bytes().length, lines.length, lines.lines]).toEqual([0, 0, 0]);
  });

  it('are the same text, whatever its script, however many there are', () => {
    const texts = Array.from({ length: 5_000 }, (_, n) => ['', 'plain', 'ü'.repeat(n % 90), '漢字😀', `${n}`][n % 5] as string);
    const lines = new LineBytes();
    for (const text of texts) lines.add(text);
    expect(lines.lines).toBe(5_000);
    expect(lines.bytes().toString()).toBe(texts.map((text) => `${text}\n`).join(''));
    expect(lines.length).toBe(lines.bytes().length);
  });

  it('may each be longer than all before', () => {
    const lines = new LineBytes();
    lines.add('€'.repeat(100_000));
    lines.add('x'.repeat(300_000));
    expect(lines.bytes().toString()).toBe(`${'€'.repeat(100_000)}\n${'x'.repeat(300_000)}\n`);
  });

  it('are copied from where they stand, and what was handed out does not change', () => {
    const from = Buffer.from('one\ntwo\nthree\n');
    const lines = new LineBytes();
    lines.copy(from, 4, 8);
    const before = lines.bytes();
    lines.copy(from, 0, 4);
    lines.add('x'.repeat(50_000));
    expect(before.toString()).toBe('two\n');
    expect(lines.bytes().subarray(0, 8).toString()).toBe('two\none\n');
    expect(lines.lines).toBe(3);
  });
});
