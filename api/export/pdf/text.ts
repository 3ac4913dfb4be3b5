/**
 * Text as glyphs: which font has a character, how wide a text is, where it breaks into lines, and in which order a line that reads from
 * right to left is drawn. Widths are thousandths of the font's size.
 */
import bidiFactory, { type Bidi } from 'bidi-js';
import type { PdfDocument, PdfFont } from './document.ts';
import { fontFiles, type Weight } from './typefaces.ts';
import { breakPoints } from './line-breaks.ts';

/** The package's types speak of a default export; the module is the function itself. */
const createBidi = bidiFactory as unknown as () => Bidi;

interface Glyph {
  font: PdfFont;
  hex: string;
  /** The width in the font, and how far the next glyph is from this one. */
  width: number;
  advance: number;
  xOffset: number;
  yOffset: number;
}

export interface TextLine {
  glyphs: readonly Glyph[];
  width: number;
}

/** Characters that are drawn the same whatever stands beside them. All others are shaped together, by the rules of their script. */
const PLAIN =
  /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Common}]*$/u;
const MARK = /^\p{M}$/u;
const DIRECTED = /[\p{Bidi_Control}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** What takes no place by itself: marks of direction, joiners, variation selectors. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
/** pdfkit keeps the layout of every text it is given without features. These are on by default, and so change nothing. */
const FEATURES = ['kern', 'liga'] as const;

export class TextShaper {
  readonly #document: PdfDocument;
  readonly #weight: Weight;
  readonly #faces: { name: string; path: string; holds: (codePoint: number) => boolean; font?: PdfFont }[];
  /** As many as there are different characters in the document. */
  readonly #glyphs = new Map<number, Glyph>();
  #bidi: Bidi | undefined;

  constructor(document: PdfDocument, weight: Weight) {
    this.#document = document;
    this.#weight = weight;
    this.#faces = fontFiles(weight);
  }

  /** One line, drawn as it is read. */
  line(text: string): TextLine {
    const clean = this.#presentable(text);
    const glyphs = DIRECTED.test(clean) ? this.#inVisualOrder(clean) : this.#glyphsOf(clean, true);
    return { glyphs, width: widthOf(glyphs) };
  }

  width(text: string): number {
    return widthOf(this.#glyphsOf(this.#presentable(text), true));
  }

  /** Lines no wider than `width`, broken between words where possible and between any two characters where not. At most `linesMax`. */
  wrap(text: string, width: number, linesMax = Infinity): TextLine[] {
    const lines: string[] = [];
    let [line, lineWidth] = ['', 0];
    for (const part of breakPoints(this.#presentable(text), (piece) => this.width(piece) > width)) {
      const partWidth = this.width(part);
      if (line !== '' && lineWidth + this.width(part.trimEnd()) > width) {
        lines.push(line.trimEnd());
        [line, lineWidth] = ['', 0];
      }
      if (line === '' && part.trim() === '' && lines.length > 0) continue;
      [line, lineWidth] = [line + part, lineWidth + partWidth];
    }
    if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd());
    if (lines.length <= linesMax) return lines.map((each) => this.line(each));
    return [...lines.slice(0, linesMax - 1).map((each) => this.line(each)), this.ellipsed(lines.slice(linesMax - 1).join(' '), width)];
  }

  /** The text, or as much of it as fits with an ellipsis. */
  ellipsed(text: string, width: number): TextLine {
    const whole = this.line(text);
    if (whole.width <= width) return whole;
    const characters = [...this.#presentable(text)];
    let [low, high] = [0, characters.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.width(`${characters.slice(0, middle).join('')}…`) <= width) low = middle;
      else high = middle - 1;
    }
    return this.line(`${characters.slice(0, low).join('')}…`);
  }

  /** White space as a space, and what no font has as its number: never an empty box that could stand for anything. */
  #presentable(text: string): string {
    if (/^[\x20-\x7e]*$/.test(text)) return text;
    let result = '';
    for (const character of text.normalize('NFC').replace(/\s+/gu, ' ')) {
      const codePoint = character.codePointAt(0) ?? 0;
      const isInvisible = character.search(INVISIBLE) === 0;
      result += isInvisible || this.#faceOf(codePoint) !== undefined ? character : codePointText(codePoint);
    }
    return result;
  }

  #inVisualOrder(text: string): Glyph[] {
    this.#bidi ??= createBidi();
    const embedding = this.#bidi.getEmbeddingLevels(text);
    const mirrored = this.#bidi.getMirroredCharactersMap(text, embedding.levels);
    const units = Array.from(text, (character) => character);
    const runs: { level: number; text: string }[] = [];
    let at = 0;
    for (const unit of units) {
      const level = embedding.levels[at] ?? 0;
      const shown = mirrored.get(at) ?? unit;
      const last = runs.at(-1);
      if (last?.level === level) last.text += shown;
      else runs.push({ level, text: shown });
      at += unit.length;
    }
    return reorder(runs).flatMap((run) => this.#glyphsOf(run.text, run.level % 2 === 0));
  }

  #glyphsOf(text: string, isLeftToRight: boolean): Glyph[] {
    if (PLAIN.test(text) && isLeftToRight) return this.#plainGlyphs(text);
    const stretches: { font: PdfFont; text: string }[] = [];
    for (const character of text.replace(INVISIBLE, '')) {
      const last = stretches.at(-1);
      const codePoint = character.codePointAt(0) ?? 0;
      // A mark stays with the letter below it, and a space with its word, when that font has them too.
      const staysWithLast =
        last !== undefined && (MARK.test(character) || character === ' ') && last.font.font.hasGlyphForCodePoint(codePoint);
      const font = staysWithLast ? last.font : this.#faceOf(codePoint);
      if (font === undefined) continue;
      if (last?.font === font) last.text += character;
      else stretches.push({ font, text: character });
    }
    const shaped = stretches.map((stretch) => shape(stretch.font, stretch.text, isLeftToRight));
    return (isLeftToRight ? shaped : shaped.reverse()).flat();
  }

  #plainGlyphs(text: string): Glyph[] {
    const glyphs: Glyph[] = [];
    for (const character of text) {
      const codePoint = character.codePointAt(0) ?? 0;
      let glyph = this.#glyphs.get(codePoint);
      if (glyph === undefined) {
        if (character.search(INVISIBLE) === 0) continue;
        const font = this.#faceOf(codePoint);
        glyph = font === undefined ? undefined : shape(font, character, true)[0];
        if (glyph === undefined) continue;
        this.#glyphs.set(codePoint, glyph);
      }
      glyphs.push(glyph);
    }
    return glyphs;
  }

  #faceOf(codePoint: number): PdfFont | undefined {
    for (const face of this.#faces) {
      if (!face.holds(codePoint)) continue;
      face.font ??= this.#document.openFont(`${face.name}-${this.#weight}`, face.path);
      if (face.font.font.hasGlyphForCodePoint(codePoint)) return face.font;
    }
    return undefined;
  }
}

