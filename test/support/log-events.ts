/** What a log holds, read past the consumers. */
import type { EventLog } from '../../platform/event-log/event-log.ts';
import { decodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';

/** All events, redeliveries included, by line. */
export async function eventsInLog(log: EventLog): Promise<UsageEvent[]> {
  const events: UsageEvent[] = [];
  for (const [partition, end] of (await log.endOffsets()).entries()) {
    for (let at = 0; at < end;) {
      const batch = await log.reader(partition).read(at, { maxEvents: 10_000, waitMs: 0 });
      if (!batch) break;
      for (const payload of batch.payloads) {
        const decoded = decodeUsageEvent(payload);
        if (decoded.ok) events.push(decoded.event);
      }
      at = batch.nextOffset;
    }
  }
  return events.sort((a, b) => a.line - b.line);
}
