import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/**
 * Two cores are the smallest machine this is built on. What computes only takes turns there with more than two workers; the others wait
 * for much of their time: for servers to start, for sessions and leases to run out, for what was broken to come back.
 */
const WORKERS = { computing: 2, waiting: 3 };
/** A whole server starts, migrates and drains inside one test. */
const SERVER_TEST_MS_MAX = 180_000;
/** A page's part arrives, on a machine that is busy with others. */
const PAGE_MS_MAX = 30_000;
/** Kills, restarts and drains of a 200,000-row import, several in one test. */
const FAULT_TEST_MS_MAX = 600_000;

const excluded = ['**/node_modules/**', '**/.svelte-kit/**', 'dashboard/build/**'];

/** What takes minutes, longest first. Begun last, as the sizes of these files would have it, one of them would keep the whole run waiting. */
const LONG = [
  'test/faults/everything.test.ts',
  'test/faults/seeds-kafka.test.ts',
  'test/faults/seeds-embedded.test.ts',
  'test/faults/kill.test.ts',
  'test/e2e/distributed-undo.test.ts',
  'test/e2e/accessibility.test.ts',
  'test/e2e/zombie-consumer.test.ts',
];

/** Within each group long files first; the others as vitest has them. */
class LongFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
const rankOf = ({ moduleId }: TestSpecification) => {
  const rank = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
  return rank === -1 ? LONG.length : rank;
};

/**
 * The engines are native modules that own a data directory: one process per file (`forks`), and never two in one. Figures are written
 * as the reader's language has them: here in English, whatever the developer's.
 */
const processes = { pool: 'forks', isolate: true, exclude: excluded, env: { LC_ALL: 'en_US.UTF-8' } } as const;

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...processes,
          name: 'unit',
          include: [
            '{core,schemas,platform,ingest,consumers,api,cli,bench}/**/*.test.ts',
            'dashboard/src/**/*.test.ts',
            'test/corpus/*.test.ts',
            '*.test.ts',
          ],
          maxWorkers: WORKERS.computing,
          // Property tests, on a machine that is busy with others.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...processes,
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          maxWorkers: WORKERS.waiting,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Run after `unit`, so that a fault shows first where it is easiest to read.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...processes,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          maxWorkers: WORKERS.waiting,
          testTimeout: SERVER_TEST_MS_MAX,
          hookTimeout: SERVER_TEST_MS_MAX,
          // What a page shows arrives part by part: what is expected of it is asked again until then.
          expect: { poll: { timeout: PAGE_MS_MAX, interval: 50 } },
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...processes,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          maxWorkers: WORKERS.waiting,
          testTimeout: FAULT_TEST_MS_MAX,
          hookTimeout: FAULT_TEST_MS_MAX,
          // Together with `e2e`: no worker is idle while the last of its files ends.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
