import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInstantReader } from './instant.ts';
import type { InstantOptions } from './instant.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);

function read(cell: string, options: Partial<InstantOptions> = {}): string {
  const instant = createInstantReader({ nowMs, ...options })(cell);
  return typeof instant === 'string' ? instant : instant.code;
}

describe('a time', () => {
  it.each([
    ['2026-10-01T05:06:07Z', '2026-10-01T05:06:07.000000Z'],
    ['2026-10-01t05:06:07z', '2026-10-01T05:06:07.000000Z'],
    ['2026-10-01 05:06:07.5Z', '2026-10-01T05:06:07.500000Z'],
    ['2026-10-01T05:06Z', '2026-10-01T05:06:00.000000Z'],
    ['2026-10-01T05:06:07.1234567Z', '2026-10-01T05:06:07.123456Z'],
    ['2026-10-01T23:59:59.9999999Z', '2026-10-01T23:59:59.999999Z'],
    ['2026-10-01T05:06:07,25Z', '2026-10-01T05:06:07.250000Z'],
    ['20261001T050607Z', '2026-10-01T05:06:07.000000Z'],
    ['20261001T0506Z', '2026-10-01T05:06:00.000000Z'],
    ['20261001T050607.25+0545', '2026-09-30T23:21:07.250000Z'],
    ['2026-10-01T05:06:07+05:45', '2026-09-30T23:21:07.000000Z'],
    ['2026-10-01T23:30:00-0130', '2026-10-02T01:00:00.000000Z'],
    ['2026-10-01 05:06:07.25+00', '2026-10-01T05:06:07.250000Z'],
    ['2026-10-01 05:06:07 UTC', '2026-10-01T05:06:07.000000Z'],
    ['2026-10-01 05:06:07 +0200', '2026-10-01T03:06:07.000000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000Z'],
    ['2024-02-29T23:00:00-02:00', '2024-03-01T01:00:00.000000Z'],
    ['2000-01-01T00:00:00Z', '2000-01-01T00:00:00.000000Z'],
    ['2026-11-24T12:00:00Z', '2026-11-24T12:00:00.000000Z'],
  ])('%s is %s', (cell, expected) => {
    expect(read(cell)).toBe(expected);
  });

  it.each([
    ['', 'missing_time'],
    [' ', 'missing_time'],
    ['2026-10-01 05:06:07', 'missing_time_zone'],
    ['2026-10-01', 'missing_time_zone'],
    ['03/04/2026', 'ambiguous_time'],
    ['04/04/2026', 'ambiguous_time'],
    ['3.4.2026 12:00', 'ambiguous_time'],
    ['13/04/2026', 'invalid_time'],
    ['03/04/26', 'invalid_time'],
    ['2026/10/01 05:00', 'invalid_time'],
    ['20261001', 'ambiguous_time'],
    ['20261001050607', 'ambiguous_time'],
    ['1790000000', 'ambiguous_time'],
    ['1790000000.5', 'ambiguous_time'],
    ['1790000000000', 'ambiguous_time'],
    ['20261001T05:06:07Z', 'invalid_time'],
    ['20261301T050607Z', 'invalid_time'],
    ['2026-02-30T00:00:00Z', 'invalid_time'],
    ['2025-02-29T00:00:00Z', 'invalid_time'],
    ['2026-13-01T00:00:00Z', 'invalid_time'],
    ['2026-00-01T00:00:00Z', 'invalid_time'],
    ['2026-10-01T24:00:00Z', 'invalid_time'],
    ['2026-10-01T05:60:00Z', 'invalid_time'],
    ['2026-10-01T05:06:60Z', 'invalid_time'],
    ['2026-10-01T05:06:7Z', 'invalid_time'],
    ['2026-10-01T05:06:07.Z', 'invalid_time'],
    ['2026-10-01T05:06:07 CEST', 'invalid_time'],
    ['2026-10-01T05:06:07+25:00', 'invalid_time'],
    ['2026-10-01T05:06:07+05:4', 'invalid_time'],
    ['2026-10-01T', 'invalid_time'],
    ['２０26-10-01T05:06:07Z', 'invalid_time'],
    ['1999-12-31T23:59:59.999999Z', 'time_out_of_range'],
    ['2000-01-01T00:30:00+01:00', 'time_out_of_range'],
    ['2026-11-24T12:00:01Z', 'time_in_future'],
  ])('%j is refused: %s', (cell, code) => {
    expect(read(cell)).toBe(code);
  });

  it.each([
    ['2026-10-01 05:00', 'UTC', '2026-10-01T05:00:00.000000Z'],
    ['2023-11-16 18:17:03.9799600', 'UTC', '2023-11-16T18:17:03.979960Z'],
    ['2026-10-01 05:00:00', 'Asia/Kathmandu', '2026-09-30T23:15:00.000000Z'],
    ['2026-10-01', 'Europe/Berlin', '2026-09-30T22:00:00.000000Z'],
    ['2026-10-01', 'UTC', '2026-10-01T00:00:00.000000Z'],
    ['2026-10-01T05:00:00Z', 'Asia/Kathmandu', '2026-10-01T05:00:00.000000Z'],
    ['2026-03-29 01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59.000000Z'],
    ['2026-03-29 02:00:00', 'Europe/Berlin', 'nonexistent_local_time'],
    ['2026-03-29 02:59:59.9', 'Europe/Berlin', 'nonexistent_local_time'],
    ['2026-03-29 03:00:00', 'Europe/Berlin', '2026-03-29T01:00:00.000000Z'],
    ['2026-10-25 01:59:59', 'Europe/Berlin', '2026-10-24T23:59:59.000000Z'],
    ['2026-10-25 02:00:00', 'Europe/Berlin', 'ambiguous_time'],
    ['2026-10-25 02:30:00+02:00', 'Europe/Berlin', '2026-10-25T00:30:00.000000Z'],
    ['2026-10-25 03:00:00', 'Europe/Berlin', '2026-10-25T02:00:00.000000Z'],
    ['2026-04-05 01:45:00', 'Australia/Lord_Howe', 'ambiguous_time'],
    ['2011-12-30 12:00:00', 'Pacific/Apia', 'nonexistent_local_time'],
    ['2011-12-31 12:00:00', 'Pacific/Apia', '2011-12-30T22:00:00.000000Z'],
  ])('%s in %s is %s', (cell, timeZone, expected) => {
    expect(read(cell, { timeZone })).toBe(expected);
  });

  it.each([
    ['epoch_s', '1696118400', '2023-10-01T00:00:00.000000Z'],
    ['epoch_s', '1696118400.1234567', '2023-10-01T00:00:00.123456Z'],
    ['epoch_ms', '1696118400123', '2023-10-01T00:00:00.123000Z'],
    ['epoch_us', '1696118400123456', '2023-10-01T00:00:00.123456Z'],
    ['epoch_ns', '1696118400123456789', '2023-10-01T00:00:00.123456Z'],
    ['epoch_ms', '12', 'time_out_of_range'],
    ['epoch_s', '-5', 'time_out_of_range'],
    ['epoch_s', '1696118400123', 'time_in_future'],
    ['epoch_s', '1e9', 'invalid_time'],
    ['epoch_s', '2026-10-01T00:00:00Z', 'invalid_time'],
    ['epoch_s', '', 'missing_time'],
  ] as const)('as %s, %j is %s', (timeFormat, cell, expected) => {
    expect(read(cell, { timeFormat })).toBe(expected);
  });

  it('is refused together with a zone or format that is none', () => {
    expect(() => createInstantReader({ nowMs, timeZone: 'Mars/Base' })).toThrow(RangeError);
    expect(() => createInstantReader({ nowMs, timeFormat: 'dd.mm.yyyy' })).toThrow(RangeError);
  });

  it.each(['America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham', 'America/St_Johns', 'Africa/Casablanca'])(
    'in %s agrees with what the local clock shows at that instant',
    (timeZone) => {
      const reader = createInstantReader({ nowMs, timeZone });
      const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
      fc.assert(
        fc.property(fc.integer({ min: Date.UTC(2000, 0, 3) / 1000, max: nowMs / 1000 }), (seconds) => {
          const instant = reader(clock.format(seconds * 1000));
          if (typeof instant === 'string') expect(instant).toBe(new Date(seconds * 1000).toISOString().replace('Z', '000Z'));
          else expect(instant.code).toBe('ambiguous_time');
        }),
      );
    },
  );
});
