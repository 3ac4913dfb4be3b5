import { describe, expect, it } from 'vitest';
import { packEvents } from './kafka-appender.ts';

describe('the messages of an append', () => {
  it('are one for each event, also where events come joined', () => {
    expect(packEvents(['a', 'b\nc', 'd'], 1)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('hold as many events as they are told to', () => {
    expect(packEvents(['a', 'b\nc', 'd', 'e'], 2)).toEqual(['a\nb', 'c\nd', 'e']);
  });

  it('stay within what one batch of records takes, whatever they are told', () => {
    const events = Array.from({ length: 120_000 }, (_, at) => String(at));
    const values = packEvents([events.join('\n')], 1);
    expect(values.length).toBeLessThanOrEqual(50_000);
    expect(values.join('\n').split('\n')).toEqual(events);
  });

  it('are refused when they are larger than any broker would take', () => {
    const event = 'ü'.repeat(1_048_576);
    expect(() => packEvents(new Array<string>(33).fill(event), 1)).toThrow(/an append of 69206016 bytes; 67108864 are the most/);
  });
});
