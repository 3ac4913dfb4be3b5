/** The program of a test file, on a data directory of its own: started before, stopped after. */
import { afterAll, beforeAll } from 'vitest';
import { makeDataDirectory, startTallyline, type Tallyline } from './tallyline.ts';

/** Handed to `prepare`, which keeps it for the tests, and brings in what all of them begin with. */
export function useTallyline(prepare: (started: Tallyline) => Promise<unknown> | void): void {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>> | undefined;
  let started: Tallyline | undefined;
  beforeAll(async () => {
    directory = await makeDataDirectory();
    started = await startTallyline({ dataDirectory: directory.path });
    await prepare(started);
  });
  afterAll(async () => {
    await started?.stop();
    await directory?.remove();
  });
}
