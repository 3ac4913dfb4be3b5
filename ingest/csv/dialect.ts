/**
 * The dialect of a file, from its head and from what was declared. What the head leaves in doubt is a fault that names the option which
 * settles it; nothing is guessed. Once found, the dialect holds for the whole file.
 */
import { READING_LIMITS } from '../../config-limits.ts';
import type { DialectChoice, StoredDialect } from '../../schemas/http/imports.ts';
import { readDeclaration, type Declaration, type DeclaredDialect, type Newline } from './declared-dialect.ts';
import { chooseDelimiter, DELIMITERS, tryDelimiter, type DelimiterOutcome, type Trial } from './delimiter.ts';
import { detectEncoding, HEAD_BYTES_MAX, type EncodingOutcome } from './encoding.ts';
import type { FileFault, FileFaultCode } from './faults.ts';
import { cellText, skipLines, type HeadRecord, type HeadText } from './head-records.ts';
import { checkColumns, decideHeader } from './header.ts';
import { possibleNewlines } from './newline.ts';
import { chooseQuoting } from './quoting.ts';
import { doubtedBackslash } from './text-format.ts';
import { createTranscoder } from './transcode.ts';

export type { DeclaredDialect } from './declared-dialect.ts';

export interface DetectedDialect {
  ok: true;
  dialect: StoredDialect;
  /** Why each property is what it is. */
  choices: DialectChoice[];
  /** `#1`, `#2`… where the file has none. */
  header: string[];
  headerLine: number | null;
}
export type DialectOutcome = DetectedDialect | { ok: false; fault: FileFault };

export type SoundEncoding = Extract<EncodingOutcome, { ok: true }>;

/**
 * Finds the dialect and the header. `complete`: the head is the whole file. `encoding`: known already, and the head is UTF-8 by now;
 * without it the head is as it came.
 */
export function detectDialect(head: Uint8Array, declared: DeclaredDialect, complete: boolean, encoding?: SoundEncoding): DialectOutcome {
  const options = readDeclaration(declared);
  if (!options.ok) return options;
  if (head.length === 0) return fault('empty_file', 'the file is empty');
  const outcome = encoding ?? detectEncoding(head, declared.encoding, complete);
  if (!outcome.ok) return outcome;
  const bytes = encoding === undefined ? decodeHead(head, outcome, complete) : head;
  return new Detection(bytes, complete, outcome, options.declaration).run();
}

/** The head in UTF-8. Of a head that is not the whole file, without the character that its end has cut. */
export function decodeHead(head: Uint8Array, { encoding }: SoundEncoding, complete: boolean): Uint8Array {
  if (encoding === 'utf-8') return head;
  const transcoder = createTranscoder(encoding);
  const text = transcoder.push(head);
  return complete ? Buffer.concat([text, transcoder.end()]) : text;
}

/** Excel writes it as a line of its own before the table, and reads the file by it. */
const SEPARATOR_LINE = /^(?:"sep=([^A-Za-z0-9\r\n])"|sep=([^A-Za-z0-9\r\n]))(?=[\r\n])/i;

class Detection {
  readonly #declared: Declaration;
  readonly #encoding: SoundEncoding;
  readonly #bom: boolean;
  readonly #head: HeadText;
  readonly #separator: string | undefined;

