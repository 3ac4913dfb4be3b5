import { describe, expect, it } from 'vitest';
import { TIME_FORMS, timeExample } from './time-form.ts';

describe('a form of times', () => {
  it.each([
    ['dd/MM/yyyy HH:mm:ss', '31/10/2026 17:05:09'],
    ['M/d/yyyy h:mm a', '10/31/2026 5:05 PM'],
    ["EEE, dd MMM yyyy'T'HH:mm:ss.SSS z", 'Sat, 31 Oct 2026T17:05:09.123 UTC'],
    ['YYYY[ week] dddd Z', '2026 week Saturday +00:00'],
    ['epoch_s', '1793466309'],
    ['epoch_ms', '1793466309123'],
  ])('%s is shown as %s', (form, example) => {
    expect(timeExample(form)).toBe(example);
  });

  it('with letters that are not read has no example', () => {
    expect(timeExample('dd/MM/yy')).toBeUndefined();
    expect(timeExample('QQ')).toBeUndefined();
    expect(timeExample('')).toBeUndefined();
  });

  it('has its example for each that is offered, and the epoch is the same moment', () => {
    expect(TIME_FORMS.filter((form) => timeExample(form) === undefined)).toEqual([]);
    expect(new Date(Number(timeExample('epoch_ms'))).toISOString()).toBe('2026-10-31T17:05:09.123Z');
  });
});
