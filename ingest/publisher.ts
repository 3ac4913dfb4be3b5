/**
 * The publisher: takes accepted imports one after another and puts their events into the log.
 *
 * An import is published by the holder of its lease. When a holder dies, its successor reads the file again from the start,
 * which gives the same events, and skips the rows that the log had acknowledged. When the import is undone meanwhile, the lease is
 * gone at the next checkpoint or renewal, and publishing ends there.
 */
import { FileMissingError } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import { Waker } from '../platform/waker.ts';
import { failImport, leaseImport, releaseImport } from './import-store.ts';
import { Leases } from './leases.ts';
import { createLostUploads } from './lost-uploads.ts';
import { publishImport } from './publish.ts';
import { finishGrowing } from './stream/take-over.ts';
import { sendResolutions } from './resolutions.ts';
import { sendUndos } from './undo.ts';

/** Looks for imports whose holder died this often; new ones of this process wake it at once. */
const IDLE_MS = 5_000;
/** Shorter leases are looked after more often: a few times in the length of one. */
const LOOKS_PER_LEASE = 4;
/** What failed (a store is away) is tried again after this long, then after twice as long, up to `IDLE_MS`. */
const RETRY_MS = 1_000;

export interface Publisher {
  /** An import was accepted, or is to be undone, or somebody has decided about a conflict. */
  wake(): void;
  stop(): Promise<void>;
}

export function startPublisher(platform: Platform, { leaseSeconds }: { leaseSeconds: number }): Publisher {
  const { postgres, instance, logger } = platform;
  const leases = new Leases({ postgres, instance, leaseSeconds, logger });
  const idleMs = Math.min(IDLE_MS, (leaseSeconds * 1_000) / LOOKS_PER_LEASE);
  const stopping = new AbortController();
  const [publishing, telling, clearing] = [new Waker(), new Waker(), new Waker()];

  const repeat = async (what: string, waker: Waker, step: () => Promise<boolean>) => {
    let retryMs = RETRY_MS;
    while (!stopping.signal.aborted) {
      try {
        if (!(await step())) await waker.wait(idleMs, stopping.signal);
        retryMs = RETRY_MS;
      } catch (error) {
        logger.error({ err: error, retryMs }, `${what} failed, trying again`);
        await new Waker().wait(retryMs, stopping.signal);
        retryMs = Math.min(retryMs * 2, IDLE_MS);
      }
    }
  };
  const clearLost = createLostUploads(platform);
  // Decisions first: one about a conflict was made before the undo that is asked for after it.
  const tellNext = async () => (await sendResolutions(platform)) + (await sendUndos(platform)) > 0;
  // Control messages beside it, not in turn: they do not wait for a large import to be published.
  const loops = [
    repeat('publishing', publishing, () => publishNext(platform, leases, stopping.signal)),
    repeat('sending control messages', telling, tellNext),
    repeat('clearing away lost uploads', clearing, async () => {
      await clearLost();
      return false;
    }),
  ];

  return {
    wake() {
      publishing.wake();
      telling.wake();
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** False where no import waits. */
async function publishNext(platform: Platform, leases: Leases, stopping: AbortSignal): Promise<boolean> {
  const { postgres, instance } = platform;
  const leased = await leaseImport(postgres, leases);
  if (!leased) return false;
  const lease = leases.hold(leased.id);
  try {
    const signal = AbortSignal.any([stopping, lease.lost]);
    if (leased.form === 'file') await publishImport(platform, leased, signal);
    else await finishGrowing(platform, leased, signal);
  } catch (error) {
    if (!(error instanceof FileMissingError)) throw error;
    const failure = { code: 'file_missing', message: 'The file is no longer in the file store. Upload it again.' };
    await failImport(postgres, leased.id, failure, { status: 'publishing', instance });
  } finally {
    lease.release();
    await giveBack(platform, leased.id);
  }
  return true;
}

/** Nothing to give back, where it was published. */
async function giveBack({ postgres, instance, logger }: Platform, id: string): Promise<void> {
  try {
    await releaseImport(postgres, id, instance);
  } catch (error) {
    // This process takes it again as soon as it can ask; another one when the lease has run out.
    logger.warn({ err: error, import: id }, 'the lease of an import could not be given back');
  }
}
