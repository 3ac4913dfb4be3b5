import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInstantReader, saysOffset, timeFormatProblem } from './instant.ts';
import { newTimeFields, parseTimePattern } from './time-pattern.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);

function read(cell: string, timeFormat: string, timeZone = 'UTC'): string {
  const instant = createInstantReader({ nowMs, timeFormat, timeZone })(cell);
  return typeof instant === 'string' ? instant : instant.code;
}

describe('a declared form of times', () => {
  it.each([
    ['dd/MM/yyyy HH:mm:ss', '03/04/2026 05:06:07', '2026-04-03T05:06:07.000000Z'],
    ['MM/dd/yyyy HH:mm:ss', '03/04/2026 05:06:07', '2026-03-04T05:06:07.000000Z'],
    ['DD/MM/YYYY HH:mm:ss', '03/04/2026 05:06:07', '2026-04-03T05:06:07.000000Z'],
    ['MM/DD/YYYY hh:mm A', '03/04/2026 05:06 PM', '2026-03-04T17:06:00.000000Z'],
    ['MM/dd/yyyy hh:mm a', '03/04/2026 12:06 am', '2026-03-04T00:06:00.000000Z'],
    ['MM/dd/yyyy hh:mm a', '03/04/2026 12:06 p.m.', '2026-03-04T12:06:00.000000Z'],
    ['M/d/yyyy h:mm a', '3/14/2026 1:06\u202fPM', '2026-03-14T13:06:00.000000Z'],
    ['M/d/yyyy', '03/04/2026', '2026-03-04T00:00:00.000000Z'],
    ['yyyyMMddHHmmss', '20261001050607', '2026-10-01T05:06:07.000000Z'],
    ['yyyyMMddHH', '2026100105', '2026-10-01T05:00:00.000000Z'],
    ['yyyyMMdd', '20261001', '2026-10-01T00:00:00.000000Z'],
    ['dd.MM.yyyy, HH:mm', '01.10.2026, 05:06', '2026-10-01T05:06:00.000000Z'],
    ['d MMM yyyy HH:mm', '1 oct 2026 05:06', '2026-10-01T05:06:00.000000Z'],
    ['MMMM d, yyyy', 'October 1, 2026', '2026-10-01T00:00:00.000000Z'],
    ['EEE, dd MMM yyyy HH:mm:ss z', 'Thu, 01 Oct 2026 05:06:07 GMT', '2026-10-01T05:06:07.000000Z'],
    ['ddd MMM DD YYYY HH:mm:ss', 'Thu Oct 01 2026 05:06:07', '2026-10-01T05:06:07.000000Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-10-01T05:06:07.125+05:45', '2026-09-30T23:21:07.125000Z'],
    ['yyyy-MM-ddTHH:mm:ss.SZ', '2026-10-01T05:06:07.1234567+0200', '2026-10-01T03:06:07.123456Z'],
    ["dd/MM/yyyy 'at' HH'h'mm", '01/10/2026 at 05h06', '2026-10-01T05:06:00.000000Z'],
    ['yyyy/MM/dd HH:mm X', '2026/10/01 05:06 Z', '2026-10-01T05:06:00.000000Z'],
  ])('%s reads %j as %s', (form, cell, expected) => {
    expect(read(cell, form)).toBe(expected);
  });

  it.each([
    ['dd/MM/yyyy', '3/4/2026', 'invalid_time'],
    ['dd/MM/yyyy', '03/13/2026', 'invalid_time'],
    ['dd/MM/yyyy', '31/04/2026', 'invalid_time'],
    ['dd/MM/yyyy', '03/04/26', 'invalid_time'],
    ['dd/MM/yyyy', '03/04/2026 05:00', 'invalid_time'],
    ['dd/MM/yyyy', '03-04-2026', 'invalid_time'],
    ['dd/MM/yyyy HH:mm', '03/04/2026 24:00', 'invalid_time'],
    ['dd/MM/yyyy HH:mm', '03/04/2026 05:60', 'invalid_time'],
    ['dd/MM/yyyy HH:mm:ss', '03/04/2026 23:59:60', 'invalid_time'],
    ['dd/MM/yyyy hh:mm a', '03/04/2026 13:00 PM', 'invalid_time'],
    ['dd/MM/yyyy hh:mm a', '03/04/2026 00:00 AM', 'invalid_time'],
    ['EEE, dd MMM yyyy', 'Fri, 01 Oct 2026', 'invalid_time'],
    ['d MMM yyyy', '1 Okt 2026', 'invalid_time'],
    ['dd/MM/yyyy HH:mm z', '03/04/2026 05:00 IST', 'invalid_time'],
    ['dd/MM/yyyy', '\u0660\u0663/04/2026', 'invalid_time'],
    ['dd/MM/yyyy', '', 'missing_time'],
    ['dd/MM/yyyy', '03/04/1999', 'time_out_of_range'],
    ['dd/MM/yyyy', '03/04/2027', 'time_in_future'],
  ])('%s refuses %j: %s', (form, cell, code) => {
    expect(read(cell, form)).toBe(code);
  });

  it('obeys the zone: what it skips, repeats and when its days begin', () => {
    const inBerlin = (cell: string) => read(cell, 'dd/MM/yyyy HH:mm', 'Europe/Berlin');
    expect(inBerlin('01/07/2026 02:00')).toBe('2026-07-01T00:00:00.000000Z');
    expect(inBerlin('29/03/2026 02:30')).toBe('nonexistent_local_time');
    expect(inBerlin('25/10/2026 02:30')).toBe('ambiguous_time');
    expect(read('01/10/2026', 'dd/MM/yyyy', 'Asia/Kathmandu')).toBe('2026-09-30T18:15:00.000000Z');
  });

  it('names both offsets of a time that a zone shows twice', () => {
    const instant = createInstantReader({ nowMs, timeZone: 'Europe/Berlin' })('2026-10-25 02:30');
    expect(instant).toMatchObject({ code: 'ambiguous_time', message: expect.stringContaining('+02:00 or +01:00') as unknown });
  });

  it.each([
    ['dd/MM/yy', 'two-digit years'],
    ['%d/%m/%Y', 'letters of Unicode'],
    ['dMyyyy', 'side by side'],
    ['dd/MM/yyyy Xmm HH', 'side by side'],
    ['dd/MM/yyyy HH:X:mm', 'side by side'],
    ["dd/MM/yyyy H'0'", 'side by side'],
    ['HH:mm', 'does not say the year'],
    ['MM/yyyy', 'does not say the day'],
    ['dd/MM/yyyy dd', 'the day twice'],
    ['dd/MM/yyyy HH:mm HH', 'the hour twice'],
    ['dd/MM/yyyy mm', 'not the hour'],
    ['dd/MM/yyyy HH:ss', 'not the minute'],
    ['dd/MM/yyyy hh:mm', 'h needs a'],
    ['dd/MM/yyyy HH:mm a', 'a needs h'],
    ['dd/MM/yyyy kk:mm', '"kk" is not read'],
    ['', 'does not say the year'],
    ['ISO8601', 'need none'],
    ['epoch', 'epoch_ms'],
    ['unix', 'epoch_ms'],
  ])('%j is none: %s', (form, expected) => {
    expect(timeFormatProblem(form)).toContain(expected);
    expect(() => createInstantReader({ nowMs, timeFormat: form })).toThrow(RangeError);
  });

  it('says whether a zone is needed', () => {
    expect(['epoch_ms', 'yyyy-MM-dd HH:mm X', 'EEE, dd MMM yyyy HH:mm:ss z', 'dd/MM/yyyy'].map(saysOffset)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('agrees with what Intl writes in that form', () => {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: 'UTC',
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    const numeric = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' });
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: nowMs / 1000 }), (seconds) => {
        const expected = new Date(seconds * 1000).toISOString().replace('Z', '000Z');
        expect(read(parts.format(seconds * 1000), "EEEE, MMMM d, yyyy 'at' hh:mm:ss a")).toBe(expected);
        expect(read(numeric.format(seconds * 1000), 'dd/MM/yyyy, HH:mm:ss')).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('reads back what it writes, in any order of its parts', () => {
    const clocks = ['HH:mm:ss', 'hh:mm:ss a', 'H:m:s', 'h:m:s a', 'HHmmss', 'HH.mm.ss', "HH'h'mm'm'ss"];
    const parts = fc.tuple(
      fc.constantFrom('yyyy'),
      fc.constantFrom('M', 'MM', 'MMM', 'MMMM'),
      fc.constantFrom('d', 'dd'),
      fc.constantFrom(...clocks),
      fc.constantFrom('X', 'z', 'EEE', 'EEEE', "'week'"),
    );
    const pattern = parts
      .chain((chosen) => fc.tuple(fc.shuffledSubarray(chosen, { minLength: 5 }), fc.constantFrom(' ', '/', '-', '.', ', ', '_')))
      .map(([chosen, mark]) => chosen.join(mark));
    fc.assert(
      fc.property(pattern, fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: nowMs / 1000 }), (form, seconds) => {
        const date = new Date(seconds * 1000);
        const parsed = parseTimePattern(form);
        if (!parsed.ok) throw new Error(`${form}: ${parsed.message}`);
        const text = parsed.pattern.format({
          ...newTimeFields(),
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          hour: date.getUTCHours(),
          minute: date.getUTCMinutes(),
          second: date.getUTCSeconds(),
          weekday: date.getUTCDay(),
        });
        expect(`${form}: ${read(text, form)}`).toBe(`${form}: ${date.toISOString().replace('Z', '000Z')}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes any text as a form or as a time without failing', () => {
    const letters = fc.string({ unit: fc.constantFrom(..."yMdHhmsSaXzET /-:.,'[]%01x\u202fé"), maxLength: 30 });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom(...'0123456789/-:. TZAPMOctober+é'), maxLength: 30 }), (form, cell) => {
        if (timeFormatProblem(form) !== undefined) return;
        expect(read(cell, form)).toMatch(/^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z|[a-z_]+)$/);
      }),
      { numRuns: 5000 },
    );
  });
});
