/**
 * A process of its own with embedded ClickHouse, for tests that kill it: `chdb-child.ts <directory> insert|replay <batches>`.
 *
 * `insert` inserts batch after batch and prints the number of each as soon as it is acknowledged; SIGTERM ends it in order.
 * `replay` inserts the batches below `batches` again under their tokens, and prints the rows of every batch there is.
 */
import { pino } from 'pino';
import { openChdb } from '../../platform/clickhouse/chdb.ts';
import { migrateClickHouse } from '../../platform/clickhouse/migrate.ts';

/** Large enough that a kill falls into the middle of an insert. */
export const BATCH_ROWS = 20_000;

async function run(directory: string, mode: string, batches: number): Promise<void> {
  const logger = pino({ level: 'silent' });
  const clickhouse = await openChdb({ directory, logger });
  await migrateClickHouse({ clickhouse, logger });
  const insert = (batch: number) =>
    clickhouse.insert({
      table: 'tallyline.usage_events',
      columns: ['customer', 'meter', 'time', 'quantity', 'epoch', 'log_partition', 'log_offset', 'log_index'],
      tsv: Array.from({ length: BATCH_ROWS }, (_, row) => `c${row % 100}\tm\t2026-01-01 00:00:00\t1\t1\t0\t${batch}\t${row}\n`).join(''),
      rows: BATCH_ROWS,
      token: `batch:${batch}`,
    });
  let stopping = false;
  process.once('SIGTERM', () => {
    stopping = true;
  });
  if (mode === 'replay') {
    for (let batch = 0; batch < batches; batch += 1) await insert(batch);
    const rows = await clickhouse.query({
      name: 'batches',
      sql: 'SELECT log_offset AS batch, count() AS rows FROM tallyline.usage_events GROUP BY batch ORDER BY batch',
    });
    process.stdout.write(`${JSON.stringify(rows)}\n`);
  } else {
    for (let batch = 0; batch < batches && !stopping; batch += 1) {
      await insert(batch);
      process.stdout.write(`${batch}\n`);
    }
  }
  await clickhouse.close();
  process.stdout.write('closed\n');
}

const [directory, mode, batches] = process.argv.slice(2);
if (directory !== undefined && mode !== undefined) await run(directory, mode, Number(batches));
