/**
 * The fuzz run by hand: `npm run test:fuzz -- --seed S --runs N`, N calls of each operation. Its last line is `fuzz: seed S, N calls, F findings`.
 */
import { parseArgs } from 'node:util';
import { testSeed } from '../support/random.ts';
import { fuzzApi } from './fuzz-api.ts';
import { openInstallation } from './installation.ts';

const { values } = parseArgs({ options: { seed: { type: 'string' }, runs: { type: 'string', default: '200' } } });
const [seed, runs] = [Number(values.seed ?? testSeed()), Number(values.runs)];
if (!Number.isSafeInteger(seed) || seed < 1 || !Number.isSafeInteger(runs) || runs < 1) {
  console.error('Usage: npm run test:fuzz -- --seed S --runs N (whole numbers from 1)');
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const installation = await openInstallation();
try {
  const { operations, calls, unstorable, statuses, findings } = await fuzzApi(installation, { seed, runs });
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  process.stdout.write(`${operations} operations; ${unstorable} places of text; answers: ${JSON.stringify(statuses)}\n`);
  process.stdout.write(`fuzz: seed ${seed}, ${calls} calls, ${findings.length} findings\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  await installation.close();
}
