/** What a file would become: its dialect, columns, first rows and problems. Reads the head only and publishes nothing. */
import type { FieldError } from '../../core/errors.ts';
import type { Inspection, Mapping, Profile } from '../../schemas/http/imports.ts';
import { decodeHead, detectDialect } from './dialect.ts';
import type { DeclaredDialect } from './dialect.ts';
import { checkEncoding } from './encoding-check.ts';
import { detectEncoding } from './encoding.ts';
import { isErrorColumn } from './error-columns.ts';
import { createExploder } from './explode.ts';
import type { Exploder } from './explode.ts';
import type { FileFault, RowFault } from './faults.ts';
import { inferMapping } from './infer-mapping.ts';
import type { InferredMapping } from './infer-mapping.ts';
import { resolveMapping } from './mapping.ts';
import type { CellSource, ResolvedMapping } from './mapping.ts';
import { readRows } from './read-rows.ts';
import { suggest } from './suggest.ts';

const SAMPLES_MAX = 3;
const SAMPLE_LENGTH_MAX = 200;

export interface InspectOptions {
  /** The beginning of the file as it came; `complete` where it is all of it. */
  head: Uint8Array;
  complete: boolean;
  declared: DeclaredDialect;
  /** Given, or undefined to match the header by synonyms. */
  mapping: Mapping | undefined;
  /** Those that may be suggested, where no mapping is given. */
  profiles?: readonly Profile[];
  /** Rows to show. Problems are looked for in all rows of the head. */
  limit: number;
  nowMs: number;
}

export type InspectOutcome = { ok: true; inspection: Inspection } | { ok: false; fault: FileFault };

interface HeadRow {
  line: number;
  cells: string[];
  fault: RowFault | undefined;
}

export async function inspectHead(options: InspectOptions): Promise<InspectOutcome> {
  const { complete, declared } = options;
  const encoding = detectEncoding(options.head, declared.encoding, complete);
  if (!encoding.ok) return encoding;
  const doubt = checkEncoding(options.head, encoding, complete);
  if (doubt) return { ok: false, fault: doubt };
  const head = decodeHead(options.head, encoding, complete);
  const detected = detectDialect(head, declared, complete, encoding);
  if (!detected.ok) return detected;
  const { dialect, header } = detected;
  const rows: HeadRow[] = [];
  let fileFault: FileFault | undefined;
  for await (const batch of readRows(only(head), { dialect, width: header.length, cutOff: !complete })) {
    batch.cells.forEach((cells, index) => rows.push({ line: batch.lines[index] as number, cells, fault: batch.faults?.get(index) }));
    fileFault ??= batch.fileFault;
  }

  const samples = rows.filter(({ fault }) => fault === undefined).map(({ cells }) => cells);
  const inferred = options.mapping === undefined ? inferMapping(header, samples) : undefined;
  const mapping = options.mapping ?? inferred?.mapping ?? null;
  const outcome = mapping === null ? undefined : resolveMapping(mapping, header);
  const resolved = outcome?.ok === true ? outcome.resolved : undefined;
  if (resolved) checkRows(rows, resolved, options.nowMs);

  const errors = [...(inferred?.errors ?? []), ...(outcome?.ok === false ? outcome.errors : [])];
  const uses = resolved === undefined ? undefined : describeUses(resolved);
  const inspection: Inspection = {
    dialect,
    detected: detected.choices,
    header,
    columns: header.map((name, column) => {
      const match = inferred?.matches.get(name);
      // What was matched is said even where the rest of the mapping is still open: it need not be asked for again.
      const mapsTo = (uses === undefined ? match?.role : uses.get(column)) ?? null;
      return { name, mapsTo, reason: reasonFor(name, mapsTo, match?.reason), samples: sampleCells(samples, column) };
    }),
    rows: rows
      .slice(0, options.limit)
      .map(({ line, cells, fault }) => ({ line, cells, ...(fault && { problem: `${fault.code}: ${fault.message}` }) })),
    problems: [...(fileFault ? [{ ...fileFault, line: null, count: 1 }] : []), ...summarize(errors, rows)],
    mapping,
    suggestions: suggest({
      header,
      rows: samples,
      profiles: options.profiles ?? [],
      mapping,
      matched: matchedColumns(inferred),
      given: options.mapping !== undefined,
      nowMs: options.nowMs,
    }),
    // Where no row of the head can be read, the mapping or the dialect is wrong.
    ready: resolved !== undefined && fileFault === undefined && (rows.length === 0 || rows.some(({ fault }) => fault === undefined)),
  };
  return { ok: true, inspection };
}

function matchedColumns(inferred: InferredMapping | undefined): { time: string[]; quantity: string | undefined } {
  const matches = [...(inferred?.matches ?? [])];
  const named = (role: string) => matches.filter(([, match]) => match.role === role).map(([column]) => column);
  return { time: named('time'), quantity: named('quantity')[0] };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

function checkRows(rows: HeadRow[], mapping: ResolvedMapping, nowMs: number): void {
  const exploder: Exploder = createExploder({ mapping, importId: '0', nowMs });
  for (const row of rows) {
    if (row.fault !== undefined) continue;
    row.fault = exploder.check(row.cells);
    if (row.fault !== undefined) continue;
    row.fault = exploder.push(mapping.identity === 'id-column' ? exploder.givenId() : '', row.line, { customers: [], payloads: [] });
  }
}

/** What each column is used for; the first use where there are several. */
function describeUses(mapping: ResolvedMapping): Map<number, string> {
  const uses = new Map<number, string>();
  const use = (source: CellSource | number, what: string) => {
    const column = typeof source === 'number' ? source : 'column' in source ? source.column : undefined;
    if (column !== undefined && !uses.has(column)) uses.set(column, what);
  };
  for (const column of mapping.id) use(column, 'id');
  use(mapping.customer, 'customer');
  for (const column of [mapping.time, ...mapping.timeRest]) use(column, 'time');
  for (const { meter, quantity } of mapping.measures) {
    use(meter, 'meter');
    use(quantity, 'const' in meter ? `quantity:${meter.const}` : 'quantity');
  }
  for (const { column } of mapping.properties) use(column, 'property');
  for (const { column } of mapping.only) use(column, 'selection');
  return uses;
}

function reasonFor(name: string, mapsTo: string | null, inferred: string | undefined): string {
  if (inferred !== undefined) return inferred;
  if (isErrorColumn(name)) return 'a column of rejected.csv, always ignored';
  return mapsTo === null ? 'not used' : 'the mapping says so';
}

function sampleCells(rows: readonly (readonly string[])[], column: number): string[] {
  const samples = new Set<string>();
  for (const cells of rows) {
    const cell = cells[column];
    if (cell !== undefined && cell !== '') samples.add(cell.slice(0, SAMPLE_LENGTH_MAX).toWellFormed());
    if (samples.size === SAMPLES_MAX) break;
  }
  return [...samples];
}

function summarize(errors: readonly FieldError[], rows: readonly HeadRow[]): Inspection['problems'] {
  const problems: Inspection['problems'] = errors.map(({ code, path, message }) => ({
    code,
    line: null,
    count: 1,
    message: `${path}: ${message}`,
  }));
  const byCode = new Map<string, Inspection['problems'][number]>();
  for (const { line, fault } of rows) {
    if (fault === undefined) continue;
    const known = byCode.get(fault.code);
    if (known) known.count += 1;
    else
      byCode.set(fault.code, {
        code: fault.code,
        line,
        count: 1,
        message: fault.column === null ? fault.message : `${fault.column}: ${fault.message}`,
      });
  }
  return [...problems, ...byCode.values()];
}
