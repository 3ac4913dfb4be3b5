/**
 * Pages written from top to bottom: text, rules and bars at a place, a header and a footer on each page, and blocks that move to the next
 * page when they do not fit. Points, from the top left corner. Every page is handed to the document as soon as it is full.
 */
import { PAGE, type PdfDocument, type PdfObject } from './document.ts';
import { TextShaper, type TextLine } from './text.ts';

export const MARGIN = 48;
export const CONTENT_RIGHT = PAGE.width - MARGIN;
export const CONTENT_WIDTH = CONTENT_RIGHT - MARGIN;
const CONTENT_TOP = 68;
export const CONTENT_BOTTOM = PAGE.height - 62;
const FOOTER_Y = PAGE.height - 36;
export const LINE_HEIGHT = 1.36;

export const INK = '0.10 0.11 0.13';
export const MUTED = '0.40 0.42 0.46';
export const RULE = '0.80 0.82 0.85';
export const BAR = '0.55 0.63 0.76';
/** Pale enough to read what stands over it; what has been issued and is no longer valid is told at a glance, and in black and white. */
const STAMPS = { DRAFT: '0.93 0.93 0.94', PREVIEW: '0.93 0.93 0.94', VOID: '0.96 0.78 0.78' } as const;
export type Stamp = keyof typeof STAMPS;

export interface TextStyle {
  size: number;
  bold?: boolean;
  color?: string;
}

/** Part of a block that is not divided. */
export interface Row {
  height: number;
  draw: (y: number) => void;
}

export interface Furniture {
  /** Of all pages but the first. */
  header: { left: string; right: string };
  footer: string;
  /** Across every page, for what is no invoice yet or no longer. */
  stamp: Stamp | undefined;
}

export class Sheet {
  readonly #document: PdfDocument;
  readonly #furniture: Furniture;
  readonly #regular: TextShaper;
  readonly #bold: TextShaper;
  #operators: string[] = [];
  /** How many pages there are is known at the end: each shows this object, which is written then. */
  #pageCount: PdfObject | undefined;
  pages = 0;
  y = 0;
  /** Drawn at the top of each page that a table goes on to. */
  tableHead: (() => void) | undefined;

  constructor(document: PdfDocument, furniture: Furniture) {
    this.#document = document;
    this.#furniture = furniture;
    this.#regular = new TextShaper(document, 400);
    this.#bold = new TextShaper(document, 700);
  }

  addPage(): void {
    this.#flush();
    this.#document.addPage();
    this.pages++;
    this.y = this.pages === 1 ? MARGIN : CONTENT_TOP;
    const { header, footer, stamp } = this.#furniture;
    if (stamp !== undefined) this.#stamp(stamp);
    if (this.pages > 1) {
      const style = { size: 8, color: MUTED };
      this.text(header.left, MARGIN, 44, style, { width: CONTENT_WIDTH / 2 - 8 });
      this.text(header.right, CONTENT_RIGHT, 44, style, { align: 'right', width: CONTENT_WIDTH / 2 - 8 });
      this.rule(51);
    }
    this.rule(FOOTER_Y - 12);
    const number = `Page ${this.pages} of `;
    const numberX = CONTENT_RIGHT - 66;
    this.text(footer, MARGIN, FOOTER_Y, { size: 7.5, color: MUTED }, { width: numberX - MARGIN - 12 });
    this.text(number, numberX, FOOTER_Y, { size: 7.5, color: MUTED });
    this.#showPageCount(numberX + this.width(number, { size: 7.5 }), FOOTER_Y);
  }

  hasRoom(height: number): boolean {
    return this.y + height <= CONTENT_BOTTOM;
  }

  /** Keeps the rows together where a page has room for all of them. Yields where a page has ended. */
  *place(rows: readonly Row[]): Generator<void> {
    const height = rows.reduce((sum, row) => sum + row.height, 0);
    if (!this.hasRoom(height) && height <= CONTENT_BOTTOM - CONTENT_TOP - 30) yield* this.turn();
    for (const row of rows) {
      if (!this.hasRoom(row.height)) yield* this.turn();
      row.draw(this.y);
      this.y += row.height;
    }
  }

  *turn(): Generator<void> {
    this.addPage();
    yield;
    this.tableHead?.();
  }

