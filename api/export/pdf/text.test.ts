import { describe, expect, it } from 'vitest';
import { createDocument, type PdfFont } from './document.ts';
import { breakPoints } from './line-breaks.ts';
import { showHidden, TextShaper } from './text.ts';

const document = createDocument({ title: 't', author: 'a', subject: 's', date: new Date(0) });
const regular = new TextShaper(document, 400);
const bold = new TextShaper(document, 700);

interface EmbeddedFont extends PdfFont {
  unicode: number[][];
}
/** What is drawn, from left to right, as the characters that the glyphs stand for. */
const drawn = (text: string, shaper = regular): string =>
  shaper
    .line(text)
    .glyphs.map(({ font, hex }) => String.fromCodePoint(...((font as EmbeddedFont).unicode[parseInt(hex, 16)] ?? [])))
    .join('');

describe('text of a document', () => {
  it.each([
    ['Latin', 'Zażółć gęślą jaźń – ñandú, Łódź, Việt Nam, 1,234.56 × € −12'],
    ['Greek', 'Ελληνική Εταιρεία ἀρχή'],
    ['Cyrillic', 'ООО «Ромашка» ўѓѢ'],
    ['Chinese', '北京云计算有限公司 雲端運算服務，費用'],
    ['Japanese', '株式会社データ あいう'],
    ['Korean', '주식회사'],
    ['emoji', '\u{1F600}'],
  ])('has glyphs for %s in both weights', (_script, text) => {
    for (const shaper of [regular, bold]) {
      const { glyphs } = shaper.line(text);
      expect(glyphs.filter(({ hex }) => hex === '0000')).toEqual([]);
      expect(drawn(text, shaper)).toBe(text);
    }
  });

  it.each([
    ['Hebrew', 'שלום'],
    ['Arabic', 'شركة المدار'],
    ['Devanagari', 'हिन्दी'],
    ['Thai', 'ไทย'],
    ['letters with marks that have no form of their own', 'x̣̄'],
  ])('has glyphs for %s', (_script, text) => {
    expect(regular.line(text).glyphs.length).toBeGreaterThan(0);
    expect(regular.line(text).glyphs.filter(({ hex }) => hex === '0000')).toEqual([]);
  });

  it('draws from right to left what is read so, numbers and Latin names within it from left to right', () => {
    expect(drawn('שלום 123 abc')).toBe('abc 123 םולש');
    expect(drawn('abc (שלום) 123')).toBe('abc (םולש) 123');
    expect(drawn('\u200fabc')).toBe('abc');
  });

  it('writes out what no font has', () => {
    expect(drawn('a\u{10FFFE}b')).toBe('a[U+10FFFE]b');
    expect(showHidden('a\u200fb\u202ec\u0000')).toBe('a[U+200F]b[U+202E]c[U+0000]');
  });

  it('shows white space and invisible characters as what they look like', () => {
    expect(drawn('a\n\tb\u00a0c\u200bd')).toBe('a b cd');
  });

  it.each([
    ['words', 'the quick brown fox jumps over the lazy dog', 5_000],
    ['one long word', 'x'.repeat(300), 4_000],
    ['text without spaces', '雲端運算服務：每小時使用量計費，包含所有地區之資料傳輸與儲存費用', 6_000],
    ['an id with signs', 'a/b-c_d@e;f|g'.repeat(20), 3_000],
  ])('is broken into lines that fit: %s', (_name, text, width) => {
    const lines = regular.wrap(text, width);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.width).toBeLessThanOrEqual(width);
    expect(lines.reduce((count, { glyphs }) => count + glyphs.length, 0)).toBeGreaterThanOrEqual([...text.replaceAll(' ', '')].length);
  });

  it('ends in an ellipsis where there are more lines than may be', () => {
    const lines = regular.wrap('word '.repeat(100), 5_000, 2);
    expect(lines).toHaveLength(2);
    expect(lines[1]?.width).toBeLessThanOrEqual(5_000);
    expect(lines[1]?.glyphs.length).toBeGreaterThan(3);
    expect(regular.ellipsed('short', 10_000).glyphs).toHaveLength(5);
  });

  it('keeps closing marks with what they close, and characters of several code points whole', () => {
    expect([...breakPoints('費用，計算。', () => false)]).toEqual(['費', '用，', '計', '算。']);
    expect([...breakPoints('e\u0301e\u0301', () => true)]).toEqual(['e\u0301', 'e\u0301']);
  });
});
