import { describe, expect, it } from 'vitest';
import type { PublishedDeadLetter } from './event-log.ts';
import { encodeDeadLetter } from './kafka-dead-letters.ts';

const letter = (payload: string): PublishedDeadLetter => ({
  id: '7',
  position: { epoch: 1, partition: 2, offset: 3, index: 4 },
  code: 'invalid_json',
  message: 'the message is not JSON',
  payload,
  createdAt: '2026-01-01T00:00:00.000000Z',
});

describe('a dead letter on its topic', () => {
  it('is whole where it fits', () => {
    expect(JSON.parse(encodeDeadLetter(letter('not JSON'), 1_000))).toEqual(letter('not JSON'));
  });

  it.each([
    ['plain text', 'x'],
    ['what takes three bytes', '€'],
    ['what takes two units', '😀'],
    ['what JSON escapes', '\u0001'],
    ['what is escaped at the end alone', 'mixed'],
  ])('is cut between characters where it does not, and says so: %s', (_, unit) => {
    const payload = unit === 'mixed' ? `${'x'.repeat(5_000)}${'\u0001'.repeat(5_000)}` : unit.repeat(10_000);
    const value = encodeDeadLetter(letter(payload), 2_000);
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(2_000);
    const { payload: beginning, payloadCutFromBytes, ...rest } = JSON.parse(value) as PublishedDeadLetter & { payloadCutFromBytes: number };
    expect(payload.startsWith(beginning) && beginning.isWellFormed()).toBe(true);
    expect(beginning.length).toBeGreaterThan(unit === 'mixed' ? 10 : 200);
    expect(payloadCutFromBytes).toBe(Buffer.byteLength(payload));
    expect({ ...rest, payload: '' }).toEqual(letter(''));
  });
});
