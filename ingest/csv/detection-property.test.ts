/** Whatever a file holds and however it is written: it is read as it was written, or a question is asked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../core/errors.ts';
import type { Dialect } from '../../schemas/http/imports.ts';
import { writeCsv, type CsvWriting } from '../../test/support/csv-writer.ts';
import { plainDialect } from '../../test/support/dialect.ts';
import { readFileRows } from '../../test/support/read-rows.ts';
import { decodeHead, detectDialect } from './dialect.ts';
import { detectEncoding } from './encoding.ts';

interface Written {
  bytes: Buffer;
  header: string[];
  rows: string[][];
}

async function write(rows: string[][], header: string[], writing: CsvWriting): Promise<Written> {
  const pieces: Buffer[] = [];
  for await (const piece of writeCsv(rows, { header, ...writing })) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), header, rows };
}

/** The cells, or the code of the question. */
async function read(bytes: Buffer): Promise<{ header: string[]; rows: string[][] } | string> {
  const encoding = detectEncoding(bytes, undefined, true);
  if (!encoding.ok) return encoding.fault.code;
  const text = decodeHead(bytes, encoding, true);
  const outcome = detectDialect(text, {}, true, encoding);
  if (!outcome.ok) return outcome.fault.code;
  const { rows } = await readFileRows(text, { dialect: outcome.dialect, width: outcome.header.length });
  if (rows.some(({ fault }) => fault !== undefined)) return rows.map(({ fault }) => fault ?? '').join(' ');
  return { header: outcome.header, rows: rows.map(({ cells }) => cells) };
}

const word = fc.stringMatching(/^[a-z][a-z_ ]{1,10}[a-z]$/);
const time = fc.integer({ min: 0, max: 10_000_000 }).map((minutes) => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString());
const number = fc.oneof(
  fc.nat(100_000).map(String),
  fc.nat(100_000).map((value) => `${value / 100}`),
);
const decimalComma = fc.nat(100_000).map((value) => `${Math.floor(value / 10)},${value % 10}`);
/** Between apostrophes a double quote needs no quotes of its own, and such a file would be sound under either. */
const anyText = (quote: string) => {
  const characters = [...'abc XYZ,;|\t"\'\\\n\r#=é€😀'].filter((character) => quote === '"' || character !== '"');
  return fc.string({ unit: fc.constantFrom(...characters), minLength: 0, maxLength: 12 });
};

function table({ delimiter = ',', quote = '"' }: Partial<Dialect>): fc.Arbitrary<{ header: string[]; rows: string[][] }> {
  const column = fc.oneof(
    { weight: 2, arbitrary: fc.constant(delimiter === ',' ? number : fc.oneof(number, decimalComma)) },
    { weight: 2, arbitrary: fc.constant(time) },
    { weight: 2, arbitrary: fc.constant(word as fc.Arbitrary<string>) },
    { weight: 1, arbitrary: fc.constant(anyText(quote)) },
  );
  return fc.array(column, { minLength: 2, maxLength: 6 }).chain((columns) =>
    fc.record({
      header: fc.uniqueArray(word, { minLength: columns.length, maxLength: columns.length }),
      rows: fc.array(fc.tuple(...columns), { minLength: 1, maxLength: 15 }),
    }),
  );
}

const dialect: fc.Arbitrary<Partial<Dialect>> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  newline: fc.constantFrom('LF' as const, 'CRLF' as const, 'CR' as const),
  quote: fc.constantFrom('"', '"', '"', "'"),
  encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-16le', 'utf-16be'),
  bom: fc.boolean(),
  trailingDelimiter: fc.constantFrom(false, false, true),
});

const writing = fc.record({
  quoteAll: fc.boolean(),
  lastEnding: fc.boolean(),
  blankEvery: fc.constantFrom(0, 0, 3),
  escape: fc.constantFrom('doubled', 'doubled', 'doubled', '\\'),
  titles: fc.constantFrom([], [], [], ['Usage report'], ['Usage report', 'Period: 2026-09', '']),
});

describe('detection', () => {
  it('reads any table in any dialect as it was written, or asks', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        dialect.chain((chosen) => fc.tuple(fc.constant(chosen), table(chosen), writing)),
        async ([chosen, { header, rows }, { titles, escape, ...how }]) => {
          const escaped = escape === 'doubled' ? chosen.quote : escape;
          const full = plainDialect({ ...chosen, escape: escaped ?? '"', skipLines: titles.length });
          const written = await write(rows, header, { ...how, dialect: full, preamble: titles });
          const found = await read(written.bytes);
          outcomes.set(typeof found === 'string' ? found : 'read', (outcomes.get(typeof found === 'string' ? found : 'read') ?? 0) + 1);
          if (typeof found !== 'string') expect(found).toEqual({ header, rows });
        },
      ),
      { numRuns: 2000, seed: 6 },
    );
    // A question at each file would be no misreading either.
    expect((outcomes.get('read') ?? 0) / 2000).toBeGreaterThan(0.8);
  });

  it('comes to an answer for any bytes whatsoever', async () => {
    const samples = await Promise.all(
      ['samples/azure_llm_inference_code.csv', 'samples/focus_sample.csv'].map((name) => readFile(join(import.meta.dirname, '..', name))),
    );
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'ab,;\t|"\'\\\n\r#=0\0é'), maxLength: 200 }).map((text) => Buffer.from(text)),
    );
    const mutated = fc
      .record({
        sample: fc.constantFrom(...samples),
        from: fc.nat(100_000),
        length: fc.nat(4000),
        at: fc.nat(4000),
        piece: noise,
        wide: fc.boolean(),
      })
      .map(({ sample, from, length, at, piece, wide }) => {
        const text = sample.subarray(from, from + length);
        const whole = Buffer.concat([text.subarray(0, at), piece, text.subarray(at)]);
        return wide ? Buffer.from(whole.toString('latin1'), 'utf16le') : whole;
      });
    fc.assert(
      fc.property(fc.oneof(noise, mutated), fc.boolean(), (bytes, complete) => {
        const outcome = detectDialect(bytes, {}, complete);
        if (outcome.ok) {
          expect(outcome.choices.map(({ property }) => property)).toEqual(Object.keys(outcome.dialect));
          expect(outcome.header.length).toBeGreaterThan(0);
        } else expect([outcome.fault.code in PROBLEMS, outcome.fault.message.length > 10]).toEqual([true, true]);
      }),
      { numRuns: 1500 },
    );
  });
});
