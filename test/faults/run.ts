/**
 * The fault suite by hand: `npm run test:faults -- --seeds N --first S --mode embedded|kafka`. Each seed is an installation of its own
 * that is met with faults while it works; its last line is `faults: N seeds, F failed`. A failing seed prints the command that
 * repeats it.
 */
import { parseArgs } from 'node:util';
import { openSuite, repeatCommand, type SuiteMode } from './suite/suite.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    mode: { type: 'string', default: 'embedded' },
  },
});
const [seeds, first] = [Number(values.seeds), Number(values.first)];
if (
  !Number.isSafeInteger(seeds) ||
  seeds < 1 ||
  !Number.isSafeInteger(first) ||
  first < 1 ||
  !['embedded', 'kafka'].includes(values.mode)
) {
  console.error('Usage: npm run test:faults -- --seeds N --first S --mode embedded|kafka (N and S are whole numbers from 1)');
  process.exit(2);
}

const mode = values.mode as SuiteMode;
const suite = await openSuite(mode);
let failed = 0;
try {
  for (let seed = first; seed < first + seeds; seed++) {
    const startedMs = performance.now();
    const { findings, report } = await suite.run(seed);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`seed ${seed}: ${findings.length === 0 ? 'ok' : 'FAILED'} in ${seconds} s (${report})\n`);
    if (findings.length === 0) continue;
    failed += 1;
    process.stdout.write(`${findings.join('\n')}\nrepeat it with: ${repeatCommand(mode, seed)}\n`);
  }
} finally {
  await suite.close();
}
process.stdout.write(`faults: ${seeds} seeds, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
