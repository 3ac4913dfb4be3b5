/** The report of a dry run, put together while the file is read: the import as it would be, and its effect. */
import { formatDecimal, toScaled } from '../../core/decimal.ts';
import { toInstant } from '../../core/instant-text.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import type { ImportScope } from '../../platform/access/import-scope.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { DryRun, RejectedLine } from '../../schemas/http/dry-runs.ts';
import type { Effect } from '../../schemas/http/effect.ts';
import type { Import } from '../../schemas/http/imports.ts';
import type { FirstDouble } from '../../schemas/http/suspected-doubles.ts';
import type { AcceptOptions } from '../accept.ts';
import type { ProcessedChunk } from '../csv/process.ts';
import { RejectSummary, showRaw } from '../csv/rejects.ts';
import type { Interpretation, Receipt } from '../import-store.ts';
import type { Outcome, ShownDouble } from './staged-events.ts';
import type { AddedTotals } from './working-tables.ts';

/** In place of an import's id: it is none, and the file is named by it where it repeats its own rows. */
const DRY_RUN_ID = 'dry-run';
/** Rejected rows in the answer: by number, and by characters of what they were. A real import has them all in rejected.csv. */
const REJECTED_ROWS_MAX = 1_000;
const REJECTED_CHARACTERS_MAX = 1_000_000;

export interface ReadFile {
  /** Whose imports may be named. */
  scope: ImportScope;
  receipt: Receipt;
  reading: Interpretation;
  options: Pick<AcceptOptions, 'name' | 'createdBy'>;
  totals: AddedTotals;
  rated: Pick<Effect, 'money' | 'invoices' | 'isComplete'>;
}

export class DryRunReport {
  readonly #clock: Clock;
  readonly #beganAt: Date;
  readonly #rejects = new RejectSummary();
  readonly #rejectedRows: RejectedLine[] = [];
  #rejectedCharacters = 0;
  #read = { rowsRead: 0, rowsRejected: 0, events: 0, bytesRead: 0 };
  #judged = { accepted: 0, duplicate: 0, conflict: 0, rowsNew: 0, rowsConflict: 0, doubles: 0 };
  /** By import; null: the file itself. */
  readonly #knownFrom = new Map<string | null, number>();
  readonly doubles: ShownDouble[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  read({ rejects, rowsRead, rowsRejected, events, bytesRead }: ProcessedChunk): void {
    this.#read = { rowsRead, rowsRejected, events, bytesRead };
    this.#rejects.add(rejects);
    for (const { line, column, code, message, raw } of rejects) {
      if (this.#rejectedRows.length >= REJECTED_ROWS_MAX || this.#rejectedCharacters >= REJECTED_CHARACTERS_MAX) return;
      const row = { line, column, code, message, raw: showRaw(raw) };
      this.#rejectedCharacters += row.raw.length + message.length;
      this.#rejectedRows.push(row);
    }
  }

  judged(outcome: Outcome): void {
    const sums = this.#judged;
    sums.accepted += outcome.accepted;
    sums.duplicate += outcome.duplicate;
    sums.conflict += outcome.conflict;
    sums.rowsNew += outcome.rowsNew;
    sums.rowsConflict += outcome.rowsConflict;
    sums.doubles += outcome.doubles;
    for (const { importId, events } of outcome.knownFrom) this.#knownFrom.set(importId, (this.#knownFrom.get(importId) ?? 0) + events);
    this.doubles.push(...outcome.shown);
  }

  async answer(postgres: Queryable, file: ReadFile): Promise<DryRun> {
    const { rowsRead, bytesRead } = this.#read;
    const { accepted, rowsNew } = this.#judged;
    const completedAt = this.#clock.now();
    const seconds = (completedAt.getTime() - this.#beganAt.getTime()) / 1000;
    const { scope, receipt, reading, options, totals, rated } = file;
    const named = await this.#visibleImports(postgres, scope);
    return {
      id: DRY_RUN_ID,
      form: 'file',
      format: 'csv',
      name: options.name,
      sha256: receipt.sha256,
      bytes: receipt.bytes,
      status: 'complete',
      mapping: reading.mapping,
      identity: reading.identity,
      suspectedDoubles: reading.identity === 'id-column' ? null : this.#judged.doubles,
      // They stand in the effect.
      customers: null,
      knownFrom: this.#namedKnownFrom(named, options.name),
      ...this.#counts(),
      progress: {
        bytesRead,
        bytesTotal: receipt.contentBytes,
        rowsPerSecond: seconds > 0 ? Math.round(rowsRead / seconds) : 0,
        etaSeconds: null,
      },
      errors: this.#rejects.groups(),
      failure: null,
      createdAt: this.#beganAt.toISOString(),
      createdBy: options.createdBy,
      completedAt: completedAt.toISOString(),
      effect: { rows: rowsNew, events: accepted, ...totals, ...rated },
      rejectedRows: this.#rejectedRows,
      doubles: this.doubles.map((double) => toDouble(double, named)),
    };
  }

  #counts(): Pick<Import, 'rows' | 'events'> {
    const { rowsRead: read, rowsRejected: rejected, events: published } = this.#read;
    const { accepted, duplicate, conflict, rowsNew, rowsConflict } = this.#judged;
    return {
      rows: { read, new: rowsNew, known: read - rejected - rowsNew - rowsConflict, conflict: rowsConflict, rejected },
      events: { published, accepted, duplicate, conflict, dead: 0 },
    };
  }

  /** Names by id, in the order of the ids. */
  async #visibleImports(postgres: Queryable, { createdBy }: ImportScope): Promise<Map<string, string>> {
    const ids = [...[...this.#knownFrom.keys()].filter((id) => id !== null), ...this.doubles.map(({ importId }) => importId)];
    const { rows } = await postgres.query<{ id: string; name: string }>(
      'SELECT id::text AS id, name FROM imports WHERE id = ANY($1::bigint[]) AND ($2::text IS NULL OR created_by = $2) ORDER BY imports.id',
      [ids, createdBy ?? null],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** As an import has it: the most first, the earliest of equals first. The file itself would be the latest import. */
  #namedKnownFrom(named: ReadonlyMap<string, string>, ownName: string): Import['knownFrom'] {
    const known: Import['knownFrom'] = [...named]
      .filter(([id]) => this.#knownFrom.has(id))
      .map(([id, name]) => ({ importId: id, name, events: this.#knownFrom.get(id) ?? 0 }));
    const itself = this.#knownFrom.get(null);
    if (itself !== undefined) known.push({ importId: DRY_RUN_ID, name: ownName, events: itself });
    const unnamed = [...this.#knownFrom].filter(([id]) => id !== null && !named.has(id));
    if (unnamed.length > 0) known.push({ importId: null, name: null, events: unnamed.reduce((sum, [, events]) => sum + events, 0) });
    return known.sort((a, b) => b.events - a.events);
  }
}

function toDouble(
  { line, customer, meter, time, quantity, importId, otherLine }: ShownDouble,
  named: ReadonlyMap<string, string>,
): FirstDouble {
  const name = named.get(importId);
  return {
    line,
    customer,
    meter,
    time: toInstant(time),
    quantity: formatDecimal(toScaled(quantity, QUANTITY_SCALE), QUANTITY_SCALE),
    other: name === undefined ? { importId: null, name: null, line: null } : { importId, name, line: otherLine },
  };
}
