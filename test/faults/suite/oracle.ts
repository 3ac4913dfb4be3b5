/**
 * What has to be true at the end of a seed, whatever happened: everything adds up, and exactly what the files that stand justify is
 * billed. Answers what is not, in words; nothing: all is well.
 */
import type { Import } from '../../../schemas/http/imports.ts';
import type { System } from './system.ts';
import { contentOf, scaledQuantity, type ReportedEvent, type UsageSource } from './workload.ts';

export interface FinishedUpload {
  file: UsageSource;
  view: Import;
  undone: boolean;
}

/** Events that somebody has reported: whether they stand, and how many of them the stores are to hold. */
export interface Report {
  events: readonly ReportedEvent[];
  undone: boolean;
  accepted: number;
}

interface StoredRow extends Record<string, unknown> {
  place: string;
  customer: string;
  meter: string;
  time: string;
  quantity: string;
}

/** Differences shown of each kind. */
const SHOWN = 5;

export class Findings {
  readonly lines: string[] = [];

  check(what: string, found: unknown, expected: unknown): void {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
    if (is !== should) this.lines.push(`${what}: is ${is}, should be ${should}`);
  }

  none(what: string, found: readonly unknown[]): void {
    if (found.length > 0) this.lines.push(`${what}: ${found.length}, e.g. ${JSON.stringify(found.slice(0, SHOWN))}`);
  }
}

/** Each import by itself: rows read = published + rejected, events published = accepted + duplicate + conflict + dead. */
export function checkCounts(findings: Findings, { file, view, undone }: FinishedUpload): void {
  const name = `import ${view.id} (${file.name})`;
  findings.check(`${name}: status`, view.status, undone ? 'undone' : 'complete');
  // Of one that was undone while it was published, what was published until then stands there.
  if (undone || view.status !== 'complete') return;
  const { rows, events } = view;
  findings.check(`${name}: rows read`, rows.read, file.rows);
  findings.check(`${name}: rows rejected`, rows.rejected, file.badRows);
  findings.check(`${name}: events published`, events.published, file.events.length);
  findings.check(`${name}: events accounted for`, events.accepted + events.duplicate + events.conflict + events.dead, events.published);
  findings.check(
    `${name}: rows accounted for`,
    (rows.new ?? NaN) + (rows.known ?? NaN) + (rows.conflict ?? NaN) + rows.rejected,
    rows.read,
  );
}

/** Both stores, row by row, and against what was reported. Stops the program in between, as the embedded ClickHouse serves one process only. */
export async function checkStores(
  findings: Findings,
  system: System,
  reports: readonly Report[],
  options: { resolved: boolean },
): Promise<void> {
  const records = await system.postgres<StoredRow>(
    `SELECT concat_ws('.', epoch, partition, "offset", idx) AS place, customer, meter, quantity::text AS quantity,
            to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS time FROM usage_records`,
  );
  findings.none('ranges still pending', await system.postgres(`SELECT * FROM rollup_ranges WHERE state = 'PENDING'`));
  findings.none(
    'positions of two events',
    await system.postgres(`SELECT epoch, partition, "offset", idx FROM (${PLACED}) p GROUP BY 1, 2, 3, 4 HAVING count(*) > 1`),
  );
  checkBilled(findings, records.map(contentOfRow), reports, options);
  const standing = reports.filter(({ undone }) => !undone).reduce((sum, { accepted }) => sum + accepted, 0);
  findings.check('accepted events of all imports that stand', records.length, standing);

  await system.stop();
  const usage = await system.clickhouse<StoredRow>(
    `SELECT concat_ws('.', epoch, log_partition, log_offset, log_index) AS place, customer, meter, toString(quantity) AS quantity,
            formatDateTime(time, '%Y-%m-%dT%H:%i:%S') AS time FROM tallyline.usage_events`,
  );
  const [postgres, clickhouse] = [records, usage].map((rows) => rows.map((row) => `${row.place} ${contentOfRow(row)}`));
  compareMultisets(findings, 'rows that only Postgres has', postgres ?? [], clickhouse ?? []);
  compareMultisets(findings, 'rows that only ClickHouse has', clickhouse ?? [], postgres ?? []);
  await checkSlots(findings, system, records);
}

