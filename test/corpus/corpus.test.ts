/** Every case of the corpus: what `inspect` says of it, and what an import makes of it, whatever the chunks it arrives in. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeclaredDialect } from '../../ingest/csv/dialect.ts';
import type { RejectedRow } from '../../ingest/csv/faults.ts';
import { RejectSummary } from '../../ingest/csv/rejects.ts';
import { DEFAULT_TEMPLATE, templateCsv } from '../../ingest/csv/template.ts';
import { PRESETS } from '../../ingest/presets/presets.ts';
import { openDirectoryFileStore } from '../../platform/file-store/directory.ts';
import type { FileStore } from '../../platform/file-store/file-store.ts';
import type { Mapping, Profile } from '../../schemas/http/imports.ts';
import { bytesOfSection, parseCases, unescapeText } from './case-text.ts';
import type { CorpusCase } from './case-text.ts';
import { digestOf, totalsOf } from './independent.ts';
import { importFile, inspectFile } from './run-case.ts';
import type { Imported, Inspected, Reading, Row } from './run-case.ts';

/** So that lines of any length and marks of several bytes are cut anywhere; and all at once. */
const CHUNK_BYTES = [1, 7, 1_000_000];
/** Of larger files each byte by itself would take its time, and show nothing more. */
const SMALL_BYTES_MAX = 10_000;
const LARGE_CHUNK_BYTES = [997, 1_000_000];

const BUILT_IN: readonly Profile[] = PRESETS.map((preset) => ({ ...preset, builtIn: true, updatedAt: null }));

const directory = join(import.meta.dirname, 'cases');
const groups = await Promise.all(
  (await readdir(directory)).sort().map(async (file) => ({ file, cases: parseCases(await readFile(join(directory, file), 'utf8'), file) })),
);

let root: string;
let files: FileStore;
let imports = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'corpus-'));
  files = await openDirectoryFileStore({ root, alone: true });
});
afterAll(() => rm(root, { recursive: true }));

it('has 150 cases at least', () => {
  expect(groups.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(150);
});

for (const { file, cases } of groups) {
  describe(file, () => {
    it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => check(each));
  });
}

async function check(each: CorpusCase): Promise<void> {
  const bytes = await bytesOfCase(each);
  const declared = declaredIn(each);
  const given = mappingOf(each);
  const inspected = await inspectFile(bytes, declared, given, BUILT_IN);
  checkInspection(each, inspected);
  const mapping = given ?? inspected.inspection?.mapping ?? undefined;
  for (const chunkBytes of bytes.length > SMALL_BYTES_MAX ? LARGE_CHUNK_BYTES : CHUNK_BYTES) {
    const importId = String((imports += 1));
    const imported = await importFile(bytes, { files, importId, declared, mapping: readyMapping(each, mapping), chunkBytes });
    const { refused, dialect, header, rows } = inspected;
    const whole = each.sections.get('import-refused');
    if (whole) {
      expect([refused, imported.refused?.code, imported.rows]).toEqual([undefined, whole.words[0], []]);
      expect(imported.refused?.message).toContain(whole.words.slice(1).join(' '));
      continue;
    }
    // What is read before a file is refused is shown, and never imported.
    if (refused) expect(imported).toMatchObject({ refused: { code: refused.code, message: refused.message }, rows: [] });
    else expect({ ...imported, meaning: null, lines: null }).toEqual({ refused, dialect, header, rows, meaning: null, lines: null });
    await checkImport(each, imported, declared, mapping);
    await files.remove(importId);
  }
}

/** Where a mapping is asked for there is none to import by. */
function readyMapping(each: CorpusCase, mapping: Mapping | undefined): Mapping | undefined {
  return each.sections.has('asks') ? undefined : mapping;
}

function checkInspection(each: CorpusCase, inspected: Inspected): void {
  const { sections } = each;
  checkReading(each, inspected);
  const { inspection } = inspected;
  const asked = inspection?.problems.filter(({ code }) => code === 'mapping_incomplete').map(({ message }) => message.split(':')[0]);
  const asks = sections.get('asks');
  if (asks) expect(asked).toEqual(asks.words);
  const columns = sections.get('columns');
  if (columns) {
    const found = inspection?.columns.map(({ name, mapsTo }) => [name, mapsTo]);
    expect(found).toEqual(Object.entries(JSON.parse(columns.lines.join('\n')) as object));
  }
  const suggests = sections.get('suggests');
  const suggested = inspection?.suggestions.map(({ profile, change }) => profile ?? change);
  if (suggests) expect(suggested).toEqual(suggests.lines.map((line) => JSON.parse(line) as unknown));
  const ready = sections.get('ready');
  if (ready) expect(inspection?.ready).toBe(ready.words[0] === 'true');
  const confidence = Object.fromEntries(inspection?.detected.map((choice) => [choice.property, choice.confidence]) ?? []);
  expect(confidence).toMatchObject(settingsIn(each, 'confidence'));
}

/** What both ways have in common. */
function checkReading({ sections }: CorpusCase, { refused, dialect, header, rows }: Reading): void {
  const refusal = sections.get('refused');
  if (refusal) {
    const [code, ...words] = refusal.words;
    expect(refused?.code).toBe(code);
    expect(refused?.message).toContain(words.join(' '));
    return;
  }
  expect(refused).toBeUndefined();
  const marks = sections.get('dialect');
  if (marks) expect(dialect).toMatchObject(settings(marks.lines));
  const names = sections.get('header');
  if (names) expect(header).toEqual(JSON.parse(names.lines.join('\n')));
  const expected = sections.get('rows');
  if (expected) expect(rows).toEqual(expected.lines.map(rowIn));
  const digest = sections.get('digest');
  if (digest) expect([String(rows.length), digestOf(header, rows)]).toEqual(digest.words);
}

