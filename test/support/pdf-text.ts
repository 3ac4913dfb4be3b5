/** Reads back what api/export/pdf writes: the text of each page with its place, by the fonts' own tables of what their glyphs mean. */
import { inflateSync } from 'node:zlib';

export interface PdfText {
  text: string;
  x: number;
  y: number;
  size: number;
}

export interface PdfContent {
  pages: PdfText[][];
  /** Glyphs that stand for no character of the font. */
  missingGlyphs: number;
  title: string;
  language: string;
}

interface PdfObject {
  dictionary: string;
  stream: Buffer;
}

export function readPdf(file: Buffer): PdfContent {
  const objects = readObjects(file);
  const all = [...objects.values()];
  const of = (reference: string | undefined): PdfObject => {
    const object = objects.get(Number(reference));
    if (object === undefined) throw new Error(`no object ${reference}`);
    return object;
  };
  const fontsOf = ({ dictionary }: PdfObject): Map<string, Map<string, string>> =>
    new Map(
      [...dictionary.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name = '', font]) => [
        name,
        glyphTexts(of(/\/ToUnicode (\d+) 0 R/.exec(of(font).dictionary)?.[1]).stream.toString('latin1')),
      ]),
    );
  const kids = /\/Kids \[([^\]]*)\]/.exec(all.find(({ dictionary }) => /\/Type \/Pages/.test(dictionary))?.dictionary ?? '')?.[1] ?? '';
  const content: PdfContent = { pages: [], missingGlyphs: 0, title: infoText(all, of, 'Title'), language: '' };
  content.language =
    /\/Lang \(([^)]*)\)/.exec(all.find(({ dictionary }) => /\/Type \/Catalog/.test(dictionary))?.dictionary ?? '')?.[1] ?? '';
  for (const [, id] of kids.matchAll(/(\d+) 0 R/g)) {
    const page = of(id).dictionary;
    const resources = of(/\/Resources (\d+) 0 R/.exec(page)?.[1]);
    const count = /\/PageCount (\d+) 0 R/.exec(resources.dictionary)?.[1];
    const texts = readTexts(of(/\/Contents (\d+) 0 R/.exec(page)?.[1]).stream, fontsOf(resources), content);
    const total = count === undefined ? [] : readTexts(of(count).stream, fontsOf(of(count)), content);
    content.pages.push([...texts, ...total]);
  }
  return content;
}

/** Texts of one line, left to right, joined by a tab. From the top of the page down. */
export function pdfLines(page: readonly PdfText[]): string[] {
  const rows = Map.groupBy(page, ({ y }) => y.toFixed(1));
  return [...rows]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, texts]) => texts.sort((a, b) => a.x - b.x).map(({ text }) => text).join('\t')); // prettier-ignore
}

function readObjects(file: Buffer): Map<number, PdfObject> {
  const text = file.toString('latin1');
  const objects = new Map<number, PdfObject>();
  const start = /(\d+) 0 obj\n/g;
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const from = match.index + match[0].length;
    const [streamAt, endAt] = [text.indexOf('stream\n', from), text.indexOf('endobj', from)];
    const hasStream = streamAt !== -1 && streamAt < endAt;
    const dictionary = text.slice(from, hasStream ? streamAt : endAt);
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1] ?? 0);
    const data = hasStream ? file.subarray(streamAt + 7, streamAt + 7 + length) : Buffer.alloc(0);
    objects.set(Number(match[1]), { dictionary, stream: dictionary.includes('/FlateDecode') ? inflateSync(data) : data });
    start.lastIndex = hasStream ? streamAt + 7 + length : endAt;
  }
  return objects;
}

function infoText(all: readonly PdfObject[], of: (reference: string) => PdfObject, key: string): string {
  const reference = all.map(({ dictionary }) => new RegExp(`/${key} (\\d+) 0 R`).exec(dictionary)?.[1]).find((id) => id !== undefined);
  const literal = reference === undefined ? '' : of(reference).dictionary.trim().slice(1, -1);
  const bytes = Buffer.from(literal.replace(/\\([()\\])/g, '$1'), 'latin1');
  return bytes[0] === 0xfe && bytes[1] === 0xff ? bytes.subarray(2).swap16().toString('utf16le') : literal;
}

function glyphTexts(cmap: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [, first = '', list = ''] of cmap.matchAll(/<(\w{4})> <\w{4}> \[([^\]]*)\]/g)) {
    for (const [i, [, hex = '']] of [...list.matchAll(/<([^>]*)>/g)].entries()) {
      const units = hex.split(' ').filter(Boolean).map((unit) => parseInt(unit, 16)); // prettier-ignore
      texts.set((parseInt(first, 16) + i).toString(16).padStart(4, '0'), String.fromCharCode(...units));
    }
  }
  return texts;
}

function readTexts(stream: Buffer, fonts: ReadonlyMap<string, ReadonlyMap<string, string>>, counts: { missingGlyphs: number }): PdfText[] {
  const texts: PdfText[] = [];
  for (const [, body = ''] of stream.toString('latin1').matchAll(/BT (.*?) ET/g)) {
    const [, x = '0', y = '0'] = /(\S+) (\S+) Tm/.exec(body) ?? [];
    let [text, font, size] = ['', '', 0];
    for (const [, name, points, shown] of body.matchAll(/\/(F\d+) (\S+) Tf|\[([^\]]*)\] TJ/g)) {
      if (name !== undefined) [font, size] = [name, Number(points)];
      for (const [, run = ''] of (shown ?? '').matchAll(/<(\w*)>/g)) {
        for (const [hex] of run.matchAll(/\w{4}/g)) {
          if (hex === '0000') counts.missingGlyphs++;
          text += fonts.get(font)?.get(hex) ?? '';
        }
      }
    }
    texts.push({ text, x: Number(x), y: Number(y), size });
  }
  return texts;
}
