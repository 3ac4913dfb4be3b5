/** A growing import whose session is gone: what it has received and not published goes into the log, and it settles as far as it came. */
import type { Platform } from '../../platform/platform.ts';
import { GrowingImport, SessionLostError } from './growing-import.ts';
import { readGrowing, type Fence } from './stream-store.ts';

/** Returns soon after the signal fires, too, or once another session goes on with the import. */
export async function finishGrowing(platform: Platform, fence: Fence, signal: AbortSignal): Promise<void> {
  const state = await readGrowing(platform.postgres, fence);
  if (state === undefined) return;
  const growing = new GrowingImport(platform, state);
  try {
    if (await growing.catchUp(signal)) await growing.end();
  } catch (error) {
    if (!(error instanceof SessionLostError)) throw error;
  } finally {
    await growing.close();
  }
}
