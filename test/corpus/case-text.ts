/** The text form of the corpus: see README.md beside it. Throws for what it does not understand, with file and line. */
import { packed } from './packing.ts';

export interface Section {
  /** What stands behind the name, separated by blanks. */
  words: string[];
  lines: string[];
  /** Line of the text on which it begins. */
  line: number;
}

export interface CorpusCase {
  name: string;
  sections: ReadonlyMap<string, Section>;
}

/** By section, whether a case may have it. */
const SECTIONS: readonly string[] = [
  'bytes',
  'real',
  'template',
  'declare',
  'limits',
  'mapping',
  'profile',
  'refused',
  'import-refused',
  'dialect',
  'confidence',
  'header',
  'rows',
  'digest',
  'events',
  'totals',
  'rejects',
  'groups',
  'asks',
  'columns',
  'suggests',
  'ready',
  'lines',
  'mend',
  'mended',
];

export function parseCases(text: string, file: string): CorpusCase[] {
  const cases: { name: string; sections: Map<string, Section> }[] = [];
  let section: Section | undefined;
  const fail = (line: number, what: string): never => {
    throw new Error(`${file}:${line}: ${what}`);
  };
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const number = index + 1;
    const current = cases.at(-1);
    if (line.startsWith('=== ')) {
      const name = line.slice(4);
      if (cases.some((other) => other.name === name)) fail(number, `there is a case "${name}" already`);
      cases.push({ name, sections: new Map() });
      section = undefined;
    } else if (line.startsWith('--- ')) {
      const [name = '', ...words] = line.slice(4).trim().split(/ +/);
      if (current === undefined) fail(number, 'a section before the first case');
      if (!SECTIONS.includes(name)) fail(number, `no section is named "${name}"`);
      if (current?.sections.has(name)) fail(number, `a second section "${name}"`);
      section = { words, lines: [], line: number };
      current?.sections.set(name, section);
    } else if (section !== undefined) section.lines.push(line);
    else if (current !== undefined && line.trim() !== '' && !line.startsWith('# ')) fail(number, 'text outside of a section');
  }
  for (const { name, sections } of cases) {
    for (const each of sections.values()) while (each.lines.at(-1) === '') each.lines.pop();
    if (!['bytes', 'real', 'template'].some((section) => sections.has(section))) fail(1, `"${name}" has no bytes`);
  }
  return cases;
}

/** Characters beyond Latin-1 that windows-1252 has, by their byte. */
const WINDOWS_1252: ReadonlyMap<string, number> = new Map(
  [...new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index))].map((character, index) => [
    character,
    0x80 + index,
  ]),
);

/** The bytes that a section `bytes` stands for: its lines, an LF behind each that does not end in a backslash. */
export function bytesOfSection({ words, lines }: Section): Buffer {
  const packing = words.find((word) => word.startsWith('gzip'));
  const [encoding = 'utf-8'] = words.filter((word) => word !== packing);
  const text = lines.map((line) => (/(?:^|[^\\])(?:\\\\)*\\$/.test(line) ? line.slice(0, -1) : `${line}\n`)).join('');
  const bytes = encoding === 'base64' ? Buffer.from(text, 'base64') : encodeEscaped(text, encoding);
  return packing === undefined ? bytes : packed(bytes, packing);
}

/** The last: a text so many times over. */
const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]+)\}|([nrts0\\])|\{(\d+) ([^}]*)\})/g;
const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ', 0: '\0', '\\': '\\' };

function encodeEscaped(text: string, encoding: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [all, byte, point, name, times, piece = ''] = match;
    parts.push(encodePlain(text.slice(from, match.index), encoding));
    if (byte !== undefined) parts.push(Buffer.from([Number.parseInt(byte, 16)]));
    else if (times !== undefined) parts.push(encode(piece.repeat(Number(times)), encoding));
    else parts.push(encode(point === undefined ? (NAMED[name ?? ''] ?? '') : String.fromCodePoint(Number.parseInt(point, 16)), encoding));
    from = match.index + all.length;
  }
  parts.push(encodePlain(text.slice(from), encoding));
  return Buffer.concat(parts);
}

/** What stands between escapes. */
function encodePlain(text: string, encoding: string): Buffer {
  const at = text.indexOf('\\');
  if (at !== -1) throw new Error(`no such escape: ${text.slice(at, at + 6)}`);
  return encode(text, encoding);
}

function encode(text: string, encoding: string): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  if (encoding !== 'windows-1252') throw new Error(`no such encoding: ${encoding}`);
  const bytes = [...text].map((character) => WINDOWS_1252.get(character) ?? character.codePointAt(0) ?? 0);
  const strange = bytes.findIndex((byte) => byte > 0xff);
  if (strange !== -1) throw new Error(`windows-1252 has no ${[...text][strange]}`);
  return Buffer.from(bytes);
}

/** Text with the escapes of `bytes`, for the marks of a dialect. */
export function unescapeText(text: string): string {
  return encodeEscaped(text, 'utf-8').toString();
}
