import { describe, expect, it } from 'vitest';
import { grouped, periodLabel, tierLabel, timeLabel, zoneLabel } from './labels.ts';

describe('labels', () => {
  it.each([
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['-1234567.890', '-1,234,567.890'],
    ['12345678901234567890.123456789012345678', '12,345,678,901,234,567,890.123456789012345678'],
  ])('group the digits of %s', (decimal, label) => {
    expect(grouped(decimal)).toBe(label);
  });

  it('show local time with its offset, so that the hour that comes twice is two', () => {
    expect(timeLabel('2026-10-25T00:00:00Z', 'Europe/Berlin')).toBe('2026-10-25 02:00 +02:00');
    expect(timeLabel('2026-10-25T01:00:00Z', 'Europe/Berlin')).toBe('2026-10-25 02:00 +01:00');
    expect(timeLabel('2026-10-25T01:00:00Z', 'America/St_Johns')).toBe('2026-10-24 22:30 -02:30');
  });

  it('show whole days as days, both included, and anything else with its times', () => {
    expect(periodLabel({ from: '2026-09-30T22:00:00Z', to: '2026-10-31T23:00:00Z' }, 'Europe/Berlin')).toBe('1 Oct 2026 – 31 Oct 2026');
    expect(periodLabel({ from: '2026-09-30T22:00:00Z', to: '2026-10-01T22:00:00Z' }, 'Europe/Berlin')).toBe('1 Oct 2026');
    expect(periodLabel({ from: '2026-10-01T00:00:00Z', to: '2026-10-31T23:00:00Z' }, 'Europe/Berlin')).toBe(
      '2026-10-01 02:00 +02:00 to 2026-11-01 00:00 +01:00',
    );
  });

  it('name the zone with its offsets', () => {
    expect(zoneLabel({ from: '2026-09-30T18:15:00Z', to: '2026-10-31T18:15:00Z', timeZone: 'Asia/Kathmandu' })).toBe(
      'Asia/Kathmandu (UTC+05:45)',
    );
  });

  const tier = { from: '0', to: null, quantity: '5', unitPrice: '0.1', amount: '0.50' };
  it.each([
    [tier, ''],
    [{ ...tier, to: '1000' }, 'First 1,000'],
    [{ ...tier, to: '1000', unitPrice: '0' }, 'First 1,000, included'],
    [{ ...tier, from: '1000', to: '5000', flatFee: '5' }, 'Above 1,000 up to 5,000, flat fee 5'],
    [{ ...tier, from: '5000' }, 'Above 5,000'],
    [{ ...tier, packageSize: '1000', packages: '14' }, '14 × package of 1,000'],
  ])('say what a tier charges for: %j', (given, label) => {
    expect(tierLabel(given)).toBe(label);
  });
});
