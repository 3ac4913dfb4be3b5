/**
 * Holds a customer's usage still, and says whether it is fit for a final invoice. While the offsets of both consumers are locked nothing is
 * recorded, announced or finished in the customer's partition, so that no insert and no undo is half seen.
 */
import { ProblemError } from '../../core/errors.ts';
import { toInstant } from '../../core/instant-text.ts';
import type { ClickHouse, ClickHouseQuery } from '../../platform/clickhouse/clickhouse.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Queryable } from '../../platform/postgres/postgres.ts';
import type { AsOfPosition } from '../queries/invoices.ts';

/**
 * A process that stops in the middle must not stop its partition for ever. Postgres counts from its last statement: with `readWhileHeld` no
 * more than one query of ClickHouse lies between two, and that is given up after a minute.
 */
const HELD_AT_MOST = `set_config('idle_in_transaction_session_timeout', '90s', true)`;

/** Of a customer that is red all over, so many say enough; GET /v1/reconciliation has all. */
const CELLS_TOLD = 100;

/** Until the transaction ends. Throws `behind`, `import_running` or `reconciliation_red`. */
export async function holdUsage(transaction: Queryable, log: Platform['log'], customer: string): Promise<AsOfPosition> {
  const position = await lockOffsets(transaction, log, customer);
  await requireNoImport(transaction, position, customer);
  await requireNoDecision(transaction, customer);
  await requireGreen(transaction, customer);
  return position;
}

/**
 * ClickHouse for reading while usage is held. A customer of many months has many queries in a row: Postgres hears of us before each, or it
 * would end the transaction of just those who have the most to bill.
 */
export function readWhileHeld(clickhouse: ClickHouse, transaction: Queryable): ClickHouse {
  return {
    ...clickhouse,
    async query<Row>(query: ClickHouseQuery): Promise<Row[]> {
      await transaction.query('SELECT');
      return clickhouse.query<Row>(query);
    },
  };
}

async function lockOffsets(transaction: Queryable, log: Platform['log'], customer: string): Promise<AsOfPosition> {
  const partition = log.partitionFor(customer);
  // Records before rollups; nobody takes them the other way round.
  const { rows } = await transaction.query<{ consumer: string; epoch: number; next: string }>(
    `SELECT o.consumer, o.epoch, o.next_offset::text AS next, ${HELD_AT_MOST}
       FROM consumer_offsets o JOIN log_epochs e ON e.epoch = o.epoch
      WHERE e.incarnation = $1 AND o.partition = $2 ORDER BY o.consumer FOR UPDATE OF o`,
    [await log.incarnation(), partition],
  );
  const [records, rollups] = ['records', 'rollups'].map((consumer) => rows.find((row) => row.consumer === consumer));
  if (records === undefined || rollups === undefined) throw behind(customer, 'nothing of the event log has been consumed yet');
  if (records.next !== rollups.next)
    throw behind(customer, `ClickHouse has its usage up to position ${rollups.next}, Postgres up to ${records.next}`);
  const { rows: pending } = await transaction.query<{ first: string }>(
    `SELECT first_offset::text AS first FROM rollup_ranges WHERE epoch = $1 AND partition = $2 AND state = 'PENDING' ORDER BY first_offset LIMIT 1`,
    [rollups.epoch, partition],
  );
  if (pending[0] !== undefined) throw behind(customer, `the usage from position ${pending[0].first} on is on its way to ClickHouse`);
  return { epoch: rollups.epoch, partition, offset: Number(rollups.next) };
}

function behind(customer: string, why: string): ProblemError {
  return new ProblemError('behind', `Not all usage of customer "${customer}" is in both stores: ${why}. Try again in a moment.`);
}

/**
 * What a file holds is known only once all of it is published, so until then it may hold this customer. After that, what counts is whether
 * the customer's partition has had its last event, or the message of its undo. The row of a partition is of no epoch until records has had
 * an event there; where it ends is always said of the present log, as another one has imports that are not settled published anew.
 *
 * A stream may be open for ever, and what it will bring is not known at all. What counts of it are lines that have arrived: each is in the
 * customer's partition, and consumed there, before an invoice becomes final.
 */
async function requireNoImport(transaction: Queryable, { epoch, partition, offset }: AsOfPosition, customer: string): Promise<void> {
  const { rows } = await transaction.query<{ id: string; name: string; status: string; form: string }>(
    `SELECT i.id::text AS id, i.name, i.status, i.form FROM imports i LEFT JOIN import_partitions p ON p.import_id = i.id AND p.partition = $2
      WHERE (i.status = 'publishing' AND (i.form = 'file' OR i.content_bytes > i.bytes_read OR i.published_to[$2::integer + 1] > $3))
         OR (i.status = 'received' AND i.sha256 IS NOT NULL)
         OR (i.status = 'settling' AND p.end_offset > $3)
         OR (i.status = 'undoing' AND NOT coalesce(p.undo_epoch = $1 AND p.undo_offset <= $3, false))
      ORDER BY i.form <> 'file', i.id LIMIT 1`,
    [epoch, partition, offset],
  );
  const [running] = rows;
  // Lines of an open stream are on their way for a moment only.
  if (running?.status === 'publishing' && running.form !== 'file')
    throw behind(customer, `lines of the open stream ${running.id} ("${running.name}") are on their way`);
  if (running !== undefined)
    throw new ProblemError(
      'import_running',
      `Import ${running.id} ("${running.name}") is ${running.status} and may change the usage of customer "${customer}". Wait until it has ended.`,
    );
}

/** Somebody has said which version is billed: an invoice with the other one would be wrong from the start. */
async function requireNoDecision(transaction: Queryable, customer: string): Promise<void> {
  const { rows } = await transaction.query<{ conflict: string }>(
    `SELECT conflict_id::text AS conflict FROM conflicts WHERE keep = 'this' AND customer = $1 ORDER BY conflict_id LIMIT 1`,
    [customer],
  );
  if (rows[0] !== undefined) throw behind(customer, `the decision about conflict ${rows[0].conflict} has yet to be carried out`);
}

async function requireGreen(transaction: Queryable, customer: string): Promise<void> {
  const { rows } = await transaction.query<{ meter: string; hour: string; all: number }>(
    `SELECT meter, hour, count(*) OVER ()::integer AS all FROM reconciliation_cells
      WHERE customer = $1 AND state = 'differs' ORDER BY hour, meter LIMIT ${CELLS_TOLD}`,
    [customer],
  );
  const cells = rows.map(({ meter, hour }) => ({ customer, meter, hour: toInstant(hour) }));
  const [red] = cells;
  if (red === undefined) return;
  const others = (rows[0]?.all ?? 1) - 1;
  throw new ProblemError(
    'reconciliation_red',
    `Postgres and ClickHouse disagree about customer "${customer}", meter "${red.meter}", hour ${red.hour}` +
      `${others === 0 ? '' : `, and about ${others} more of this customer`}. See GET /v1/reconciliation; a rebuild of ClickHouse mends it.`,
    { cells },
  );
}
