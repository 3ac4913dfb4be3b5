import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

/** What a whole run came to. What broke outside of a test (a hook, a file that does not load) counts as one failure each. */
export interface Summary {
  passed: number;
  failed: number;
  skipped: number;
}

/** Where the reporter leaves its summary for `test/run.ts`, which prints it as the very last line. */
export const SUMMARY_FILE_VARIABLE = 'TALLYLINE_TEST_SUMMARY';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env[SUMMARY_FILE_VARIABLE];
    if (path === undefined) throw new Error(`${SUMMARY_FILE_VARIABLE} names no file; this reporter is for test/run.ts`);
    const summary: Summary = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) countModule(module, summary);
    writeFileSync(path, JSON.stringify(summary));
  }
}

function countModule(module: TestModule, summary: Summary): void {
  countErrors(module, summary);
  for (const suite of module.children.allSuites()) countErrors(suite, summary);
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    // A test that never came to an end is no success.
    summary[state === 'pending' ? 'failed' : state] += 1;
  }
}

function countErrors(task: TestModule | TestSuite, summary: Summary): void {
  if (task.errors().length > 0) summary.failed += 1;
}
