/** The stores of a test file, and a pipeline on them for each of its tests: opened before, closed after. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openTestStores, type TestPipeline, type TestStores } from './consumers.ts';

/** Pipelines that a test opens it closes itself. */
export function useStores(): Pick<TestStores, 'open' | 'engine'> {
  let stores: TestStores | undefined;
  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores?.close());
  const opened = (): TestStores => {
    if (stores === undefined) throw new Error('the stores are open from `beforeAll` on');
    return stores;
  };
  return {
    open: (partitions) => opened().open(partitions),
    get engine() {
      return opened().engine;
    },
  };
}

/** Each test's pipeline, empty: handed to `prepare`, which keeps it for the test and puts into it what all tests begin with. */
export function usePipeline(
  { partitions }: { partitions: number },
  prepare: (pipeline: TestPipeline) => Promise<unknown> | void,
): Pick<TestStores, 'open' | 'engine'> {
  const stores = useStores();
  let pipeline: TestPipeline | undefined;
  beforeEach(async () => {
    pipeline = await stores.open(partitions);
    await prepare(pipeline);
  });
  afterEach(async () => {
    await pipeline?.close();
    pipeline = undefined;
  });
  return stores;
}
