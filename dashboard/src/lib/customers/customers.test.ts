import { describe, expect, it } from 'vitest';
import type { Customer } from '../types.ts';
import { consequences } from './consequences.ts';
import { addChange, draftOf, inputOf } from './draft.ts';
import { findZones, offsetText } from './zones.ts';

const customer: Customer = {
  id: 'acme',
  name: 'Acme AI',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  plan: 'basic',
  plans: [
    { plan: 'basic', from: null },
    { plan: 'pro', from: '2026-12-01' },
  ],
  taxRate: '19',
  invoiceDetails: { VAT: 'DE1', address: 'Ritterstr. 9\nBerlin' },
  status: 'assigned',
  firstSeenAt: '2026-10-01T00:00:00Z',
};

describe('a customer in the form', () => {
  it('comes out as it went in', () => {
    const { name, currency, timeZone, taxRate, plans, invoiceDetails } = customer;
    expect(inputOf(draftOf(customer))).toEqual({ name, currency, timeZone, taxRate, plans, invoiceDetails });
  });

  it('leaves out rows that are not filled in', () => {
    const draft = { ...draftOf(customer), plans: [{ plan: '', from: '' }], address: ' ', details: [{ name: ' ', value: 'x' }] };
    expect(inputOf(draft)).toMatchObject({ plans: [], invoiceDetails: {} });
  });

  it('changes plans from the beginning first, then from the next month, each after the one before', () => {
    const now = Date.parse('2026-11-30T23:30:00Z');
    expect(addChange([], now, 'UTC')).toEqual([{ plan: '', from: '' }]);
    expect(addChange([{ plan: 'a', from: '' }], now, 'UTC').at(-1)).toEqual({ plan: '', from: '2026-12-01' });
    expect(addChange([{ plan: 'a', from: '' }], now, 'Europe/Berlin').at(-1)).toEqual({ plan: '', from: '2027-01-01' });
    expect(addChange([{ plan: 'a', from: '2027-12-15' }], now, 'UTC').at(-1)).toEqual({ plan: '', from: '2028-01-01' });
  });
});

describe('what saving a customer does', () => {
  const before = inputOf(draftOf(customer));
  const standing = { drafts: 1, finals: 2, more: false };

  it.each([
    ['a name', { name: 'Other' }, []],
    [
      'a zone',
      { timeZone: 'UTC' },
      [
        /cut in UTC instead of Europe\/Berlin\. The next month begins where the last final/,
        /^1 draft follows at once; 2 final invoices stay/,
      ],
    ],
    ['a currency', { currency: 'USD' }, [/made out in USD instead of EUR. Prices are not converted/, /./]],
    ['tax', { taxRate: '0' }, [/^Tax is 0 % instead of 19 %/, /./]],
    ['plans', { plans: [] }, [/splits it/, /./]],
  ])('%s', (_name, change, patterns) => {
    const told = consequences(before, { ...before, ...change }, standing);
    expect(told).toHaveLength(patterns.length);
    for (const [at, pattern] of patterns.entries()) expect(told[at]).toMatch(pattern);
  });

  it('counts no more than it knows', () => {
    const told = consequences(before, { ...before, taxRate: '7' }, { drafts: 3, finals: 0, more: true });
    expect(told.at(-1)).toBe('At least 3 drafts follow at once; there is no final invoice yet.');
  });
});

describe('finding a zone', () => {
  const names = ['UTC', 'America/New_York', 'America/Indiana/Knox', 'Europe/Berlin', 'Asia/Kathmandu', 'America/North_Dakota/New_Salem'];
  it.each([
    ['berl', ['Europe/Berlin']],
    ['new york', ['America/New_York']],
    ['k', ['America/Indiana/Knox', 'Asia/Kathmandu', 'America/New_York', 'America/North_Dakota/New_Salem']],
    ['nowhere', []],
  ])('by %s', (typed, found) => {
    expect(findZones(typed, names, 4)).toEqual(found);
  });

  it('says how far it is from UTC now', () => {
    const now = Date.parse('2026-11-19T00:00:00Z');
    expect(['UTC', 'Asia/Kathmandu', 'America/New_York'].map((zone) => offsetText(now, zone))).toEqual([
      'UTC',
      'UTC+05:45',
      'UTC\u221205:00',
    ]);
  });
});
