/** What has to be true of streams and events at the end of a seed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Import } from '../../../schemas/http/imports.ts';
import type { Client } from './client.ts';
import type { Findings, FinishedUpload, Report } from './oracle.ts';
import type { SentStream } from './stream-lane.ts';
import { firstRows } from './stream-workload.ts';
import type { System } from './system.ts';
import type { ReportedEvent } from './workload.ts';

const LOOK_MS = 100;

/** Imports of events stay open while their process lives: each has to have published all it received, and all that has to be accounted for. */
export async function untilEventsSettle(system: System): Promise<void> {
  const open = `SELECT id FROM imports i WHERE form = 'events' AND (bytes_read <> content_bytes OR events_published <>
    (SELECT coalesce(sum(accepted + duplicate + conflict + dead), 0) FROM import_partitions WHERE import_id = i.id))`;
  while ((await system.postgres(open)).length > 0) await pause(LOOK_MS);
}

/** A stream that was left alone has whole lines, and all that its sender was told of; nothing behind. */
export function finishedStream(findings: Findings, { file, undone, leftAt }: SentStream, view: Import): FinishedUpload {
  if (leftAt === undefined) return { file, undone, view };
  const header = file.lines.length - file.rows;
  findings.check(`stream ${file.name}: has all lines up to ${leftAt}`, view.rows.read >= leftAt - header, true);
  return { file: firstRows(file, view.rows.read), undone, view };
}

/** What was acknowledged by `/v1/events`, and how many the imports of events brought into the stores. */
export async function reportEvents(client: Client, findings: Findings, events: readonly ReportedEvent[]): Promise<Report> {
  const { items } = await client.json<{ items: Import[] }>('/v1/imports?limit=1000');
  const imports = items.filter(({ form }) => form === 'events');
  for (const { id, status, rows, events: counts } of imports) {
    findings.check(`events ${id}: status`, status === 'complete' || status === 'publishing', true);
    findings.check(`events ${id}: rows rejected`, rows.rejected, 0);
    findings.check(`events ${id}: published`, counts.published, rows.read);
    findings.check(`events ${id}: accounted for`, counts.accepted + counts.duplicate + counts.conflict + counts.dead, counts.published);
  }
  const read = imports.reduce((sum, { rows }) => sum + rows.read, 0);
  // A call that was not answered may have come through all the same.
  findings.check('events that were acknowledged are kept', read >= events.length, true);
  return { events, undone: false, accepted: imports.reduce((sum, { events: counts }) => sum + counts.accepted, 0) };
}

/** However often a stream was resumed, and wherever, it is one import. */
export async function checkOneImportEach(findings: Findings, system: System, streams: readonly SentStream[]): Promise<void> {
  const rows = await system.postgres<{ id: string }>(`SELECT id FROM imports WHERE form = 'stream' ORDER BY id`);
  const sorted = (ids: readonly string[]) => ids.map(Number).sort((a, b) => a - b);
  findings.check('imports of streams', sorted(rows.map(({ id }) => id)), sorted(streams.map(({ id }) => id)));
}
