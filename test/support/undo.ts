/** Imports and their undo, as ingest leaves them, for tests of the consumers. */
import { expect } from 'vitest';
import { requestUndo, sendUndos } from '../../ingest/undo.ts';
import { Handoff } from '../../consumers/handoff.ts';
import { consumeRecords } from '../../consumers/records.ts';
import { RECORDS } from '../../consumers/steps/offsets.ts';
import type { TestPipeline } from './consumers.ts';
import { eventually } from './eventually.ts';
import { TESTER } from './tester.ts';

/** Imports of one measure, complete, whose rows all became events. */
export async function makeImports(pipeline: TestPipeline, ids: readonly string[], status = 'complete'): Promise<void> {
  for (const id of ids) {
    await pipeline.query(
      `INSERT INTO imports (id, name, status, created_by, publishing_at, mapping, rows_new, rows_known, rows_conflict)
       VALUES ($1, 'usage.csv', $2, 'test', now(), '{"measures":[{}]}', 0, 0, 0)`,
      [id, status],
    );
  }
}

export async function undo(pipeline: TestPipeline, ...ids: string[]): Promise<void> {
  for (const id of ids) await requestUndo(pipeline.platform, id, TESTER);
  await sendUndos(pipeline.platform);
}

/** Runs records alone to the end of the log, as if the process had died before rollups. */
export async function recordsAlone(pipeline: TestPipeline): Promise<void> {
  const { log, postgres, logger } = pipeline.platform;
  const shared = { postgres, logger, epoch: pipeline.epoch, partitions: log.partitions };
  const assignment = await log.assign((reader, signal) => consumeRecords(reader, signal, { ...shared, handoff: new Handoff() }));
  const ends = await log.endOffsets();
  await Promise.race([
    eventually('records is through', async () => String(await pipeline.offsets(RECORDS)) === String(ends)),
    assignment.done,
  ]);
  await assignment.stop();
}

/** The accepted events, by id. */
export function liveRows(pipeline: TestPipeline) {
  return pipeline.query(
    'SELECT id, import_id::int AS import, line::int AS line, quantity::text AS quantity, "offset"::int AS "offset", idx FROM usage_records ORDER BY id',
  );
}

/** What was taken back, in the order of the log. */
export function voidedRows(pipeline: TestPipeline) {
  return pipeline.query(
    'SELECT id, import_id::int AS import, line::int AS line, undone_import_id::int AS undone, "offset"::int AS "offset", quantity::text AS quantity FROM voided_events ORDER BY "offset"',
  );
}

/** Witnesses or conflicts that are left, by id. */
export function rowsLeft(pipeline: TestPipeline, table: string) {
  return pipeline.query(`SELECT id, import_id::int AS import, line::int AS line FROM ${table} ORDER BY id, import_id, line`);
}

export function knownFromRows(pipeline: TestPipeline) {
  return pipeline.query(
    'SELECT import_id::int AS import, from_import_id::int AS from, events::int AS events FROM import_known_from WHERE events > 0 ORDER BY 1, 2',
  );
}

/** Accepted, duplicate, conflict. */
export async function settledCounts(pipeline: TestPipeline, id: string): Promise<number[]> {
  const { accepted, duplicate, conflict } = await pipeline.counts(id);
  return [accepted, duplicate, conflict];
}

const PLACED_TABLES = ['usage_records', 'witnesses', 'conflicts', 'voided_events'];

/** Both stores hold the same, no position stands for two events, slots say what the rows say, and nothing is left half done. */
export async function expectStoresAgree(pipeline: TestPipeline): Promise<void> {
  expect(await pipeline.usage()).toEqual(await pipeline.records());
  const places = PLACED_TABLES.map((table) => `SELECT epoch, partition, "offset", idx FROM ${table}`).join(' UNION ALL ');
  expect(await pipeline.query(`SELECT epoch, partition, "offset", idx FROM (${places}) p GROUP BY 1, 2, 3, 4 HAVING count(*) > 1`)).toEqual(
    [],
  );
  expect(await pipeline.query(`SELECT FROM rollup_ranges WHERE state = 'PENDING'`)).toEqual([]);
  // Slots know no epoch: they are compared with the rows of all pipelines.
  const totals = (from: string) =>
    pipeline.platform.clickhouse.query({
      name: 'test_totals',
      sql: `SELECT customer, sum(quantity) AS quantity, sum(events) AS events FROM (${from}) GROUP BY customer ORDER BY customer`,
    });
  expect(await totals('SELECT customer, quantity, events FROM tallyline.usage_slots')).toEqual(
    await totals('SELECT customer, toDecimal256(quantity, 18) AS quantity, 1 AS events FROM tallyline.usage_events'),
  );
  const working = `SELECT * FROM tallyline.voided_positions WHERE startsWith(chunk, '${pipeline.epoch}-')`;
  expect(await pipeline.platform.clickhouse.query({ name: 'test_working', sql: working })).toEqual([]);
}
