/** Decisions about conflicts, as the api role writes them down and ingest sends them, for tests of the consumers. */
import { decide } from '../../api/queries/conflicts.ts';
import { sendResolutions } from '../../ingest/resolutions.ts';
import type { UsageEvent } from '../../schemas/usage-event.ts';
import type { TestPipeline } from './consumers.ts';
import { liveRows } from './undo.ts';
import { usageEvent } from './usage-event.ts';

/** The conflict of a line, by import and line; each of a test's lines has one event. */
export async function conflictOf(pipeline: TestPipeline, importId: string, line: number): Promise<string> {
  const [row] = await pipeline.query<{ id: string }>('SELECT conflict_id AS id FROM conflicts WHERE import_id = $1 AND line = $2', [
    importId,
    line,
  ]);
  if (row === undefined) throw new Error(`line ${line} of import ${importId} is not in conflict`);
  return row.id;
}

/** Writes a decision down without sending it. */
export async function decideOn(pipeline: TestPipeline, importId: string, line: number, keep: 'first' | 'this'): Promise<string> {
  const id = await conflictOf(pipeline, importId, line);
  if (!(await decide(pipeline.platform.postgres, id, keep, 'tester'))) throw new Error(`conflict ${id} has been decided`);
  return id;
}

/** Decides and tells the log. */
export async function resolve(pipeline: TestPipeline, importId: string, line: number, keep: 'first' | 'this'): Promise<string> {
  const id = await decideOn(pipeline, importId, line, keep);
  await sendResolutions(pipeline.platform);
  return id;
}

/** A report of the event `event-1` with quantity 1.5, unless said otherwise. */
export const report = (importId: string, line: number, change: Partial<UsageEvent> = {}) => usageEvent({ importId, line, ...change });

/** What the tests look at, all of it small. */
export function lookAt(pipeline: TestPipeline) {
  const live = () => liveRows(pipeline);
  const linesOf = (table: string) => pipeline.query(`SELECT import_id::int AS import, line::int AS line FROM ${table} ORDER BY 1, 2`);
  const conflicts = () =>
    pipeline.query(`SELECT import_id::int AS import, line::int AS line, quantity::text AS quantity, status FROM conflicts ORDER BY 1, 2`);
  const knownFrom = () =>
    pipeline.query(
      'SELECT import_id::int AS import, from_import_id::int AS from, events::int AS events FROM import_known_from WHERE events > 0 ORDER BY 1, 2',
    );
  /** Accepted, duplicate, conflict. */
  const counts = (...ids: string[]) =>
    Promise.all(
      ids.map(async (id) => {
        const { accepted, duplicate, conflict } = await pipeline.counts(id);
        return [accepted, duplicate, conflict];
      }),
    );
  const state = async () => [
    await live(),
    await conflicts(),
    await linesOf('witnesses'),
    await linesOf('kept_versions'),
    await linesOf('voided_events'),
    await knownFrom(),
    await counts('1', '2', '3', '4'),
    await pipeline.usage(),
  ];
  return { live, linesOf, conflicts, knownFrom, counts, state };
}
