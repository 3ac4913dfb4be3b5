/** The consumers role: for each partition of the log it holds, records and rollups side by side; and the end of imports. */
import type { Platform } from '../platform/platform.ts';
import { Handoff } from './handoff.ts';
import { consumeRecords } from './records.ts';
import { consumeRollups } from './rollups.ts';
import { startSettling } from './settle.ts';
import { resolveEpoch } from './steps/offsets.ts';
import { RollupDisagreement } from './steps/rollup-ranges.ts';

export interface Consumers {
  /** Rejects when a partition cannot go on: the process has to stop. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export async function startConsumers(platform: Platform): Promise<Consumers> {
  const { log, postgres, clickhouse, clock, logger } = platform;
  const epoch = await resolveEpoch(postgres, await log.incarnation());
  const settling = await startSettling(platform, epoch);
  const assignment = await log.assign(async (reader, signal) => {
    const handoff = new Handoff();
    const rollups = consumeRollups(reader, signal, { postgres, clickhouse, log, clock, logger, epoch, handoff, onProgress: settling.wake });
    const records = consumeRecords(reader, signal, { postgres, logger, epoch, handoff });
    await Promise.all([records, rollups.catch((error: unknown) => stopRollups(error, platform))]);
  });
  return {
    done: assignment.done,
    async stop() {
      await assignment.stop();
      await settling.stop();
    },
  };
}

/** ClickHouse disagreeing with Postgres stops the rollups of that partition, not the raw rows: they are the truth it is rebuilt from. */
function stopRollups(error: unknown, { logger }: Platform): void {
  if (!(error instanceof RollupDisagreement)) throw error;
  logger.fatal({ err: error }, 'rollups stopped');
}
