import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { Invoice } from '../schemas/http/invoices.ts';
import { billingCase, METERS } from '../test/support/billing-cases.ts';
import { inputOf, october, octoberHours, perUnit, planOf, usageOf, zone } from '../test/support/invoice-input.ts';
import { hoursOfSlots } from './aggregation.ts';
import { addDecimals, compareDecimals } from './decimal.ts';
import { ProblemError } from './errors.ts';
import { buildInvoice, daysOfLine } from './invoice.ts';
import { roundAmount } from './money.ts';
import { splitByPlan } from './segment.ts';
import { SLOT_MS } from './window.ts';

const sum = (amounts: string[]): string => amounts.reduce(addDecimals, '0');
const expectEqualAmounts = (a: string, b: string): void => expect(compareDecimals(a, b), `${a} = ${b}`).toBe(0);

describe('buildInvoice', () => {
  it('writes the whole invoice', () => {
    const meters = new Map([['calls', { name: 'API calls', unit: 'call', aggregation: 'sum' as const }]]);
    expect(buildInvoice(inputOf({ meters, taxRate: '19' }))).toEqual({
      id: null,
      number: null,
      status: 'preview',
      customer: 'acme',
      customerName: 'Acme GmbH',
      plan: 'pro',
      currency: 'USD',
      period: { from: '2026-09-30T22:00:00Z', to: '2026-10-31T23:00:00Z', timeZone: zone },
      segments: [{ from: '2026-09-30T22:00:00Z', to: '2026-10-31T23:00:00Z', plan: 'pro' }],
      asOf: '2026-10-31T12:00:00.250Z',
      lines: [
        {
          n: 1,
          key: 'usage/2026-09-30T22:00:00Z/calls',
          kind: 'usage',
          from: '2026-09-30T22:00:00Z',
          to: '2026-10-31T23:00:00Z',
          meter: 'calls',
          description: 'API calls',
          quantity: '6',
          unit: 'call',
          pricing: 'per_unit',
          tiers: [{ from: '0', to: null, quantity: '6', unitPrice: '0.25', amount: '1.50' }],
          exactAmount: '1.5',
          amount: '1.50',
          hours: [
            {
              start: '2026-09-30T22:00:00Z',
              end: '2026-09-30T23:00:00Z',
              quantity: '10',
              events: 2,
              amount: '2.50',
              runningAmount: '2.50',
            },
            {
              start: '2026-09-30T23:00:00Z',
              end: '2026-10-01T00:00:00Z',
              quantity: '-4',
              events: 2,
              amount: '-1.00',
              runningAmount: '1.50',
            },
          ],
        },
      ],
      subtotal: '1.50',
      discounts: [],
      minimums: [],
      tax: [{ name: 'Tax', rate: '19', base: '1.50', amount: '0.29' }],
      adjustments: [],
      total: '1.79',
    });
  });

  it('orders lines as the plan does, then by meter key, and numbers them', () => {
    const plan = planOf([perUnit('z', '1'), perUnit('unused', '1'), perUnit('a', '1')]);
    const usage = ['b', 'a', 'z', 'B'].map((meter) => usageOf(meter, '1'));
    const { lines } = buildInvoice(inputOf({ usage }, plan));
    expect(lines.map(({ n, meter, pricing }) => `${n} ${meter} ${pricing}`)).toEqual([
      '1 z per_unit',
      '2 a per_unit',
      '3 B unpriced',
      '4 b unpriced',
    ]);
  });

  it('shows usage without a price as a line of 0 with its hours, never silence', () => {
    const { lines, total } = buildInvoice(inputOf({ currency: 'KWD', segments: [{ ...october, plan: undefined }] }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ pricing: 'unpriced', quantity: '6', exactAmount: '0', amount: '0.000', tiers: [] });
    expect(lines[0]?.hours.map(({ amount }) => amount)).toEqual(['0.000', '0.000']);
    expect(total).toBe('0.000');
  });

  it('describes a line by its price, else by its meter', () => {
    const meters = new Map([['calls', { name: 'API calls', unit: '', aggregation: 'sum' as const }]]);
    const described = planOf([{ ...perUnit('calls', '1'), description: 'Calls of the Pro plan' }]);
    expect(buildInvoice(inputOf({ meters }, described)).lines[0]?.description).toBe('Calls of the Pro plan');
    expect(buildInvoice(inputOf({})).lines[0]?.description).toBe('calls');
  });

  it('counts events for a meter that counts', () => {
    const meters = new Map([['calls', { name: 'Calls', unit: '', aggregation: 'count' as const }]]);
    const [line] = buildInvoice(inputOf({ meters })).lines;
    expect(line).toMatchObject({ quantity: '4', amount: '1.00' });
    expect(line?.hours.map(({ quantity }) => quantity)).toEqual(['2', '2']);
  });

  it.each([
    ['max', 'does not say its largest quantity'],
    ['unique', 'cannot be told from buckets'],
    ['latest', 'cannot be told from buckets'],
  ] as const)('does not rate %s from buckets of sums', (aggregation, message) => {
    const meters = new Map([['calls', { name: 'Calls', unit: '', aggregation }]]);
    expect(() => buildInvoice(inputOf({ meters }))).toThrow(message);
  });

  it('refuses a plan in another currency', () => {
    expect(() => buildInvoice(inputOf({ currency: 'EUR' }))).toThrow(ProblemError);
    expect(() => buildInvoice(inputOf({ currency: 'EUR' }))).toThrow('Plan pro is in USD, customer acme pays in EUR.');
  });

  it.each([
    ['0', undefined, '1.50'],
    ['0.000', undefined, '1.50'],
    ['7.7', '0.12', '1.62'],
    ['100', '1.50', '3.00'],
    ['0.333333', '0.00', '1.50'],
    ['0.333334', '0.01', '1.51'],
  ])('tax of %s percent on 1.50 is %s', (taxRate, amount, total) => {
    const invoice = buildInvoice(inputOf({ taxRate }));
    expect(invoice.tax[0]?.amount).toBe(amount);
    expect(invoice.total).toBe(total);
  });

  it('is empty without usage', () => {
    expect(buildInvoice(inputOf({ usage: [] }))).toMatchObject({ lines: [], subtotal: '0.00', tax: [], total: '0.00' });
    expect(buildInvoice(inputOf({ usage: [{ meter: 'calls', hours: [] }] })).lines).toEqual([]);
  });
});