async function checkImport(each: CorpusCase, imported: Imported, declared: DeclaredDialect, mapping: Mapping | undefined): Promise<void> {
  const { sections } = each;
  const { meaning, lines } = imported;
  const expectedLines = sections.get('lines');
  if (expectedLines) expect(lines).toEqual(expectedLines.lines.map((line) => JSON.parse(line) as unknown));
  const events = sections.get('events');
  if (events) {
    const found = eventsOf(meaning?.events ?? [], events.words[0] === 'brief');
    expect([meaning === undefined, found]).toEqual([false, events.lines.map((line) => parseNumbered(line))]);
  }
  const totals = sections.get('totals');
  if (totals) expect(totalsOf(meaning?.events ?? [])).toEqual([totals.words.join(' '), ...totals.lines]);
  const rejects = sections.get('rejects');
  if (rejects) expect(meaning?.rejects.map(({ line, code, column }) => [line, code, column ?? '-'].join(' '))).toEqual(rejects.lines);
  const groups = sections.get('groups');
  if (groups) expect(groupsOf(meaning?.rejects ?? [])).toEqual(groups.lines);
  if (meaning === undefined || meaning.rejects.length === 0) return;
  const again = await reimport(meaning.rejectedCsv, declared, mapping);
  // A record that is too large comes back as empty cells; a quote that was left open is closed by that of the message.
  const codes = meaning.rejects.map(({ code, cut }) => (cut ? expect.any(String) : code === 'unclosed_quote' ? 'stray_quote' : code));
  expect([again.refused, again.meaning?.rejects.map(({ code }) => code)]).toEqual([undefined, codes]);
  const mend = sections.get('mend');
  if (!mend) return;
  const mended = mend.lines.reduce((text, line) => {
    const [from = '', to = ''] = line.split(' => ').map(unescapeText);
    expect(text).toContain(from);
    return text.replace(from, to);
  }, meaning.rejectedCsv.toString());
  const after = await reimport(Buffer.from(mended), declared, mapping);
  expect(after.meaning?.rejects).toEqual([]);
  expect(eventsOf(after.meaning?.events ?? []).map(([, event]) => event)).toEqual(
    sections.get('mended')?.lines.map((line) => JSON.parse(line) as unknown),
  );
}

/** Code, count, and the lines of the examples. */
function groupsOf(rejects: readonly RejectedRow[]): string[] {
  const summary = new RejectSummary();
  summary.add(rejects);
  return summary.groups().map(({ code, count, examples }) => `${code} ${count} ${examples.map(({ line }) => line).join(',')}`);
}

/** rejected.csv is UTF-8, whatever the file was. */
async function reimport(bytes: Buffer, declared: DeclaredDialect, mapping: Mapping | undefined): Promise<Imported> {
  const importId = String((imports += 1));
  const again = await importFile(bytes, { files, importId, declared: { ...declared, encoding: undefined }, mapping, chunkBytes: 1000 });
  await files.remove(importId);
  return again;
}

/** `brief`: without properties. */
function eventsOf(events: (Imported['meaning'] & object)['events'], brief = false): [number, unknown][] {
  return events.map(({ line, customer, meter, time, quantity, properties }) => {
    const rest = brief || properties === '{}' ? [] : [JSON.parse(properties) as unknown];
    return [line, [customer, meter, time, quantity, ...rest]];
  });
}

function rowIn(line: string): Row {
  const [number, value] = parseNumbered(line);
  return [number, value as string[] | string];
}

/** `12 ["a","b"]`, or `12 code`. */
function parseNumbered(line: string): [number, unknown] {
  const [, number = '', rest = ''] = /^(\d+) (.+)$/.exec(line) ?? [];
  if (number === '') throw new Error(`not a number and what stands there: ${line}`);
  return [Number(number), rest.startsWith('[') ? JSON.parse(rest) : rest];
}

async function bytesOfCase({ sections }: CorpusCase): Promise<Buffer> {
  const bytes = sections.get('bytes');
  const name = sections.get('real')?.words[0] ?? '';
  if (sections.has('template')) return Buffer.from(templateCsv(templateMapping(sections.get('template')?.words[0])) ?? '');
  return bytes ? bytesOfSection(bytes) : readFile(join(import.meta.dirname, 'real', name));
}

function templateMapping(profile: string | undefined): Mapping {
  return BUILT_IN.find(({ name }) => name === profile)?.mapping ?? DEFAULT_TEMPLATE;
}

function mappingOf({ sections }: CorpusCase): Mapping | undefined {
  const mapping = sections.get('mapping');
  if (mapping) return JSON.parse(mapping.lines.join('\n')) as Mapping;
  const name = sections.get('profile')?.words[0];
  if (name === undefined) return undefined;
  const profile = BUILT_IN.find((other) => other.name === name);
  if (!profile) throw new Error(`there is no profile ${name}`);
  return profile.mapping;
}

function declaredIn(each: CorpusCase): DeclaredDialect {
  const limits = { columnsMax: 10_000, cellBytesMax: 131_072, recordBytesMax: 1_048_576, ...settingsIn(each, 'limits') };
  return { ...settingsIn(each, 'declare'), ...(each.sections.has('limits') && { limits }) };
}

function settingsIn({ sections }: CorpusCase, name: string): Record<string, string | number | boolean> {
  return settings(sections.get(name)?.lines ?? []);
}

/** `name=value` lines: numbers and booleans are such, in all else escapes are read. */
function settings(lines: readonly string[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      const value = line.slice(at + 1);
      if (value === 'true' || value === 'false') return [line.slice(0, at), value === 'true'];
      return [line.slice(0, at), /^\d+$/.test(value) ? Number(value) : unescapeText(value)];
    }),
  );
}
