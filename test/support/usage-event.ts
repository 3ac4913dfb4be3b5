import { encodeUsageEvent, type UsageEvent } from '../../schemas/usage-event.ts';

/** A sound event, with what the test is about changed. */
export function usageEvent(change: Partial<UsageEvent> = {}): UsageEvent {
  return {
    id: 'event-1',
    customer: 'acme',
    meter: 'requests',
    time: '2026-10-01T05:10:11.123456Z',
    quantity: '1.5',
    properties: '{"region":"eu"}',
    importId: '1',
    line: 2,
    ...change,
  };
}

/** The same event as a version of the future might encode it: a dead letter of today. */
export function ofVersion2(event: UsageEvent): string {
  return encodeUsageEvent(event).replace('{"v":1,', '{"v":2,');
}
