/** The first seeds of the fault suite, in both modes; `npm run test:faults` runs as many as one likes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokerIsOurs } from '../support/cluster.ts';
import { openSuite, repeatCommand, type Suite } from './suite/suite.ts';

const FIRST = Number(process.env['TALLYLINE_TEST_SEED'] ?? 1);
const SEEDS = Array.from({ length: 10 }, (_, n) => FIRST + n);

describe.each([
  { mode: 'embedded', isPossible: true },
  { mode: 'kafka', isPossible: brokerIsOurs },
] as const)('fault suite, $mode', ({ mode, isPossible }) => {
  let suite: Suite;
  beforeAll(async () => {
    if (isPossible) suite = await openSuite(mode);
  });
  afterAll(() => suite?.close());

  test.skipIf(!isPossible).each(SEEDS)('seed %i', async (seed) => {
    const { findings, report } = await suite.run(seed);
    expect(findings, `met with: ${report}\nrepeat it with: ${repeatCommand(mode, seed)}\n${findings.join('\n')}`).toEqual([]);
  });
});
