/** Seeds of the fault suite as tests; `npm run test:faults` runs as many as one likes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSuite, repeatCommand, type Suite, type SuiteMode } from './suite.ts';

/** The same ones at every run, unless told otherwise: a failure is then the change's. */
const FIRST = Number(process.env['TALLYLINE_TEST_SEED'] ?? 1);
const SEEDS = Array.from({ length: 6 }, (_, n) => FIRST + n);

export function testSeeds(mode: SuiteMode, { isPossible = true } = {}): void {
  describe.skipIf(!isPossible)(`fault suite, ${mode}`, () => {
    let suite: Suite;
    beforeAll(async () => {
      suite = await openSuite(mode);
    });
    afterAll(() => suite?.close());

    test.each(SEEDS)('seed %i', async (seed) => {
      const { findings, report } = await suite.run(seed);
      expect(findings, `met with: ${report}\nrepeat it with: ${repeatCommand(mode, seed)}\n${findings.join('\n')}`).toEqual([]);
    });
  });
}