  width(text: string, { size, bold }: TextStyle): number {
    return (this.#shaper(bold).width(text) * size) / 1000;
  }

  wrap(text: string, style: TextStyle, width: number, linesMax?: number): TextLine[] {
    return this.#shaper(style.bold).wrap(text, (width * 1000) / style.size, linesMax);
  }

  /** One line with its baseline at `y`. Too long for `width`, text ends in an ellipsis; with `shrink` it gets smaller, for numbers. */
  text(
    text: string,
    x: number,
    y: number,
    style: TextStyle,
    place: { align?: 'left' | 'right'; width?: number; shrink?: boolean } = {},
  ): void {
    const shaper = this.#shaper(style.bold);
    const { align = 'left', width = Infinity, shrink = false } = place;
    const line = shrink || width === Infinity ? shaper.line(text) : shaper.ellipsed(text, (width * 1000) / style.size);
    const size = shrink ? Math.min(style.size, (width * 1000) / line.width) : style.size;
    this.line(line, align === 'right' ? x - (line.width * size) / 1000 : x, y, { ...style, size });
  }

  line({ glyphs }: TextLine, x: number, y: number, { size, color = INK }: TextStyle): void {
    this.#operators.push(`${color} rg BT 1 0 0 -1 ${x.toFixed(2)} ${y.toFixed(2)} Tm ${this.#showOperators(glyphs, size)} ET`);
  }

  rule(y: number, from: number = MARGIN, to: number = CONTENT_RIGHT, color: string = RULE): void {
    this.rectangle(from, y, to - from, 0.6, color);
  }

  rectangle(x: number, y: number, width: number, height: number, color: string): void {
    this.#operators.push(`${color} rg ${x.toFixed(2)} ${y.toFixed(2)} ${width.toFixed(2)} ${height.toFixed(2)} re f`);
  }

  /** Writes the last page and the number of pages. The document has yet to be ended. */
  close(): void {
    this.#flush();
    const glyphs = this.#regular.line(String(this.pages)).glyphs;
    if (this.#pageCount === undefined) return;
    this.#pageCount.data['Resources'] = { Font: Object.fromEntries(glyphs.map(({ font }) => [font.id, font.ref()])) };
    this.#pageCount.end(`${MUTED} rg BT 1 0 0 -1 0 0 Tm ${this.#showOperators(glyphs, 7.5)} ET`);
  }

  #shaper(bold: boolean | undefined): TextShaper {
    return bold === true ? this.#bold : this.#regular;
  }

  #flush(): void {
    if (this.#operators.length > 0) this.#document.addContent(this.#operators.join('\n'));
    this.#operators = [];
  }

  /** A font's glyphs follow each other by their widths; where the place of one differs, the difference is given between them. */
  #showOperators(glyphs: TextLine['glyphs'], size: number): string {
    const parts: string[] = [];
    let [fontId, rise, shown, run] = ['', 0, '', ''];
    const endRun = (): void => {
      if (run !== '') shown += `<${run}>`;
      run = '';
    };
    const show = (): void => {
      endRun();
      if (shown !== '') parts.push(`[${shown}] TJ`);
      shown = '';
    };
    for (const { font, hex, width, advance, xOffset, yOffset } of glyphs) {
      if (font.id !== fontId) {
        show();
        fontId = font.id;
        this.#document.page.fonts[fontId] ??= font.ref();
        parts.push(`/${fontId} ${size.toFixed(2)} Tf`);
      }
      if (yOffset !== rise) {
        show();
        rise = yOffset;
        parts.push(`${((rise * size) / 1000).toFixed(2)} Ts`);
      }
      if (xOffset !== 0) {
        endRun();
        shown += (-xOffset).toFixed(0);
      }
      run += hex;
      const correction = width + xOffset - advance;
      if (correction === 0) continue;
      endRun();
      shown += correction.toFixed(0);
    }
    show();
    if (rise !== 0) parts.push('0 Ts');
    return parts.join(' ');
  }

  #showPageCount(x: number, y: number): void {
    this.#pageCount ??= this.#document.ref({ Type: 'XObject', Subtype: 'Form', BBox: [0, -10, 60, 4] });
    this.#document.page.xobjects['PageCount'] = this.#pageCount;
    this.#operators.push(`q 1 0 0 1 ${x.toFixed(2)} ${y.toFixed(2)} cm /PageCount Do Q`);
  }

  #stamp(text: Stamp): void {
    const size = 120;
    const { glyphs, width } = this.#bold.line(text);
    const half = (width * size) / 2000;
    // Across the diagonal, around the middle of the page; the text's own matrix turns it, so nothing has to be undone.
    const [cos, sin] = [Math.cos(Math.PI / 3.6), Math.sin(Math.PI / 3.6)];
    const x = PAGE.width / 2 - cos * half + sin * (size / 3);
    const y = PAGE.height / 2 + sin * half + cos * (size / 3);
    const matrix = [cos, -sin, -sin, -cos, x, y].map((n) => n.toFixed(4)).join(' ');
    this.#operators.push(`${STAMPS[text]} rg BT ${matrix} Tm ${this.#showOperators(glyphs, size)} ET`);
  }
}
