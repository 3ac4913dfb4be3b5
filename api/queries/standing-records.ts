/**
 * A customer's events as they stood at a moment: accepted below its place in the log, and not yet undone or replaced there. The moment of
 * a draft is where both stores are; that of a final invoice is where its usage was frozen, whatever was undone or decided since.
 *
 *   usage_records       stand now, and have since their position
 *   voided_events       stood at the position they were accepted under until the control message of the undo. Those whose event an heir
 *                       has taken over, in place, stand among the first: what was billed is the event, whoever reports it
 *   replaced_versions   stood until the control message of a decision
 *
 * Told in the order of contributions: time, then position. Each table is read as a range of its index over (customer, time, position), and
 * no further than the page.
 */
import { toInstant } from '../../core/instant-text.ts';
import { instantText, type Window } from '../../core/window.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import { customerWithin, type Scope } from '../../platform/access/scope.ts';
import { belowInPostgres, type CellWatermark } from '../../platform/usage-cells.ts';
import { bindPlace, type RecordPlace } from './records.ts';

/** What is counted of a moment, and how often: a difference of two is 1 of the one and −1 of the other. */
export interface WeightedMoment {
  below: CellWatermark;
  weight: number;
}

export interface StandingSelection {
  scope: Scope;
  customer: string;
  meters: readonly string[];
  window: Window;
  /** Rows that stood at one of them at least. */
  moments: readonly WeightedMoment[];
  /** Only rows whose weights over all moments do not come to 0. */
  changedOnly?: boolean;
}

export interface StandingRow extends RecordPlace {
  id: string;
  meter: string;
  /** Decimal. */
  quantity: string;
  /** JSON; null where it was not asked for. */
  properties: string | null;
  /** Who reports it now, or did last. */
  importId: string;
  line: string;
  /** By moment. */
  stood: boolean[];
  /** Of what stands no more: the import whose undo took it back, or the conflict that was decided for another version, by whom and when. */
  undoneImportId: string | null;
  conflictId: string | null;
  replacedBy: string | null;
  replacedAt: string | null;
  [column: string]: unknown;
}

const EVENT = 'customer, id, meter, time, quantity, properties, import_id, line';
const ENDED = 'control_epoch AS ended_epoch, control_partition AS ended_partition, control_offset AS ended_offset';

/** The tables under the same names of columns. */
const SOURCES = [
  `SELECT ${EVENT}, epoch, partition, "offset", idx, NULL::integer AS ended_epoch, NULL::smallint AS ended_partition, NULL::bigint AS ended_offset,
          NULL::bigint AS undone_import_id, NULL::bigint AS conflict_id, NULL::text AS replaced_by, NULL::timestamptz AS replaced_at
     FROM usage_records`,
  `SELECT ${EVENT}, accepted_epoch AS epoch, accepted_partition AS partition, accepted_offset AS "offset", accepted_idx AS idx, ${ENDED},
          undone_import_id, NULL::bigint AS conflict_id, NULL::text AS replaced_by, NULL::timestamptz AS replaced_at
     FROM voided_events
    WHERE NOT passed_on`,
  `SELECT ${EVENT}, epoch, partition, "offset", idx, ${ENDED},
          NULL::bigint AS undone_import_id, conflict_id, resolved_by AS replaced_by, resolved_at AS replaced_at
     FROM replaced_versions`,
];

const PLACE = 'r.time, r.epoch, r.partition, r."offset", r.idx';
const DESCENDING = 'r.time DESC, r.epoch DESC, r.partition DESC, r."offset" DESC, r.idx DESC';

export type Bind = (value: unknown) => string;

export interface StandingOptions {
  after?: RecordPlace | undefined;
  rows?: number;
  newestFirst?: boolean;
  /** Times as SQL, instead of the window. */
  window?: { from: string; to: string };
}

/**
 * The rows as a relation, with the columns of usage_records, `stood` (by moment), `weight`, and what has ended them. Beyond `rows` it
 * tells no more than it must: whoever selects from it orders once more.
 */
export function standingSql(selection: StandingSelection, bind: Bind, options: StandingOptions = {}): string {
  const { scope, customer, meters, window, moments, changedOnly = false } = selection;
  const bound = moments.map(({ below }) => [bind(below.epoch), bind(below.nextOffsets)] as const);
  const stood = bound.map(([epoch, next]) => {
    const isEnded = belowInPostgres(epoch, next, 'ended_');
    return `coalesce(${belowInPostgres(epoch, next)} AND NOT coalesce(${isEnded}, false), false)`;
  });
  const weight = moments.map((moment, at) => `${bind(moment.weight)}::integer * (${stood[at]})::integer`).join(' + ');
  const conditions = [
    `r.customer = ${bind(customerWithin(scope, customer))}`,
    `r.meter = ANY(${bind(meters)}::text[])`,
    `r.time >= ${options.window?.from ?? bind(instantText(window.from))}`,
    `r.time < ${options.window?.to ?? bind(instantText(window.to))}`,
    changedOnly ? `(${weight}) <> 0` : `(${stood.join(' OR ')})`,
    ...(options.after === undefined ? [] : [`(${PLACE}) > ${bindPlace(options.after, bind)}`]),
  ];
  const page =
    options.rows === undefined ? '' : `ORDER BY ${options.newestFirst === true ? DESCENDING : PLACE} LIMIT ${bind(options.rows)}`;
  return SOURCES.map(
    (source) =>
      `(SELECT r.*, ARRAY[${stood.join(', ')}] AS stood, (${weight}) AS weight FROM (${source}) AS r WHERE ${conditions.join(' AND ')} ${page})`,
  ).join(' UNION ALL ');
}

/** In order, after a place. `properties`: the meters whose events are answered with them; all without it. */
export async function readStanding(
  postgres: Queryable,
  selection: StandingSelection,
  page: { after: RecordPlace | undefined; rows: number; properties?: readonly string[] },
): Promise<StandingRow[]> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const properties =
    page.properties === undefined ? 'r.properties' : `CASE WHEN r.meter = ANY(${bind(page.properties)}::text[]) THEN r.properties END`;
  // Ordered by the columns of the relation: an offset that is answered as text would be ordered as text.
  const { rows } = await postgres.query<StandingRow>(
    `SELECT r.id, r.meter, r.time, r.quantity::text AS quantity, ${properties} AS properties, r.import_id::text AS "importId", r.line::text AS line,
            r.epoch::text AS epoch, r.partition::text AS partition, r."offset"::text AS "offset", r.idx::text AS idx, r.stood,
            r.undone_import_id::text AS "undoneImportId", r.conflict_id::text AS "conflictId", r.replaced_by AS "replacedBy", r.replaced_at AS "replacedAt"
       FROM (${standingSql(selection, bind, page)}) AS r
      ORDER BY ${PLACE} LIMIT ${bind(page.rows)}`,
    values,
  );
  return rows.map((row) => ({ ...row, time: toInstant(row.time) }));
}

/** The largest quantity of these rows, or that of the last of them; undefined where there are none. One moment. */
export async function readLastQuantity(
  postgres: Queryable,
  selection: StandingSelection,
  which: 'max' | 'latest',
): Promise<string | undefined> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const rows = standingSql(selection, bind, which === 'latest' ? { rows: 1, newestFirst: true } : {});
  const order = which === 'latest' ? DESCENDING : 'r.quantity DESC';
  const found = await postgres.query<{ quantity: string }>(
    `SELECT r.quantity::text AS quantity FROM (${rows}) AS r ORDER BY ${order} LIMIT 1`,
    values,
  );
  return found.rows[0]?.quantity;
}
