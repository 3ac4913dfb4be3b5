/** `/v1/records/{key}/source`: the line of the file behind a record, as it stood there, with its neighbours. */
import { Type } from 'typebox';
import { READERS } from '../../platform/access/roles.ts';
import { ProblemError } from '../../core/errors.ts';
import { contentPart, FileMissingError, type FilePart, type FileStore } from '../../platform/file-store/file-store.ts';
import { scopeOf, type Scope } from '../../platform/access/scope.ts';
import { callerOf } from '../../platform/http/authenticate.ts';
import type { HttpServer } from '../../platform/http/server.ts';
import type { Platform } from '../../platform/platform.ts';
import { strictObject } from '../../schemas/http/common.ts';
import type { Mapping, StoredDialect } from '../../schemas/http/imports.ts';
import { Source, type UsageRecord } from '../../schemas/http/usage.ts';
import { positionOf, visibleSource } from '../customer-view.ts';
import { findStoredImport, type StoredImport } from '../queries/imports.ts';
import { RecordParams, requireRecord } from './records.ts';

/** Neighbours a page shows at most. */
const CONTEXT_LINES_MAX = 100;

interface StoredFile {
  files: FileStore;
  importId: string;
  part: FilePart;
}
interface SourceLine {
  line: number;
  raw: string;
}

/**
 * Reads stored files by line. Handed in by main.ts: the reader belongs to ingest, which knows how it wrote and split the
 * file, and the roles do not import one another.
 */
export interface SourceReader {
  /** Lines [fromLine, fromLine + count), as far as the file has them. Throws `FileMissingError`. */
  readLines(stored: StoredFile, fromLine: number, count: number): Promise<SourceLine[]>;
  /** The record that begins on a line, quoted newlines included; undefined where none begins there. */
  readRecordAt(
    stored: StoredFile,
    dialect: StoredDialect,
    line: number,
  ): Promise<(SourceLine & { lastLine: number; cells: string[] }) | undefined>;
}

export function registerSource(server: HttpServer, platform: Platform, reader: SourceReader): void {
  server.get('/v1/records/:key/source', {
    config: { access: READERS },
    schema: {
      operationId: 'getRecordSource',
      summary: 'The line of the file behind a row, with its neighbours',
      tags: ['records'],
      params: RecordParams,
      querystring: strictObject({ context: Type.Optional(Type.Integer({ minimum: 0, maximum: CONTEXT_LINES_MAX, default: 3 })) }),
      response: { 200: Source },
    },
    handler: async (request) => {
      const scope = scopeOf(callerOf(request));
      const { context = 3 } = request.query;
      const record = await requireRecord(platform, scope, request.params.key);
      const found = await findStoredImport(platform.postgres, record.importId);
      if (found === undefined || found.dialect === null) throw sourceGone(record);
      try {
        return await readSource(platform.files, reader, { scope, record, found, dialect: found.dialect, context });
      } catch (error) {
        if (error instanceof FileMissingError) throw sourceGone(record, error);
        throw error;
      }
    },
  });
}

interface SourceRequest {
  scope: Scope;
  record: UsageRecord;
  found: StoredImport;
  dialect: StoredDialect;
  context: number;
}

async function readSource(
  files: FileStore,
  reader: SourceReader,
  { scope, record, found, dialect, context }: SourceRequest,
): Promise<Type.Static<typeof Source>> {
  const stored: StoredFile = {
    files,
    importId: record.importId,
    part: contentPart({ compressed: found.compressed, encoding: dialect.encoding }),
  };
  const row = await reader.readRecordAt(stored, dialect, record.line);
  if (row === undefined) throw new Error(`import ${record.importId}: no record begins on line ${record.line}`);
  const header = found.header ?? row.cells.map((_cell, i) => `#${i + 1}`);
  const place = {
    importId: record.importId,
    fileName: found.name,
    line: record.line,
    column: found.mapping === null ? null : quantityColumn(found.mapping, record.meter, header, row.cells),
  };
  // The neighbours of a customer's line may be another customer's.
  if (scope.customer !== undefined)
    return { ...place, ...visibleSource({ ...row, header }, found.mapping, dialect), before: [], after: [] };
  const first = Math.max(1, record.line - context);
  const [before, after] = await Promise.all([
    reader.readLines(stored, first, record.line - first),
    reader.readLines(stored, row.lastLine + 1, context),
  ]);
  return { ...place, header, raw: row.raw, cells: row.cells, before, after };
}

/** The column that the record's quantity was read from; null when it was a constant. */
export function quantityColumn({ measures }: Mapping, meter: string, header: readonly string[], cells: readonly string[]): string | null {
  const indexOf = (column: string) => positionOf(column, header);
  const measure = measures.find(
    (candidate) => ('const' in candidate.meter ? candidate.meter.const : cells[indexOf(candidate.meter.column)]?.trim()) === meter,
  );
  if (measure === undefined || typeof measure.quantity !== 'string') return null;
  return header[indexOf(measure.quantity)] ?? measure.quantity;
}

function sourceGone(record: UsageRecord, cause?: unknown): ProblemError {
  return new ProblemError('source_gone', `The file of import ${record.importId} is not kept, so its line ${record.line} cannot be shown.`, {
    cause,
  });
}
