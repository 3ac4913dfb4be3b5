/** The rows behind an hour of an invoice: who reported each at the time, and what has become of it since. */
import { toInstant } from '../../core/instant-text.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import { belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';
import type { TracedRecord } from '../../schemas/http/invoice-life.ts';
import { type Reading, visibleProperties } from '../customer-view.ts';
import { encodePlace, type RecordPlace } from './records.ts';
import { readStanding, type StandingRow, type StandingSelection } from './standing-records.ts';

export interface TracedRow extends StandingRow {
  properties: string;
  /** Of them, what whoever asks may see. */
  shown: Record<string, unknown>;
  report: Pick<TracedRecord, 'key' | 'importId' | 'fileName' | 'line'>;
  since: TracedRecord['since'];
}

/** As each stood at the first moment of the selection, or, where it did not, when it was taken back. In order, after a place. */
export async function readTracedRows(
  postgres: Queryable,
  selection: StandingSelection,
  page: { after: RecordPlace | undefined; rows: number },
): Promise<TracedRow[]> {
  const rows = await readStanding(postgres, selection, page);
  const [moment] = selection.moments;
  if (moment === undefined || rows.length === 0) return [];
  const reports = await readEarlierReports(postgres, selection, rows, moment.below);
  const imports = await readImports(postgres, [...rows, ...reports.values()]);
  return rows.map((row, n) => {
    const earlier = row.stood[0] === true ? reports.get(n) : undefined;
    const { importId, line } = earlier ?? row;
    const fileName = imports.get(importId)?.name ?? null;
    const properties = row.properties ?? '{}';
    const key = encodePlace({ ...row, ...earlier?.place });
    return {
      ...row,
      properties,
      shown: visibleProperties(selection.scope, JSON.parse(properties) as Record<string, unknown>, imports.get(importId)),
      report: { key, importId, fileName, line: Number(line) },
      since: asSeen(selection.scope, sinceOf(row, earlier, imports)),
    };
  });
}

/** A line that reported the event until its import was undone. */
interface EarlierReport {
  importId: string;
  line: string;
  undoneImportId: string;
  /** Where its record is found now. */
  place: Omit<RecordPlace, 'time'>;
}

/** By place among the rows: who reported the event at the moment, where that is another one now, or was when it went. */
async function readEarlierReports(
  postgres: Queryable,
  { scope, customer }: StandingSelection,
  rows: readonly StandingRow[],
  below: CellWatermark,
): Promise<Map<number, EarlierReport>> {
  const found = await postgres.query<Omit<EarlierReport, 'place'> & Omit<RecordPlace, 'time'> & { n: number; [column: string]: unknown }>(
    `SELECT k.n::integer - 1 AS n, v.import_id::text AS "importId", v.line::text AS line, v.undone_import_id::text AS "undoneImportId",
            v.epoch::text AS epoch, v.partition::text AS partition, v."offset"::text AS "offset", v.idx::text AS idx
       FROM unnest($2::timestamptz[], $3::integer[], $4::smallint[], $5::bigint[], $6::integer[]) WITH ORDINALITY AS k (time, epoch, partition, "offset", idx, n)
      CROSS JOIN LATERAL (
        SELECT * FROM voided_events
         WHERE customer = $1 AND time = k.time AND accepted_epoch = k.epoch AND accepted_partition = k.partition AND accepted_offset = k."offset"
           AND accepted_idx = k.idx AND NOT coalesce(${belowInPostgres('$7', '$8', 'control_')}, false)
         ORDER BY control_epoch, control_offset LIMIT 1) AS v`,
    [
      customerWithin(scope, customer),
      rows.map(({ time }) => time),
      rows.map(({ epoch }) => epoch),
      rows.map(({ partition }) => partition),
      rows.map(({ offset }) => offset),
      rows.map(({ idx }) => idx),
      below.epoch,
      below.nextOffsets,
    ],
  );
  return new Map(
    found.rows.map(({ n, epoch, partition, offset, idx, ...report }) => [n, { ...report, place: { epoch, partition, offset, idx } }]),
  );
}

interface ImportRow extends Reading {
  id: string;
  name: string;
  undoneBy: string | null;
  undoneAt: string | null;
  [column: string]: unknown;
}

async function readImports(
  postgres: Queryable,
  rows: readonly { importId: string; undoneImportId: string | null }[],
): Promise<Map<string, ImportRow>> {
  const ids = new Set(rows.flatMap(({ importId, undoneImportId }) => [importId, ...(undoneImportId === null ? [] : [undoneImportId])]));
  const found = await postgres.query<ImportRow>(
    `SELECT id::text AS id, name, mapping, header, undone_by AS "undoneBy", undone_at AS "undoneAt" FROM imports WHERE id = ANY($1::bigint[])`,
    [[...ids]],
  );
  return new Map(found.rows.map((row) => [row.id, row]));
}

/** Who undid or decided it is said among staff. */
function asSeen(scope: Scope, since: TracedRecord['since']): TracedRecord['since'] {
  return since === null || scope.customer === undefined ? since : { ...since, by: null };
}

/** The last that befell it: an event that went from one report to another, and was then undone, is undone. */
function sinceOf(row: StandingRow, earlier: EarlierReport | undefined, imports: ReadonlyMap<string, ImportRow>): TracedRecord['since'] {
  if (row.conflictId !== null) {
    const at = toInstant(row.replacedAt);
    return { kind: 'replaced', importId: null, conflictId: row.conflictId, by: row.replacedBy, at, report: null };
  }
  const importId = row.undoneImportId ?? earlier?.undoneImportId;
  if (importId === undefined) return null;
  const { undoneBy = null, undoneAt = null } = imports.get(importId) ?? {};
  const at = toInstant(undoneAt);
  const undone = { importId, conflictId: null, by: undoneBy, at };
  if (row.undoneImportId !== null) return { kind: 'undone', ...undone, report: null };
  const fileName = imports.get(row.importId)?.name ?? null;
  return { kind: 'passed_on', ...undone, report: { importId: row.importId, fileName, line: Number(row.line) } };
}
