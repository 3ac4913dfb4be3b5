import { describe, expect, it } from 'vitest';
import { formatBucket, formatExact, formatMoment, formatMonth, formatRange } from './time.ts';

const at = (iso: string) => Date.parse(iso);

describe('times as text', () => {
  it('reads a time in its zone', () => {
    expect(formatExact('2026-10-14T11:25:07.123400Z', 'Europe/Berlin')).toBe('2026-10-14 13:25:07.1234');
    expect(formatMoment(at('2026-11-19T12:41:00Z'), 'UTC', at('2026-12-01T00:00:00Z'))).toBe('19 Nov 12:41');
    expect(formatMoment(at('2023-11-16T18:17:00Z'), 'UTC', at('2026-12-01T00:00:00Z'))).toBe('16 Nov 2023 18:17');
  });

  it('names what a bar stands for', () => {
    expect(formatBucket(at('2026-11-18T13:00:00Z'), 'hour', 'UTC')).toBe('Wed 18 Nov 13:00\u201314:00');
    expect(formatBucket(at('2026-11-18T00:00:00Z'), 'day', 'UTC')).toBe('Wed 18 Nov 2026');
    expect(formatBucket(at('2026-11-01T00:00:00Z'), 'month', 'UTC')).toBe('November 2026');
    expect(formatMonth('2026-10')).toBe('October 2026');
  });

  it('writes whole days without their midnights', () => {
    expect(formatRange(at('2026-10-01T00:00:00Z'), at('2026-11-01T00:00:00Z'), 'UTC')).toBe('1 Oct 2026 \u2013 31 Oct 2026');
    expect(formatRange(at('2026-10-01T00:00:00Z'), at('2026-10-02T12:30:00Z'), 'UTC')).toBe('1 Oct 2026 00:00 \u2013 2 Oct 2026 12:30');
  });
});
