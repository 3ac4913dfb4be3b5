/** The fault suite of one mode: what its seeds share is started once. */
import { makeTemplate, startEmbeddedSystem } from './embedded-system.ts';
import { startKafkaSystem } from './kafka-system.ts';
import { runSeed, type SeedOutcome } from './run-seed.ts';

export type SuiteMode = 'embedded' | 'kafka';

export interface Suite {
  run(seed: number): Promise<SeedOutcome>;
  close(): Promise<void>;
}

export async function openSuite(mode: SuiteMode): Promise<Suite> {
  if (mode === 'kafka') return { run: (seed) => runSeed(seed, startKafkaSystem), close: () => Promise.resolve() };
  const template = await makeTemplate();
  return {
    run: (seed) => runSeed(seed, () => startEmbeddedSystem(template.path)),
    close: () => template.remove(),
  };
}

export function repeatCommand(mode: SuiteMode, seed: number): string {
  return `npm run test:faults -- --seeds 1 --first ${seed} --mode ${mode}`;
}
