/** The dashboard of a test file: opened before, closed after. */
import { afterAll, beforeAll } from 'vitest';
import { openDashboard, type DashboardOptions, type OpenDashboard } from './dashboard.ts';

/** Handed to `prepare`, which keeps of it what the tests need, and brings in what all of them begin with. */
export function useDashboard(options: DashboardOptions, prepare: (opened: OpenDashboard) => Promise<unknown> | void): void {
  let opened: OpenDashboard | undefined;
  beforeAll(async () => {
    opened = await openDashboard(options);
    await prepare(opened);
  });
  afterAll(() => opened?.close());
}
