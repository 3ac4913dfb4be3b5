/** Consumers know the log they consumed before by its last events, and touch no other. */
import { expect, it } from 'vitest';
import { startConsumers } from '../../consumers/consumers.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { usageEvent } from '../support/usage-event.ts';
import { usePipeline } from '../support/use-pipeline.ts';

let pipeline: TestPipeline;

usePipeline({ partitions: 1 }, async (opened) => {
  pipeline = opened;
  await pipeline.append([usageEvent({ id: 'a' }), usageEvent({ id: 'b' })]);
  // Records alone: rollups has not come that far, so the events are still in the log.
  await pipeline.commitAll();
});

async function start(): Promise<string> {
  try {
    const consumers = await startConsumers(pipeline.platform);
    await consumers.stop();
    return 'started';
  } catch (error) {
    return (error as Error).message;
  }
}

it('the same log is gone on with', async () => {
  expect(await start()).toBe('started');
});

it('a log that ends before what was consumed is refused', async () => {
  await pipeline.query('DELETE FROM log_batches');
  await pipeline.query('UPDATE log_partitions SET next_offset = 0');
  expect(await start()).toMatch(
    /not the event log that was consumed before: partition 0: the log ends at offset 0, and offset 1 was consumed/,
  );
  expect((await pipeline.records()).length).toBe(2);
});

it('a log with other events at the same offsets is refused', async () => {
  await pipeline.query(
    `UPDATE log_batches SET payload = convert_to(replace(convert_from(payload, 'UTF8'), '"id":"b"', '"id":"c"'), 'UTF8')`,
  );
  expect(await start()).toMatch(/not the event log that was consumed before: partition 0: at offset 1 stands another event/);
  expect((await pipeline.records()).length).toBe(2);
});
