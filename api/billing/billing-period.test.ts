import { describe, expect, it } from 'vitest';
import { monthPeriod } from '../../core/window.ts';
import { billingPeriod } from './billing-period.ts';

const september = monthPeriod('2026-09', 'Europe/Berlin');

describe('the period of an invoice', () => {
  it("is the month of the customer's zone", () => {
    expect(billingPeriod('2026-10', 'Asia/Kathmandu', [])).toEqual(monthPeriod('2026-10', 'Asia/Kathmandu'));
    expect(billingPeriod('2026-10', 'Europe/Berlin', [september])).toEqual(monthPeriod('2026-10', 'Europe/Berlin'));
  });

  it('begins where the last one ended when the customer has moved, in either direction', () => {
    for (const zone of ['America/New_York', 'Asia/Tokyo', 'Pacific/Kiritimati', 'Pacific/Niue']) {
      expect(billingPeriod('2026-10', zone, [september])).toEqual({ from: september.to, to: monthPeriod('2026-10', zone).to });
    }
  });

  it('ends where the next one began, which was billed before the customer moved', () => {
    const november = monthPeriod('2026-11', 'Europe/Berlin');
    for (const zone of ['America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Niue']) {
      expect(billingPeriod('2026-10', zone, [november])).toEqual({ from: monthPeriod('2026-10', zone).from, to: november.from });
      expect(billingPeriod('2026-10', zone, [september, november])).toEqual({ from: september.to, to: november.from });
    }
  });

  it('leaves months in between to their own invoices', () => {
    expect(billingPeriod('2026-11', 'Europe/Berlin', [september])).toEqual(monthPeriod('2026-11', 'Europe/Berlin'));
  });
});
