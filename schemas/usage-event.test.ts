import { describe, expect, it } from 'vitest';
import { POISON } from '../test/support/poison-events.ts';
import { usageEvent } from '../test/support/usage-event.ts';
import { decodeUsageEvent, encodeUsageEvent, type UsageEvent } from './usage-event.ts';

describe('a usage event', () => {
  it.each<[string, Partial<UsageEvent>]>([
    ['plain', {}],
    ['text of any script, controls, quotes and backslashes', { id: '"\\\n\t\r\u0001\u2028', customer: 'Ünï✓😀', meter: '\ufeff\\N' }],
    ['names as long as they may be', { id: 'i'.repeat(256), customer: '€'.repeat(300), meter: '😀'.repeat(128) }],
    ['the largest quantity', { quantity: '99999999999999999999.999999999999999999' }],
    ['the smallest quantity', { quantity: '-0.000000000000000001' }],
    ['zero', { quantity: '0' }],
    ['no properties', { properties: '{}' }],
    ['an escaped NUL in a property', { properties: '{"note":"\\u0000"}' }],
    ['the last day of a leap February', { time: '2028-02-29T23:59:59.999999Z' }],
    ['the first moment', { time: '1900-01-01T00:00:00.000000Z' }],
    ['the last moment', { time: '2299-12-31T23:59:59.999999Z' }],
    ['the largest import', { importId: '999999999999999999', line: Number.MAX_SAFE_INTEGER }],
  ])('comes back from the log as it was: %s', (_, change) => {
    const event = usageEvent(change);
    expect(decodeUsageEvent(encodeUsageEvent(event))).toEqual({ ok: true, event });
  });

  it.each(POISON)('is not made of %s', (_, payload, code) => {
    expect(decodeUsageEvent(payload)).toMatchObject({ ok: false, failure: { code } });
  });

  it('has a reason without NUL when refused, so that it can be stored', () => {
    for (const [, payload] of POISON) {
      const outcome = decodeUsageEvent(payload);
      expect(outcome.ok ? '\0' : outcome.failure.message).not.toContain('\0');
    }
  });
});
