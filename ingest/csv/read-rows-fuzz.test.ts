/** Damaged files: nothing crashes or hangs, memory stays flat, and every physical line is accounted for. */
import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { READING_LIMITS } from '../../config-limits.ts';
import type { StoredDialect } from '../../schemas/http/imports.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { seededRandom, testSeed } from '../../test/support/random.ts';
import { chunksOf, readFileRows } from '../../test/support/read-rows.ts';
import type { ReadFile } from '../../test/support/read-rows.ts';
import { detectDialect } from './dialect.ts';
import { findFileFault } from './file-fault.ts';
import { readRows } from './read-rows.ts';

const SAMPLES = ['azure_llm_inference_code.csv', 'azure_vm_noise_fio.csv', 'focus_sample.csv'] as const;

function splitLines(text: string, { newline }: StoredDialect): string[] {
  if (newline === 'mixed') return text.split(/\r\n|\r|\n/);
  if (newline === 'CR') return text.split('\r');
  return text.split('\n').map((line, index, lines) => (index < lines.length - 1 || newline === 'CRLF' ? line.replace(/\r$/, '') : line));
}

/** Throws unless each line is part of exactly one row, is blank, a comment, skipped, or lies behind what failed the file. */
function accountForLines(text: string, dialect: StoredDialect, { rows, fileFault }: ReadFile): void {
  const lines = splitLines(text, dialect);
  // Up to here all lines are accounted for; of a record that is too large, only where it begins is known.
  let done = dialect.skipLines;
  let isCut = false;
  const pass = (to: number) => {
    for (let line = done + 1; line <= Math.min(to, lines.length); line += 1) {
      const text = lines[line - 1] ?? '';
      const isNone = text === '' || (dialect.comment !== '' && text.startsWith(dialect.comment));
      if (!isNone && !isCut) throw new Error(`line ${line} is lost: ${JSON.stringify(text)}`);
    }
    done = to;
  };
  for (const { line, raw, cut, fault } of rows) {
    const own = splitLines(raw, dialect);
    const last = own.pop() ?? '';
    const stands = (first: number) =>
      own.every((text, at) => lines[first - 1 + at] === text) &&
      // Of several at its end, the file's last line and the record have lost one each.
      (lines[first - 1 + own.length] ?? '').replace(/\r+$/, '') === last.replace(/\r+$/, '');
    // An open quote is told by its own line; its record may have begun further up.
    let first = line;
    while (fault === 'unclosed_quote' && first > done + 1 && !stands(first)) first -= 1;
    if (first <= done) throw new Error(`line ${first} belongs to two rows`);
    pass(first - 1);
    if (!cut && !stands(first)) throw new Error(`line ${first} is not where the record stands: ${JSON.stringify(raw)}`);
    done = cut ? first : first + own.length;
    isCut = cut;
  }
  if (fileFault === undefined) pass(lines.length);
  else expect(Number(/line (\d+)/.exec(fileFault.message)?.[1])).toBeGreaterThan(done);
}

