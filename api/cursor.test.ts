import { describe, expect, it } from 'vitest';
import { decodeOpaque, encodeOpaque, toPage } from './cursor.ts';

describe('an opaque name', () => {
  it.each(['plain', 'ä/ö "quoted" \u{1F600}', '…'.repeat(200)])('comes back as it went in: %s', (text) => {
    expect(decodeOpaque('kind', encodeOpaque('kind', [text, 7]), [/./s, /^\d+$/])).toEqual([text, '7']);
  });

  it.each([
    ['another kind', encodeOpaque('other', ['a'])],
    ['too many parts', encodeOpaque('kind', ['a', 'b'])],
    ['a part that does not match', encodeOpaque('kind', ['B'])],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('hello').toString('base64url')],
    ['parts that are no text', Buffer.from('["kind",1]').toString('base64url')],
    ['nothing', ''],
  ])('is refused for %s', (_name, text) => {
    expect(decodeOpaque('kind', text, [/^a$/])).toBeUndefined();
  });
});

describe('a page', () => {
  const page = (rows: number[], limit: number) => toPage(rows, limit, (row) => `after ${row}`);

  it('has a next one only when a row more than asked for was there', () => {
    expect(page([1, 2, 3], 2)).toEqual({ items: [1, 2], nextCursor: 'after 2' });
    expect(page([1, 2], 2)).toEqual({ items: [1, 2], nextCursor: null });
    expect(page([], 2)).toEqual({ items: [], nextCursor: null });
  });
});