describe('days of a line', () => {
  it('are local days, 25 hours long when the clock goes back, and sums of their hours', () => {
    const usage = [usageOf('calls', ...octoberHours.map(() => '0.5'))];
    const [line] = buildInvoice(inputOf({ usage, currency: 'JPY' }, planOf([perUnit('calls', '1')], { currency: 'JPY' }))).lines;
    const days = daysOfLine(line ?? { hours: [] }, zone);
    expect(days).toHaveLength(31);
    expect(days[0]).toEqual({
      start: '2026-09-30T22:00:00Z',
      end: '2026-10-01T22:00:00Z',
      quantity: '12',
      events: 48,
      amount: '12',
      runningAmount: '12',
    });
    expect(days[24]).toMatchObject({
      start: '2026-10-24T22:00:00Z',
      end: '2026-10-25T23:00:00Z',
      quantity: '12.5',
      events: 50,
      amount: '13',
    });
    expect(days.at(-1)?.runningAmount).toBe(line?.amount);
  });
});

describe('for any case, as text', () => {
  it('fits its schema, and hours, days, tiers, lines and entries add up', () => {
    fc.assert(
      fc.property(billingCase, ({ zone: timeZone, period, hours, events, changes, currency, taxRate, rounding }) => {
        const usage = METERS.map((meter) => {
          const slots = events
            .filter((event) => event.meter === meter)
            .map(({ at, quantity }) => {
              const start = at - (at % SLOT_MS);
              return { start, end: start + SLOT_MS, quantity, events: 1 };
            });
          return { meter, hours: hoursOfSlots(slots, hours) };
        });
        const segments = splitByPlan(period, timeZone, changes);
        const invoice = buildInvoice(inputOf({ period: { ...period, timeZone }, segments, usage, currency, taxRate, rounding }));
        expect(Value.Check(Invoice, invoice)).toBe(true);
        for (const line of invoice.lines) {
          for (const parts of line.kind === 'fee' ? [] : [line.hours, daysOfLine(line, timeZone)]) {
            expectEqualAmounts(sum(parts.map(({ amount }) => amount)), line.amount);
            expectEqualAmounts(sum(parts.map(({ quantity }) => quantity)), line.quantity);
            expect(parts.at(-1)?.runningAmount).toBe(line.amount);
          }
          if (line.tiers.length > 0) expectEqualAmounts(sum(line.tiers.map(({ amount }) => amount)), line.amount);
          if (line.kind === 'usage') expect(line.amount).toBe(roundAmount(line.exactAmount, currency, rounding));
        }
        expectEqualAmounts(sum(invoice.lines.map(({ amount }) => amount)), invoice.subtotal);
        const entries = [...invoice.discounts, ...invoice.minimums, ...invoice.tax];
        expectEqualAmounts(sum([invoice.subtotal, ...entries.map(({ amount }) => amount)]), invoice.total);
      }),
      { numRuns: 500 },
    );
  });
});
