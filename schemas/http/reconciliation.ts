/** `/v1/reconciliation`: whether the two stores hold the same, and where they do not. */
import { Type } from 'typebox';
import { DecimalString, Instant, nullable, strictObject } from './common.ts';

const CellState = Type.Union([Type.Literal('agrees'), Type.Literal('differs'), Type.Literal('open'), Type.Literal('none')]);

const scope = {
  customer: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
};

export const ReconciliationRunQuery = strictObject(scope);
export const ReconciliationQuery = strictObject({ ...scope, state: Type.Optional(CellState) });

export const ReconciliationCell = Type.Object({
  customer: Type.String(),
  meter: Type.String(),
  /** Beginning of the hour, UTC. */
  hour: Instant,
  /** `open`: not decided yet, because an undo is under way or the next check is still to come. */
  state: CellState,
  postgres: DecimalString,
  clickhouse: DecimalString,
  events: Type.Object({ postgres: Type.Integer(), clickhouse: Type.Integer() }),
});
export type ReconciliationCell = Type.Static<typeof ReconciliationCell>;

const Counts = Type.Object({
  read: Type.Integer(),
  published: Type.Integer(),
  accepted: Type.Integer(),
  duplicate: Type.Integer(),
  conflict: Type.Integer(),
  dead: Type.Integer(),
  rejected: Type.Integer(),
});

export const Reconciliation = Type.Object({
  state: Type.Union([Type.Literal('green'), Type.Literal('red'), Type.Literal('checking')]),
  checkedAt: nullable(Instant),
  /** Usage that was durable then has been compared. */
  upTo: nullable(Instant),
  /** Rows (read, rejected) and events (all others) of all complete imports. */
  rows: Counts,
  /** Complete imports whose rows or events do not add up; at most 100. */
  imports: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      rows: Type.Object({ read: Type.Integer(), accounted: Type.Integer() }),
      events: Type.Object({ published: Type.Integer(), accounted: Type.Integer() }),
    }),
  ),
  /** Hours that differ or are open, at most 1,000; with a customer and a time, those that agree too. */
  cells: Type.Array(ReconciliationCell),
  /** How many hours differ, listed or not. */
  differing: Type.Integer(),
});
export type Reconciliation = Type.Static<typeof Reconciliation>;

export const ReconciliationRun = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('requested'), Type.Literal('running'), Type.Literal('done')]),
  requestedAt: Instant,
  finishedAt: nullable(Instant),
});
export type ReconciliationRun = Type.Static<typeof ReconciliationRun>;

export const ReconciliationGridQuery = strictObject({
  from: Instant,
  to: Instant,
  step: Type.Optional(Type.Integer({ minimum: 1, maximum: 24, description: 'Hours that one cell stands for; 1 by default.' })),
  customers: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'Rows, 11 by default: customers with a difference first, then those with the most events. All others share one row.',
    }),
  ),
});

/** One state per cell: the gravest of its hours and meters. */
const GridCells = Type.Array(CellState);

export const ReconciliationGrid = Type.Object({
  /** Beginnings of the cells: whole hours of UTC, as they are compared. */
  cells: Type.Array(Instant),
  /** End of the last one. */
  to: Instant,
  step: Type.Integer(),
  rows: Type.Array(Type.Object({ customer: Type.String(), cells: GridCells })),
  /** All other customers with usage in this time; null when there are none. */
  others: nullable(Type.Object({ customers: Type.Integer(), cells: GridCells })),
  /** Events of this time in each store, counted up to the same place of the log. */
  events: Type.Object({ postgres: Type.Integer(), clickhouse: Type.Integer() }),
  /** When the states were found; null: nothing has been compared yet, and every hour with usage is open. */
  checkedAt: nullable(Instant),
});
export type ReconciliationGrid = Type.Static<typeof ReconciliationGrid>;

export const ReconciliationMissingQuery = strictObject({
  customer: Type.String({ minLength: 1, maxLength: 300 }),
  meter: Type.String({ minLength: 1, maxLength: 256 }),
  hour: Instant,
});

/** Which events of an hour one store has and the other has not, by their place in the log. */
export const ReconciliationMissing = Type.Object({
  ranges: Type.Array(
    Type.Object({
      /** The one that lacks them. */
      store: Type.Union([Type.Literal('postgres'), Type.Literal('clickhouse')]),
      epoch: Type.Integer(),
      partition: Type.Integer(),
      /** Both ends included. Between them stand no events of this hour that the store has. */
      firstOffset: Type.Integer(),
      lastOffset: Type.Integer(),
      events: Type.Integer(),
    }),
  ),
  /** False: the hour has more events, or more gaps, than are looked at. */
  isWhole: Type.Boolean(),
});
export type ReconciliationMissing = Type.Static<typeof ReconciliationMissing>;
