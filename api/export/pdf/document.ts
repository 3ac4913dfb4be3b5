/**
 * The part of pdfkit that is used here. Its own text calls lay out every string anew and keep what they laid out, which for the hours of
 * a large invoice is minutes and gigabytes; so text is encoded glyph by glyph and the content of pages is written by pdf/sheet.ts.
 * pdfkit makes the objects, pages, embedded fonts and the file around them.
 */
import { readFileSync } from 'node:fs';
import PdfKit from 'pdfkit';
import { plainFont } from './woff.ts';

export interface PdfObject {
  data: Record<string, unknown>;
  end(content?: string): void;
}

interface GlyphPosition {
  /** All in thousandths of the font's size. */
  advanceWidth: number;
  xAdvance: number;
  xOffset: number;
  yOffset: number;
}

/** A font of which the glyphs that `encode` was asked for end up in the file. */
export interface PdfFont {
  readonly id: string;
  /** Thousandths of the size, above the baseline. */
  readonly capHeight: number;
  readonly font: { hasGlyphForCodePoint(codePoint: number): boolean };
  /** The glyphs in the order in which they are drawn, four hex digits each. With `features` given it keeps no copy. */
  encode(text: string, features: readonly string[]): [string[], GlyphPosition[]];
  ref(): PdfObject;
}

export interface PdfPage {
  readonly fonts: Record<string, PdfObject>;
  readonly xobjects: Record<string, PdfObject>;
}

export interface PdfDocument {
  readonly page: PdfPage;
  addPage(): void;
  /** To the page that was added last. */
  addContent(operators: string): void;
  ref(data: Record<string, unknown>): PdfObject;
  /** Reads the WOFF file there and then: some 10 KB, but for the last resort, which is 3 MB. */
  openFont(name: string, path: string): PdfFont;
  end(): void;
  /** What has been written since the last call; null when there is nothing. Pages are written when the next one is added. */
  read(): Buffer | null;
}

/** Points; A4. */
export const PAGE = { width: 595.28, height: 841.89 } as const;

/** The date is the document's, not the clock's: the same invoice is the same file, byte for byte. */
export function createDocument(info: { title: string; author: string; subject: string; date: Date }): PdfDocument {
  const options = {
    size: [PAGE.width, PAGE.height] as [number, number],
    margin: 0,
    autoFirstPage: false,
    pdfVersion: '1.7' as const,
    lang: 'en',
    displayTitle: true,
    // pdfkit would begin with Helvetica, which is not embedded.
    font: null as unknown as string,
    info: {
      Title: info.title,
      Author: info.author,
      Subject: info.subject,
      CreationDate: info.date,
      ModDate: info.date,
      Creator: 'Tallyline',
    },
  };
  const kit = new PdfKit(options);
  return Object.assign(kit as unknown as Omit<PdfDocument, 'openFont'>, {
    openFont: (name: string, path: string): PdfFont => {
      kit.registerFont(name, plainFont(readFileSync(path)));
      kit.font(name);
      return (kit as unknown as { _font: PdfFont })._font;
    },
  });
}
