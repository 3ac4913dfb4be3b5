/**
 * The publisher: takes accepted imports one after another and puts their events into the log.
 *
 * An import is published by the holder of its lease. When a holder dies, its successor reads the file again from the start,
 * which gives the same events, and skips the rows that the log had acknowledged. When the import is undone meanwhile, the lease is
 * gone at the next checkpoint, and publishing ends there.
 */
import { FileMissingError } from '../platform/file-store/file-store.ts';
import type { Platform } from '../platform/platform.ts';
import { Waker } from '../platform/waker.ts';
import { failImport, leaseImport, releaseImport } from './import-store.ts';
import { publishImport } from './publish.ts';
import { sendUndos } from './undo.ts';

/** Looks for imports whose holder died this often; new ones of this process wake it at once. */
const IDLE_MS = 5_000;
/** A failing import (a store is away) is tried again after this long. */
const RETRY_MS = 1_000;

export interface Publisher {
  /** An import was accepted, or is to be undone. */
  wake(): void;
  stop(): Promise<void>;
}

export function startPublisher(platform: Platform): Publisher {
  const { postgres, instance, logger } = platform;
  const stopping = new AbortController();
  const [publishing, undoing] = [new Waker(), new Waker()];

  const publishNext = async (): Promise<boolean> => {
    const leased = await leaseImport(postgres, instance);
    if (!leased) return false;
    try {
      await publishImport(platform, leased, stopping.signal);
    } catch (error) {
      if (error instanceof FileMissingError) {
        await failImport(postgres, leased.id, {
          code: 'file_missing',
          message: 'The file is no longer in the file store. Upload it again.',
        });
        return true;
      }
      await releaseImport(postgres, leased.id, instance);
      throw error;
    }
    if (stopping.signal.aborted) await releaseImport(postgres, leased.id, instance);
    return true;
  };

  const repeat = async (what: string, waker: Waker, step: () => Promise<boolean>) => {
    while (!stopping.signal.aborted) {
      try {
        if (!(await step())) await waker.wait(IDLE_MS, stopping.signal);
      } catch (error) {
        logger.error({ err: error }, `${what} failed, trying again`);
        await waker.wait(RETRY_MS, stopping.signal);
      }
    }
  };
  // Undos beside it, not in turn: they do not wait for a large import to be published.
  const loops = [repeat('publishing', publishing, publishNext), repeat('undoing', undoing, async () => (await sendUndos(platform)) > 0)];

  return {
    wake() {
      publishing.wake();
      undoing.wake();
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}