/** A piece of the file with some bytes flipped, put in, taken out, or a part doubled. */
function damage(bytes: Buffer, random: () => number): Buffer {
  const pick = (below: number) => Math.floor(random() * below);
  const from = bytes.indexOf(0x0a, pick(bytes.length - 40_000)) + 1;
  let piece = Buffer.from(bytes.subarray(from, from + 2_000 + pick(20_000)));
  const marks = Buffer.from('"""",,;\n\r\0\\#\xff\xc3\'\t');
  for (let count = 1 + pick(12); count > 0; count -= 1) {
    const at = pick(piece.length);
    const mark = Buffer.of(marks[pick(marks.length)] as number);
    const kind = pick(4);
    if (kind === 0) piece[at] = mark[0] as number;
    else if (kind === 1) piece = Buffer.concat([piece.subarray(0, at), mark, piece.subarray(at)]);
    else if (kind === 2) piece = Buffer.concat([piece.subarray(0, at), piece.subarray(at + 1 + pick(40))]);
    else piece = Buffer.concat([piece.subarray(0, at), piece.subarray(pick(at + 1), at), piece.subarray(at)]);
  }
  return piece;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is alive, garbage aside. */
function liveBytes(): number {
  // What buffers held is let go of by the sweep of the first.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('damaged files', () => {
  it.each(SAMPLES)('%s: every line is accounted for, whatever the damage and the chunks', async (name) => {
    const bytes = await readFile(new URL(`../samples/${name}`, import.meta.url));
    const width = bytes.toString('latin1', 0, bytes.indexOf(0x0a)).split(',').length;
    const seed = testSeed();
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round += 1) {
      const text = damage(bytes, random);
      const pick = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)] as T;
      const dialect: StoredDialect = {
        ...plainDialect({ newline: pick('LF', 'CRLF', 'mixed', 'CR'), comment: pick('', '#'), header: false, skipLines: pick(0, 2) }),
        ...pick({}, { quote: '', escape: '' }, { escape: '\\' }),
        limits: { ...READING_LIMITS, recordBytesMax: pick(200, 5_000, 1_048_576) },
      };
      const context = `seed ${seed}, round ${round} of ${name}`;
      const whole = await readFileRows(text, { dialect, width, chunkBytes: 65_536 });
      const pieces = await readFileRows(text, { dialect, width, chunkBytes: pick(7, 100, 4_096), blockBytes: pick(64, 1_000) });
      expect(pieces, context).toEqual(whole);
      expect(await findFileFault(chunksOf(text, 4_096), { dialect, width }), context).toEqual(whole.fileFault);
      expect(() => accountForLines(text.toString('latin1'), dialect, whole), context).not.toThrow();
      expect(detectDialect(text, {}, true), context).toHaveProperty('ok');
    }
  });

  it('any text: every line is accounted for', async () => {
    const parts = fc.constantFrom('"', ',', '\n', '\r', 'a', '""', '\0', '\xff', '\xc3\xa9', ' ', '#', '\\', '1,2\n', '"3","4"\n');
    const text = fc.array(parts, { maxLength: 60 }).map((pieces) => pieces.join(''));
    const marks = fc.record({
      newline: fc.constantFrom('LF' as const, 'CRLF' as const, 'CR' as const, 'mixed' as const),
      escape: fc.constantFrom('"', '\\', ''),
      comment: fc.constantFrom('', '#'),
      trailingDelimiter: fc.boolean(),
      shortRows: fc.constantFrom('reject' as const, 'pad' as const),
      limits: fc.constantFrom(8, 40, 1000).map((recordBytesMax) => ({ ...READING_LIMITS, recordBytesMax })),
    });
    const readings = fc.record({ chunkBytes: fc.constantFrom(1, 3, 1000), blockBytes: fc.constantFrom(8, 1000) });
    await fc.assert(
      fc.asyncProperty(text, marks, readings, async (latin1, overrides, reading) => {
        const dialect = { ...plainDialect({ header: false }), ...overrides };
        const bytes = Buffer.from(latin1, 'latin1');
        const whole = await readFileRows(bytes, { dialect });
        expect(await readFileRows(bytes, { dialect, ...reading })).toEqual(whole);
        accountForLines(latin1, dialect, whole);
        expect(await findFileFault(chunksOf(bytes, reading.chunkBytes), { dialect, width: 2 })).toEqual(whole.fileFault);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['one line without end', () => 'x'.repeat(65_536), 'record_too_large'],
    ['a quote without end', (index: number) => (index === 0 ? '1,"' : 'x'.repeat(65_536)), 'record_too_large'],
    ['lines of quotes', () => '"",""\n'.repeat(2_000), undefined],
    ['delimiters', () => `${','.repeat(65_535)}\n`, 'too_many_cells'],
  ])('of any size take no more memory: %s', async (_, piece, fault) => {
    async function* endless() {
      for (let index = 0; index < 600; index += 1) {
        yield Buffer.from(piece(index));
        if (index % 50 === 49) most = Math.max(most, liveBytes() - before);
      }
    }
    const before = liveBytes();
    let most = 0;
    const faults = new Set<string | undefined>();
    for await (const batch of readRows(endless(), { dialect: plainDialect({ header: false }), width: 2 })) {
      for (const index of batch.lines.keys()) faults.add(batch.faults?.get(index)?.code);
    }
    expect([...faults]).toEqual([fault]);
    expect(most).toBeLessThan(20_000_000);
  });
});
