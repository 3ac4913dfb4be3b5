import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInstantReader } from './instant.ts';
import { loosened, timeFormsOf } from './time-forms.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);

function fault(cell: string): { code: string; message: string } {
  const instant = createInstantReader({ nowMs, timeZone: 'UTC' })(cell);
  if (typeof instant === 'string') throw new Error(`${cell} was read as ${instant}`);
  return instant;
}

describe('the form that a time may have', () => {
  it.each([
    ['03/04/2026', ['dd/MM/yyyy', 'MM/dd/yyyy']],
    ['3/4/2026 5:06', ['d/M/yyyy H:mm', 'M/d/yyyy H:mm']],
    ['13/04/2026 05:06:07', ['dd/MM/yyyy HH:mm:ss']],
    ['4/13/2026 05:06 PM', ['M/d/yyyy hh:mm a']],
    ['31.12.2025 23:59:59.123', ['dd.MM.yyyy HH:mm:ss.S']],
    ['31.12.2025 23:59:59,123', ['dd.MM.yyyy HH:mm:ss,S']],
    ['2026/10/01 05:06', ['yyyy/MM/dd HH:mm']],
    ['2026-10-01 05:06 PM', ['yyyy-MM-dd hh:mm a']],
    ['1 Oct 2026 05:06', ['d MMM yyyy HH:mm']],
    ['01-October-2026', ['dd-MMMM-yyyy']],
    ['Oct 1, 2026', ['MMM d, yyyy']],
    ['Thu, 01 Oct 2026 05:06:07 GMT', ['EEE, dd MMM yyyy HH:mm:ss z']],
    ['01/Oct/2026:05:06:07 +0200', ['dd/MMM/yyyy:HH:mm:ss X']],
    ['01/Oct-2026', []],
    ['20261001', ['yyyyMMdd']],
    ['202610010506', ['yyyyMMddHHmm']],
    ['20261001050607', ['yyyyMMddHHmmss']],
    ['1790000000', ['epoch_s']],
    ['1790000000.25', ['epoch_s']],
    ['1790000000123', ['epoch_ms']],
    ['1790000000123456', ['epoch_us']],
    ['1790000000123456789', ['epoch_ns']],
    ['2026-10-01T05:06:07Z', []],
    ['12345', []],
    ['yesterday', []],
  ])('of %j: %j', (text, forms) => {
    expect(timeFormsOf(text)).toEqual(forms);
  });

  it('is one that reads it', () => {
    for (const text of [
      '3/4/2026 5:06',
      '31.12.2025 23:59:59,123',
      'Oct 1, 2026',
      '202610010506',
      '2026-10-01 05:06 AM',
      '01/Oct/2026:05:06:07 +0200',
    ]) {
      for (const timeFormat of timeFormsOf(text)) {
        expect(createInstantReader({ nowMs, timeZone: 'UTC', timeFormat })(text)).toBeTypeOf('string');
      }
    }
  });

  it('loses the zeros where other times have none', () => {
    expect(loosened('dd/MM/yyyy HH:mm:ss')).toBe('d/M/yyyy H:mm:ss');
    expect(loosened('EEE, dd MMM yyyy hh:mm a')).toBe('EEE, d MMM yyyy h:mm a');
  });
});

describe('a time whose form has to be said', () => {
  it.each([
    ['03/04/2026', 'ambiguous_time', '3 April 2026 with timeFormat "dd/MM/yyyy" or 4 March 2026 with timeFormat "MM/dd/yyyy"'],
    ['13/04/2026', 'invalid_time', '13 April 2026 with timeFormat "dd/MM/yyyy"'],
    ['1790000000', 'ambiguous_time', '2026-09-21T14:13Z with timeFormat "epoch_s"'],
    ['20261001050607', 'ambiguous_time', 'timeFormat "yyyyMMddHHmmss"'],
    ['1 Oct 2026', 'invalid_time', 'timeFormat "d MMM yyyy"'],
    ['03/04/26', 'invalid_time', 'two digits'],
    ['2026-10-01 24:00', 'invalid_time', '00:00 of the next day'],
    ['2026-10-01T23:59:60Z', 'invalid_time', 'leap seconds'],
    ['2026-02-29', 'invalid_time', 'no such date'],
    ['soon', 'invalid_time', 'not a time such as'],
  ])('%j is %s: %s', (cell, code, message) => {
    expect(fault(cell)).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
  });

  it('names the form that it has, where another was declared', () => {
    const instant = createInstantReader({ nowMs, timeZone: 'UTC', timeFormat: 'MM/dd/yyyy' })('2026/10/01');
    expect(instant).toMatchObject({ message: 'not a time of the form "MM/dd/yyyy"; it has the form "yyyy/MM/dd"' });
  });

  it('is explained whatever it is', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789/-:. TZAPMOctober,+é'), minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(text, (cell) => {
        const instant = createInstantReader({ nowMs, timeZone: 'UTC' })(cell);
        if (typeof instant !== 'string') expect(instant.message).not.toMatch(/undefined|NaN/);
        for (const form of timeFormsOf(cell)) expect(form).toMatch(/^(?:epoch_(?:s|ms|us|ns)|.*yyyy.*)$/);
      }),
      { numRuns: 5000 },
    );
  });
});
