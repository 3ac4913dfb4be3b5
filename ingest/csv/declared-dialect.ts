/** What a request declares about the dialect of its file, in the words that the options allow. */
import type { Dialect, ReadingLimits } from '../../schemas/http/imports.ts';
import type { FileFault } from './faults.ts';

/** As it stands in a request: see `ReadingOptions`. */
export interface DeclaredDialect {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: string | undefined;
  newline?: string | undefined;
  header?: boolean | undefined;
  skipLines?: number | undefined;
  comment?: string | undefined;
  trailingDelimiter?: boolean | undefined;
  shortRows?: Dialect['shortRows'] | undefined;
  /** Of this installation, not of a request. */
  limits?: ReadingLimits | undefined;
}

export type Newline = Dialect['newline'];

/** What is declared, as it stands in a dialect; what is not is undefined. */
export interface Declaration {
  delimiter: string | undefined;
  /** Empty: none. */
  quote: string | undefined;
  escape: string | undefined;
  newline: Newline | undefined;
  header: boolean | undefined;
  skipLines: number | undefined;
  comment: string | undefined;
  trailingDelimiter: boolean | undefined;
  shortRows: Dialect['shortRows'] | undefined;
  limits: ReadingLimits | undefined;
}

const CHARACTER_NAMES: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  space: ' ',
  colon: ':',
  tilde: '~',
  caret: '^',
  hash: '#',
  double: '"',
  single: "'",
  apostrophe: "'",
  backslash: '\\',
  '\\\\': '\\',
};
const NEWLINE_NAMES: Readonly<Record<string, Newline>> = {
  lf: 'LF',
  crlf: 'CRLF',
  cr: 'CR',
  mixed: 'mixed',
  '\n': 'LF',
  '\r\n': 'CRLF',
  '\r': 'CR',
  '\\n': 'LF',
  '\\r\\n': 'CRLF',
  '\\r': 'CR',
};
/** How a cell quotes its quotes when they are doubled. */
const DOUBLED = 'doubled';
const NONE = 'none';

export function readDeclaration(declared: DeclaredDialect): { ok: true; declaration: Declaration } | { ok: false; fault: FileFault } {
  const { header, skipLines, trailingDelimiter, shortRows } = declared;
  const delimiter = characterOf(declared.delimiter);
  const quote = orNone(declared.quote);
  const comment = orNone(declared.comment);
  const escape = declared.escape?.toLowerCase() === DOUBLED ? (quote ?? '"') : orNone(declared.escape);
  const newline = declared.newline === undefined ? undefined : NEWLINE_NAMES[declared.newline.toLowerCase()];

  if (declared.newline !== undefined && newline === undefined) return refuse('`newline` is one of LF, CRLF, CR, mixed');
  const marks = { delimiter, quote, escape };
  for (const [name, mark] of Object.entries(marks)) {
    if (mark === undefined || isMark(mark) || (mark === '' && name !== 'delimiter')) continue;
    return refuse(`\`${name}\` is one ASCII character that is no letter, digit or line ending${name === 'delimiter' ? '' : ', or "none"'}`);
  }
  if (delimiter !== undefined && (delimiter === (quote ?? '"') || delimiter === escape))
    return refuse('`delimiter` is also the quote or the escape');
  if (quote === '' && escape !== undefined && escape !== '') return refuse('`escape` is read inside quotes only, and `quote` is none');
  if (comment !== undefined && comment !== '') {
    if (/[\r\n]/.test(comment)) return refuse('`comment` is what such lines begin with, or "none"; it holds no line ending');
    if (comment.startsWith(delimiter ?? '\n') || comment.startsWith(quote || '\n'))
      return refuse('`comment` begins with the delimiter or the quote');
  }
  return {
    ok: true,
    declaration: { ...marks, newline, header, skipLines, comment, trailingDelimiter, shortRows, limits: declared.limits },
  };
}

function characterOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (CHARACTER_NAMES[text.toLowerCase()] ?? text);
}

function orNone(text: string | undefined): string | undefined {
  return text?.toLowerCase() === NONE ? '' : characterOf(text);
}

function isMark(mark: string): boolean {
  return mark.length === 1 && mark > '\0' && mark <= '\x7f' && !/[A-Za-z0-9\r\n]/.test(mark);
}

function refuse(message: string): { ok: false; fault: FileFault } {
  return { ok: false, fault: { code: 'unsupported_dialect', message } };
}
