/** The consumers role: for each partition of the log it holds, records and rollups side by side; and the end of imports. */
import type { PartitionReader } from '../platform/event-log/event-log.ts';
import type { Platform } from '../platform/platform.ts';
import { Handoff } from './handoff.ts';
import { type Rebuilding, startRebuilding } from './rebuild.ts';
import { startReconciling } from './reconcile.ts';
import { consumeRecords } from './records.ts';
import { startRelayingDeadLetters } from './relay-dead-letters.ts';
import { retry } from './retry.ts';
import { consumeRollups, type RollupsDependencies } from './rollups.ts';
import { startSettling } from './settle.ts';
import { resolveEpoch } from './steps/epochs.ts';
import { refuseOtherLog } from './steps/offsets.ts';
import { RollupDisagreement } from './steps/rollup-ranges.ts';

export interface Consumers {
  /** Rejects when a partition cannot go on: the process has to stop. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export async function startConsumers(platform: Platform): Promise<Consumers> {
  const { log, postgres, clickhouse, clock, logger, alone } = platform;
  const epoch = await resolveEpoch(postgres, await log.incarnation());
  await refuseOtherLog(postgres, log, epoch);
  const settling = await startSettling(platform, epoch);
  const rebuilding = await startRebuilding(platform, epoch);
  const relaying = await startRelayingDeadLetters(platform);
  const assignment = await log.assign(async (reader, signal) => {
    // Whoever held the partition before may have been the last one who saw the old log.
    await retry('look for the log', logger, signal, () => refuseOtherLog(postgres, log, epoch, reader.partition));
    const handoff = new Handoff();
    const rollups = { postgres, clickhouse, log, clock, logger, epoch, alone, handoff, onProgress: settling.wake };
    const records = consumeRecords(reader, signal, { postgres, logger, epoch, handoff, partitions: log.partitions });
    await Promise.all([records, keepRollingUp(reader, signal, rollups, rebuilding)]);
  });
  const reconciling = await startReconciling(platform, epoch);
  return {
    done: assignment.done,
    async stop() {
      await Promise.all([reconciling.stop(), rebuilding.stop(), relaying.stop()]);
      await assignment.stop();
      await settling.stop();
    },
  };
}

/**
 * ClickHouse disagreeing with Postgres stops the rollups of that partition, not the raw rows: they are the truth it is rebuilt
 * from. When it has been, rollups goes on.
 */
async function keepRollingUp(
  reader: PartitionReader,
  signal: AbortSignal,
  dependencies: RollupsDependencies,
  rebuilding: Rebuilding,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await consumeRollups(reader, signal, dependencies);
    } catch (error) {
      if (!(error instanceof RollupDisagreement)) throw error;
      dependencies.logger.fatal({ err: error }, 'rollups stopped');
      await rebuilding.untilRebuilt(signal);
    }
  }
}
