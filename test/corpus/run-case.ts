/** Takes a file both ways: as `inspect` shows it, and as an import reads it, from its receipt to its events and its rejected.csv. */
import { Readable } from 'node:stream';
import { UPLOAD_LIMITS } from '../../config-limits.ts';
import { ProblemError } from '../../core/errors.ts';
import { detectDialect } from '../../ingest/csv/dialect.ts';
import type { DeclaredDialect } from '../../ingest/csv/dialect.ts';
import { HEAD_BYTES_MAX } from '../../ingest/csv/encoding.ts';
import { FILE_FAULT_CODES } from '../../ingest/csv/faults.ts';
import type { RejectedRow } from '../../ingest/csv/faults.ts';
import { findFileFault } from '../../ingest/csv/file-fault.ts';
import { inspectHead } from '../../ingest/csv/inspect.ts';
import { LineIndexBuilder, readLines, tapLines } from '../../ingest/csv/line-index.ts';
import { resolveMapping } from '../../ingest/csv/mapping.ts';
import { processFile } from '../../ingest/csv/process.ts';
import { readRows } from '../../ingest/csv/read-rows.ts';
import { RejectedCsv } from '../../ingest/csv/rejects.ts';
import { receive } from '../../ingest/receive.ts';
import { readUploadHead } from '../../ingest/upload-head.ts';
import { contentPart, type FilePart, type FileStore } from '../../platform/file-store/file-store.ts';
import type { Inspection, Mapping, Profile, StoredDialect } from '../../schemas/http/imports.ts';
import { decodeUsageEvent } from '../../schemas/usage-event.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import { bytesOf, chunksOf } from '../support/read-rows.ts';

export const NOW_MS = Date.UTC(2026, 10, 23);

export interface Refusal {
  code: string;
  message: string;
}

/** The line, and the cells or what is wrong with the row. */
export type Row = [line: number, cells: string[] | string];

export interface Reading {
  refused: Refusal | undefined;
  dialect: StoredDialect | undefined;
  header: string[];
  rows: Row[];
}

export interface Inspected extends Reading {
  inspection: Inspection | undefined;
}

export interface Imported extends Reading {
  /** Undefined where no mapping says what the cells mean. */
  meaning: { events: UsageEvent[]; rejects: RejectedRow[]; rejectedCsv: Buffer } | undefined;
  /** Physical lines, from the line index. */
  lines: string[];
}

/** As much as `inspect` reads. */
const HEAD_BYTES = 4_194_304;

const NOTHING = { dialect: undefined, header: [], rows: [] };

export async function inspectFile(
  bytes: Buffer,
  declared: DeclaredDialect,
  mapping: Mapping | undefined,
  profiles: readonly Profile[],
): Promise<Inspected> {
  let text;
  try {
    text = await readUploadHead({ stream: Readable.from([bytes]) }, HEAD_BYTES);
  } catch (error) {
    if (error instanceof ProblemError) return { ...NOTHING, refused: error, inspection: undefined };
    throw error;
  }
  const outcome = await inspectHead({ ...text, declared, mapping, profiles, limit: 10_000, nowMs: NOW_MS });
  if (!outcome.ok) return { ...NOTHING, refused: outcome.fault, inspection: undefined };
  const { inspection } = outcome;
  const codes: readonly string[] = FILE_FAULT_CODES;
  return {
    refused: inspection.problems.find(({ code, line }) => line === null && codes.includes(code)),
    dialect: inspection.dialect,
    header: inspection.header,
    rows: inspection.rows.map(({ line, cells, problem }) => [line, problem?.split(':')[0] ?? cells]),
    inspection,
  };
}

export interface ImportOptions {
  files: FileStore;
  importId: string;
  declared: DeclaredDialect;
  mapping: Mapping | undefined;
  chunkBytes: number;
}

export async function importFile(bytes: Buffer, options: ImportOptions): Promise<Imported> {
  const { files, importId, declared, mapping, chunkBytes } = options;
  const refusal = (refused: Refusal): Imported => ({ ...NOTHING, refused, meaning: undefined, lines: [] });
  const stream = Readable.from(chunksOf(bytes, chunkBytes), { objectMode: false });
  const receiving = { limits: UPLOAD_LIMITS, encoding: declared.encoding, lost: new AbortController().signal };
  let receipt;
  try {
    receipt = await receive(files, importId, { stream }, receiving);
  } catch (error) {
    if (error instanceof ProblemError) return refusal(error);
    throw error;
  }
  const { compressed, encoding } = receipt;
  if (!encoding.ok) return refusal(encoding.fault);
  const part = contentPart({ compressed, encoding: encoding.encoding });
  const head = await bytesOf(await files.read(importId, part, { end: HEAD_BYTES_MAX }));
  const outcome = detectDialect(head, declared, receipt.contentBytes <= head.length, encoding);
  if (!outcome.ok) return refusal(outcome.fault);
  const { dialect, header } = outcome;
  const open = async (start = 0) => chunksOf(await bytesOf(await files.read(importId, part, { start })), chunkBytes);
  const fault = await findFileFault(await open(), { dialect, width: header.length });
  if (fault) return refusal(fault);
  const rows: Row[] = [];
  for await (const batch of readRows(await open(), { dialect, width: header.length })) {
    batch.cells.forEach((cells, index) => rows.push([batch.lines[index] ?? 0, batch.faults?.get(index)?.code ?? cells]));
  }
  const lines = await linesOf(files, importId, part, dialect, await open());
  const reading = { refused: undefined, dialect, header, lines };
  if (mapping === undefined) return { ...reading, rows, meaning: undefined };
  const meaning = await processRows({ ...options, mapping }, { dialect, header, sha256: receipt.sha256, open });
  const codes = new Map(meaning.rejects.map(({ line, code }) => [line, code]));
  return { ...reading, rows: rows.map(([line, cells]) => [line, codes.get(line) ?? cells]), meaning };
}

interface Interpreted {
  dialect: StoredDialect;
  header: string[];
  sha256: string;
  open(start?: number): Promise<AsyncIterable<Uint8Array>>;
}

async function processRows(
  { files, importId, mapping }: ImportOptions & { mapping: Mapping },
  { dialect, header, sha256, open }: Interpreted,
): Promise<Imported['meaning'] & object> {
  const resolved = resolveMapping(mapping, header);
  if (!resolved.ok) throw new Error(resolved.errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
  const scratchDirectory = await files.scratchDirectory(importId, 'corpus');
  const events: UsageEvent[] = [];
  const rejects: RejectedRow[] = [];
  const chunks = processFile({ open, dialect, mapping: resolved.resolved, importId, sha256, nowMs: NOW_MS, scratchDirectory });
  for await (const chunk of chunks) {
    for (const payload of chunk.payloads) {
      const decoded = decodeUsageEvent(payload);
      if (!decoded.ok) throw new Error(decoded.failure.message);
      events.push(decoded.event);
    }
    rejects.push(...chunk.rejects);
  }
  const text = new RejectedCsv({ dialect, header });
  return { events, rejects, rejectedCsv: Buffer.concat([text.header(), text.records(rejects)]) };
}

async function linesOf(
  files: FileStore,
  importId: string,
  part: FilePart,
  dialect: StoredDialect,
  text: AsyncIterable<Uint8Array>,
): Promise<string[]> {
  const index = new LineIndexBuilder(dialect);
  await bytesOf(tapLines(text, index));
  await files.write(importId, 'lines', index.read());
  return (await readLines({ files, importId, part }, 1, 1000)).map(({ raw }) => raw);
}
