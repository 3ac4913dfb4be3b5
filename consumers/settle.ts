/**
 * Ends imports: an import is complete once both stores have passed its last event in every partition, and its events are
 * all accounted for. Runs after each range that is DONE and whenever an import changes.
 */
import type { Logger } from 'pino';
import type { Postgres } from '../platform/postgres/postgres.ts';
import type { Platform } from '../platform/platform.ts';
import { Waker } from '../platform/waker.ts';
import { countImportCustomers } from './import-customers.ts';
import { retry } from './retry.ts';
import { countSuspectedDoubles } from './suspected-doubles.ts';
import { completeRows } from './steps/count-rows.ts';
import { ROLLUPS } from './steps/rollup-ranges.ts';
import { settleUndos } from './settle-undos.ts';

/** A lost notification delays an import's end by no more than this. */
const IDLE_MS = 5_000;

interface Settled {
  id: string;
  /** A stream that was resumed and has ended again meanwhile is another case. */
  session: number;
  published: string;
  accepted: string;
  duplicate: string;
  conflict: string;
  dead: string;
}

export interface Settling {
  /** Something may have settled: look soon. */
  wake(): void;
  stop(): Promise<void>;
}

export async function startSettling({ postgres, log, logger }: Platform, epoch: number): Promise<Settling> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const [settling, counting] = [new Waker(), new Waker()];
  const wake = () => {
    settling.wake();
    counting.wake();
  };
  const unlisten = await postgres.listen('imports', wake);
  const settle = async () => {
    while (!signal.aborted) {
      await retry('settle imports', logger, signal, () => settleImports(postgres, epoch, logger));
      await retry('settle undos', logger, signal, () => settleUndos(postgres, epoch, log.partitions, logger));
      await settling.wait(IDLE_MS, signal);
    }
  };
  // Beside it, not in turn: no import waits for another's comparison, which is long for a large one, or may fail.
  const count = async () => {
    while (!signal.aborted) {
      const named = await retry('count the customers of imports', logger, signal, () => countImportCustomers(postgres));
      const counted = await retry('count suspected doubles', logger, signal, () => countSuspectedDoubles(postgres));
      if (!named && !counted) await counting.wait(IDLE_MS, signal);
    }
  };
  const loops = [settle(), count()];
  return {
    wake,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await unlisten();
    },
  };
}

export async function settleImports(postgres: Postgres, epoch: number, logger: Logger): Promise<void> {
  const { rows } = await postgres.query<Settled & { [column: string]: unknown }>(
    `SELECT i.id, i.session, i.events_published AS published,
            coalesce(sum(p.accepted), 0) AS accepted, coalesce(sum(p.duplicate), 0) AS duplicate,
            coalesce(sum(p.conflict), 0) AS conflict, coalesce(sum(p.dead), 0) AS dead
     FROM imports i LEFT JOIN import_partitions p ON p.import_id = i.id
       LEFT JOIN consumer_offsets o ON o.consumer = $1 AND o.epoch = $2 AND o.partition = p.partition
     WHERE i.status = 'settling'
     GROUP BY i.id
     HAVING bool_and(p.import_id IS NULL OR coalesce(p.end_offset, 0) <= coalesce(o.next_offset, 0))`,
    [ROLLUPS, epoch],
  );
  for (const settled of rows) await settleImport(postgres, settled, logger);
}

async function settleImport(postgres: Postgres, settled: Settled, logger: Logger): Promise<void> {
  const sum = BigInt(settled.accepted) + BigInt(settled.duplicate) + BigInt(settled.conflict) + BigInt(settled.dead);
  if (sum !== BigInt(settled.published)) {
    const message = `${settled.published} events were published, but ${sum} are accounted for. Nothing was billed twice; please report this.`;
    logger.error(
      { import: settled.id, published: settled.published, accountedFor: String(sum) },
      'settle: the events of an import do not add up',
    );
    await postgres.query(
      `UPDATE imports SET status = 'failed', failure = $2, completed_at = now() WHERE id = $1 AND status = 'settling' AND session = $3`,
      [settled.id, JSON.stringify({ code: 'events_unaccounted', message }), settled.session],
    );
  } else {
    if (!(await completeRows(postgres, settled.id, 'settling', settled.session))) return;
    logger.info(
      { import: settled.id, accepted: settled.accepted, duplicate: settled.duplicate, conflict: settled.conflict },
      'import complete',
    );
  }
  await postgres.query(`SELECT pg_notify('imports', $1)`, [settled.id]);
}