const PLACED = ['usage_records', 'witnesses', 'conflicts', 'voided_events']
  .map((table) => `SELECT epoch, partition, "offset", idx FROM ${table}`)
  .join(' UNION ALL ');

/** Σ buckets, exact. */
async function checkSlots(findings: Findings, system: System, records: readonly StoredRow[]): Promise<void> {
  const hours = new Map<string, bigint>();
  for (const row of records) {
    const hour = `${row.customer}|${row.meter}|${row.time.slice(0, 13)}`;
    hours.set(hour, (hours.get(hour) ?? 0n) + scaledQuantity(contentOfRow(row)));
  }
  const slots = await system.clickhouse<{ hour: string; quantity: string }>(
    `SELECT concat(customer, '|', meter, '|', formatDateTime(slot, '%Y-%m-%dT%H')) AS hour, toString(sum(quantity)) AS quantity
     FROM tallyline.usage_slots GROUP BY hour`,
  );
  const lines = (entries: Iterable<readonly [string, bigint]>) => [...entries].map(([hour, sum]) => `${hour} ${sum}`);
  const summed = lines(slots.map(({ hour, quantity }) => [hour, scaledQuantity(contentOf('', '', '', quantity))] as const));
  compareMultisets(findings, 'hours that only the buckets have', summed, lines(hours));
  compareMultisets(findings, 'hours that the buckets lack', lines(hours), summed);
}

function contentOfRow({ customer, meter, time, quantity }: StoredRow): string {
  return contentOf(customer, meter, time, quantity);
}

function compareMultisets(findings: Findings, what: string, left: readonly string[], right: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const line of right) counts.set(line, (counts.get(line) ?? 0) + 1);
  findings.none(
    what,
    left.filter((line) => {
      const count = counts.get(line) ?? 0;
      counts.set(line, count - 1);
      return count <= 0;
    }),
  );
}

/**
 * Each event that reports which stand hold is billed once. Where they report it in several versions, one of these is, and none where
 * an undo has left versions that disagree, or a person has decided.
 */
function checkBilled(findings: Findings, billed: string[], reports: readonly Report[], { resolved }: { resolved: boolean }): void {
  const left = new Map<string, number>();
  for (const content of billed) left.set(content, (left.get(content) ?? 0) + 1);
  const reported = new Map<string, { standing: Set<string>; everUndone: boolean; disputed: boolean }>();
  for (const { events, undone } of reports) for (const event of events) note(reported, event, undone);

  const take = (content: string) => {
    const count = left.get(content) ?? 0;
    if (count > 0) left.set(content, count - 1);
    return count > 0;
  };
  const missing: string[] = [];
  for (const [key, { standing, everUndone, disputed }] of reported) {
    if (standing.size === 0 || [...standing].some(take)) continue;
    if ((everUndone && standing.size > 1) || (resolved && disputed)) continue;
    missing.push(`${key}: ${[...standing].join(' or ')}`);
  }
  findings.none('events that are reported and nothing bills', missing);
  findings.none(
    'events billed that no report justifies',
    [...left].flatMap(([content, count]) => (count > 0 ? [`${count} × ${content}`] : [])),
  );
}

function note(
  reported: Map<string, { standing: Set<string>; everUndone: boolean; disputed: boolean }>,
  { key, content }: ReportedEvent,
  undone: boolean,
): void {
  const entry = reported.get(key) ?? { standing: new Set<string>(), everUndone: false, disputed: false };
  if (!reported.has(key)) reported.set(key, entry);
  if (undone) entry.everUndone = true;
  else entry.standing.add(content);
  entry.disputed ||= entry.standing.size > 1 || undone;
}