/** `U+200F` in brackets. */
export function codePointText(codePoint: number): string {
  return `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Characters that show nothing are written out: two ids that differ must look different. */
export function showHidden(id: string): string {
  return id.replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, (character) => codePointText(character.codePointAt(0) ?? 0));
}

function widthOf(glyphs: readonly Glyph[]): number {
  return glyphs.reduce((sum, { advance }) => sum + advance, 0);
}

/** The font turns the glyphs of scripts that run from right to left; what it takes for left to right is turned here. */
function shape(font: PdfFont, text: string, isLeftToRight: boolean): Glyph[] {
  const [hexes, positions] = font.encode(text, FEATURES);
  const glyphs = hexes.map((hex, i) => {
    const { advanceWidth = 0, xAdvance = 0, xOffset = 0, yOffset = 0 } = positions[i] ?? {};
    return { font, hex, width: advanceWidth, advance: xAdvance, xOffset, yOffset };
  });
  return !isLeftToRight && !DIRECTED.test(text) ? glyphs.reverse() : glyphs;
}

/** Rule L2 of the bidirectional algorithm: from the highest level down to the lowest odd one, runs at that level or above are turned. */
function reorder<Run extends { level: number }>(runs: readonly Run[]): Run[] {
  const ordered = [...runs];
  for (let level = Math.max(0, ...runs.map((run) => run.level)); level > 0; level--) {
    for (let from = 0; from < ordered.length; from++) {
      let to = from;
      while ((ordered[to]?.level ?? -1) >= level) to++;
      if (to === from) continue;
      ordered.splice(from, to - from, ...ordered.slice(from, to).reverse());
      from = to;
    }
  }
  return ordered;
}
