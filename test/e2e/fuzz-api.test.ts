/** A short run of test/fuzz: `npm run test:fuzz` makes longer ones, and repeats one from its seed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzApi } from '../fuzz/fuzz-api.ts';
import { openInstallation, type Installation } from '../fuzz/installation.ts';
import { testSeed } from '../support/random.ts';

const RUNS = 12;

let installation: Installation;
beforeAll(async () => {
  installation = await openInstallation();
});
afterAll(() => installation.close());

test('whatever the API is sent, it answers, and never with a fault of its own', async () => {
  const seed = testSeed();
  const { calls, operations, unstorable, statuses, findings } = await fuzzApi(installation, { seed, runs: RUNS });
  expect(findings, `repeat it with: npm run test:fuzz -- --seed ${seed} --runs ${RUNS}`).toEqual([]);
  expect(calls).toBe(operations * RUNS);
  expect(unstorable).toBeGreaterThan(200);
  // It got past the door and past the schemas, and was also refused.
  expect(Math.min(...[200, 400, 401, 403, 404].map((status) => statuses[status] ?? 0))).toBeGreaterThan(0);
});