  constructor(bytes: Uint8Array, complete: boolean, encoding: SoundEncoding, declared: Declaration) {
    this.#declared = declared;
    this.#encoding = encoding;
    this.#bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES_MAX)).toString('latin1');
    this.#head = { text: this.#bom ? text.slice(3) : text, whole: complete && bytes.length <= HEAD_BYTES_MAX, at: 0, line: 1 };
    const separator = SEPARATOR_LINE.exec(this.#head.text);
    this.#separator = separator?.[1] ?? separator?.[2];
  }

  run(): DialectOutcome {
    const { newline } = this.#declared;
    const possible = newline === undefined ? possibleNewlines(this.#head.text, this.#declared.quote ?? '"') : undefined;
    const trials = (possible?.newlines ?? [newline ?? 'LF']).map((kind) => ({ newline: kind, outcome: this.#separate(kind) }));
    const best = betterNewline(trials);
    if (best === undefined) {
      const message = `${possible?.reason}; say newline=mixed if all of them end lines, newline=${trials[0]?.newline} if the others are part of cells`;
      return fault('undetected_newline', message);
    }
    const { outcome } = best;
    if (outcome === undefined) return this.#nothing();
    if (!outcome.ok) return outcome;
    const doubt = outcome.trial.doubt ?? doubtedBackslash(outcome.trial, this.#declared);
    if (doubt) return { ok: false, fault: doubt };
    const newlineChoice = choice('newline', newline !== undefined, possible?.reason ?? '', trials.length === 1);
    return this.#describe(best.newline, newlineChoice, outcome);
  }

  /** The head split into cells; undefined where it holds no record. */
  #separate(newline: Newline): DelimiterOutcome | undefined {
    const { delimiter, quote, escape, comment = '' } = this.#declared;
    const head = skipLines(this.#head, this.#declared.skipLines ?? (this.#separator === undefined ? 0 : 1), newline);
    const given = delimiter ?? this.#separator;
    const trials = (given === undefined ? DELIMITERS : [given]).flatMap((candidate) => {
      const reading = chooseQuoting({ head, delimiter: candidate, newline, comment, declared: { quote, escape } });
      return tryDelimiter(candidate, reading, this.#declared.skipLines === undefined) ?? [];
    });
    const [only] = trials;
    if (only === undefined) return undefined;
    if (given === undefined) return chooseDelimiter(trials);
    const declared = delimiter !== undefined;
    return {
      ok: true,
      trial: only,
      confidence: declared ? 'declared' : 'certain',
      reason: declared ? 'declared' : 'the line sep= says so',
    };
  }

  #nothing(): DialectOutcome {
    if (/^[\r\n]*$/.test(this.#head.text)) return fault('empty_file', 'the file holds nothing but blank lines');
    if (this.#head.whole) return fault('empty_file', 'behind the lines that are skipped and the comments the file holds nothing');
    const message = `no line ends within the first ${HEAD_BYTES_MAX} bytes; is a quote left open, or is \`newline\` not what it seems?`;
    return fault('record_too_large', message);
  }

  #describe(
    newline: Newline,
    newlineChoice: DialectChoice,
    { trial, ...delimiter }: Extract<DelimiterOutcome, { ok: true }>,
  ): DialectOutcome {
    const declared = this.#declared;
    const { shape, records } = trial;
    const first = records[shape.first] as HeadRecord;
    const comment = declared.comment ?? (shape.comments ? '#' : '');
    const rows = records.slice(shape.first + 1).filter((record) => comment === '' || record.first !== comment);

    const { columnsMax } = declared.limits ?? READING_LIMITS;
    const unreadable = checkColumns(first, [], { header: false, columnsMax });
    if (unreadable) return { ok: false, fault: unreadable };
    const decided = decideHeader({ line: first.line, names: first.cells.slice(0, shape.width), rows }, declared.header);
    if (!decided.ok) return decided;
    const doubt = decided.header || declared.skipLines !== undefined ? undefined : doubtedRow(records.slice(0, shape.first), first.line);
    if (doubt) return { ok: false, fault: doubt };
    // Without names an empty last cell may well be a column.
    const trailingDelimiter = declared.trailingDelimiter ?? (decided.header && shape.trailingDelimiter);
    const names = first.cells.slice(0, this.#width(trial, trailingDelimiter, decided.header)).map(cellText);
    const unusable = checkColumns(first, names, { header: decided.header, columnsMax });
    if (unusable) return { ok: false, fault: unusable };

    const skip = this.#skip(trial, comment);
    const { quote, escape, quoteReason, quoteCertain, escapeReason, escapeCertain } = trial;
    const trailing = trailingDelimiter ? 'each line of the head ends in a delimiter' : 'lines do not end in a delimiter';
    return {
      ok: true,
      dialect: {
        encoding: this.#encoding.encoding,
        bom: this.#bom,
        delimiter: trial.delimiter,
        quote,
        escape,
        newline,
        header: decided.header,
        skipLines: skip.lines,
        comment,
        trailingDelimiter,
        shortRows: declared.shortRows ?? 'reject',
        ...(declared.limits && { limits: declared.limits }),
      },
      choices: [
        this.#encoding.choice,
        choice('bom', false, this.#bom ? 'the file begins with a byte order mark' : 'the file begins with no byte order mark'),
        { property: 'delimiter', confidence: delimiter.confidence, reason: delimiter.reason },
        choice('quote', declared.quote !== undefined, quoteReason, quoteCertain),
        choice('escape', declared.escape !== undefined, escapeReason, escapeCertain),
        newlineChoice,
        { property: 'header', confidence: decided.confidence, reason: decided.reason },
        choice('skipLines', declared.skipLines !== undefined, skip.reason, skip.certain),
        choice(
          'comment',
          declared.comment !== undefined,
          comment === '' ? 'no line begins with a # and is no row' : 'lines that begin with # are shorter than the rows',
          comment === '',
        ),
        choice('trailingDelimiter', declared.trailingDelimiter !== undefined, trailing),
        choice('shortRows', declared.shortRows !== undefined, 'rows with fewer cells are rejected unless shortRows=pad is declared'),
      ],
      header: decided.header ? names : names.map((_, index) => `#${index + 1}`),
      headerLine: decided.header ? first.line : null,
    };
  }

  #width({ records, shape }: Trial, trailingDelimiter: boolean, header: boolean): number {
    if (this.#declared.trailingDelimiter === undefined && header) return shape.width;
    const cells = records[shape.first]?.cells ?? [];
    return trailingDelimiter && cells.at(-1) === '' ? cells.length - 1 : cells.length;
  }

  #skip({ records, shape }: Trial, comment: string): { lines: number; reason: string; certain: boolean } {
    const { skipLines: declared } = this.#declared;
    if (declared !== undefined) return { lines: declared, reason: 'declared', certain: true };
    const before = records.slice(0, shape.first);
    const first = records[shape.first];
    if (first !== undefined && before.some((record) => comment === '' || record.first !== comment)) {
      const reason = `the table begins on line ${first.line}: what comes before has fewer cells than its ${shape.width} columns`;
      return { lines: first.line - 1, reason, certain: false };
    }
    if (this.#separator !== undefined) return { lines: 1, reason: 'the line sep= is no row', certain: true };
    return { lines: 0, reason: 'the first line is as wide as the rows', certain: shape.agreement === 1 };
  }
}

interface NewlineTrial {
  newline: Newline;
  outcome: DelimiterOutcome | undefined;
}

/** The only kind of line endings that gives rows of one width; undefined where several do, or none. */
function betterNewline(trials: readonly NewlineTrial[]): NewlineTrial | undefined {
  const [only, ...others] = trials;
  if (others.length === 0) return only;
  const perfect = trials.filter(
    ({ outcome }) => outcome?.ok === true && outcome.trial.shape.width > 1 && outcome.trial.shape.agreement === 1,
  );
  return perfect.length === 1 ? perfect[0] : undefined;
}

function choice(property: string, isDeclared: boolean, reason: string, certain = true): DialectChoice {
  if (isDeclared) return { property, confidence: 'declared', reason: 'declared' };
  return { property, confidence: certain ? 'certain' : 'likely', reason };
}

/** Above rows without names a title is hard to tell from a row with few cells filled: which must not be left out without a word. */
function doubtedRow(before: readonly HeadRecord[], firstLine: number): FileFault | undefined {
  const title = before.find(({ first }) => first !== '#');
  if (title === undefined) return undefined;
  const message = `line ${title.line} has fewer cells filled than the rows from line ${firstLine} on; say skipLines=${firstLine - 1} if the lines above are titles, skipLines=0 and header=false if they are rows`;
  return { code: 'undetected_header', message };
}

function fault(code: FileFaultCode, message: string): { ok: false; fault: FileFault } {
  return { ok: false, fault: { code, message } };
}
