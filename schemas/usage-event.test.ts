import { describe, expect, it } from 'vitest';
import { POISON } from '../test/support/poison-events.ts';
import { seededRandom, testSeed } from '../test/support/random.ts';
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

  const own = '{"v":1,"id":"a","c":"b","m":"m","t":"2026-01-01T00:00:00.000000Z","q":"1","p":"{}","i":"7","l":3}';
  it.each<[string, string]>([
    ['own form', own],
    ['a member more, before the import', own.replace('"i"', '"x":"","i"')],
    ['a member more, behind the line', own.replace('"l":3', '"l":3,"x":1')],
    ['a member twice', own.replace('"i":"7"', '"i":"7","i":"8"')],
    ['an escape in the import', own.replace('"7"', '"\\u0037"')],
    ['an escape in the time', own.replace('2026', '\\u0032026')],
    ['an escape in the quantity', own.replace('"1"', '"\\u0031"')],
    ['an escape at the end of the id', own.replace('"a"', '"a\\""')],
    ['a control character in the customer', own.replace('"b"', '"b\u0001"')],
    ['a quote in the time', own.replace('2026', '20"6')],
    ['properties with a quote', own.replace('{}', '{\\"a\\":\\"x\\",\\"i\\":\\"8\\"}')],
    ['properties that end early', own.replace('{}', '{"}')],
    ['properties with an unknown escape', own.replace('{}', '{\\q}')],
    ['properties that are no text', own.replace('"{}"', '{}')],
    ['a line with a fraction', own.replace(':3}', ':3.0}')],
    ['a line with a zero before it', own.replace(':3}', ':03}')],
    ['a line beyond safe integers', own.replace(':3}', ':99999999999999999}')],
    ['a line as text', own.replace(':3}', ':"3"}')],
    ['something behind the end', `${own}}`],
    ['an end that is missing', own.slice(0, -1)],
  ])('is read as JSON says, whether or not it looks like our own: %s', (_, payload) => {
    // With a blank it is no longer our own form.
    const outcome = decodeUsageEvent(payload.replace('{', '{ '));
    expect(decodeUsageEvent(payload)).toEqual(outcome);
  });

  const seed = testSeed();
  it(`is read as JSON says, however it is damaged (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const signs = ['"', '\\', '{', '}', ',', ':', '0', '1', 'u', '.', ' ', '\n', 'ü', '\ud800', '"i":"', '"l":', '\\"', '","m":"'];
    for (let n = 0; n < 5_000; n += 1) {
      let payload = encodeUsageEvent(usageEvent({ customer: 'ac\\me', properties: '{"a":"\\"b\\""}', line: 1 + below(1_000) }));
      if (random() < 0.5) payload = own;
      for (let edits = below(4); edits > 0; edits -= 1) {
        const at = 1 + below(payload.length - 1);
        payload = payload.slice(0, at) + (random() < 0.3 ? '' : signs[below(signs.length)]) + payload.slice(at + below(3));
      }
      expect(decodeUsageEvent(payload), payload).toEqual(decodeUsageEvent(payload.replace('{', '{ ')));
    }
  });

  it('has a reason without NUL when refused, so that it can be stored', () => {
    for (const [, payload] of POISON) {
      const outcome = decodeUsageEvent(payload);
      expect(outcome.ok ? '\0' : outcome.failure.message).not.toContain('\0');
    }
  });
});
