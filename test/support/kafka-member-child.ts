/** A process that joins a group, says which partitions it gets, and reads until it is killed. */
import { openTestKafkaLog } from './kafka-log.ts';

const [, , broker = '', topic = ''] = process.argv;
const log = await openTestKafkaLog({ brokers: [broker] }, { topic });
await log.assign(async (reader, signal) => {
  process.stdout.write(`${reader.partition}\n`);
  for (let next = 0; !signal.aborted;) next = (await reader.read(next, { maxEvents: 100, waitMs: 1_000, signal }))?.nextOffset ?? next;
});
