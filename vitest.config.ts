import { defineConfig } from 'vitest/config';

// Two cores are the smallest machine this is built on; more workers there only take turns.
const WORKERS_MAX = 2;
/** A whole server starts, migrates and drains inside one test. */
const SERVER_TEST_MS_MAX = 180_000;
/** Kills, restarts and drains of a 200,000-row import, several in one test. */
const FAULT_TEST_MS_MAX = 600_000;

const excluded = ['**/node_modules/**', '**/.svelte-kit/**', 'dashboard/build/**'];

/** The engines are native modules that own a data directory: one process per file (`forks`), and never two in one. */
const processes = { pool: 'forks', isolate: true, exclude: excluded } as const;

export default defineConfig({
  test: {
    maxWorkers: WORKERS_MAX,
    projects: [
      {
        test: {
          ...processes,
          name: 'unit',
          include: [
            '{core,schemas,platform,ingest,consumers,api,cli}/**/*.test.ts',
            'dashboard/src/**/*.test.ts',
            'test/corpus/*.test.ts',
            '*.test.ts',
          ],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...processes,
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Run after `unit`, so that a fault shows first where it is easiest to read.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...processes,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: SERVER_TEST_MS_MAX,
          hookTimeout: SERVER_TEST_MS_MAX,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...processes,
          // Side by side: most of their time is spent on waiting for what was broken to come back.
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: FAULT_TEST_MS_MAX,
          hookTimeout: FAULT_TEST_MS_MAX,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
