import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { Invoice } from '../schemas/http/invoices.ts';
import type { PlanDefinition, Price } from '../schemas/http/plans.ts';
import { addDecimals, compareDecimals, multiplyDecimals, subtractDecimals } from './decimal.ts';
import { ProblemError } from './errors.ts';
import { buildInvoice, daysOfLine, type InvoiceInput, type MeterUsage } from './invoice.ts';
import { roundAmount } from './money.ts';
import { hoursOf, monthPeriod } from './window.ts';

const zone = 'Europe/Berlin';
const october = monthPeriod('2026-10', zone);
const hourWindows = hoursOf(october, zone);

/** Usage of the given quantities in the first hours of October. */
function usageOf(meter: string, ...quantities: string[]): MeterUsage {
  const hours = quantities.map((quantity, i) => {
    const { from, to } = hourWindows[i] ?? october;
    return { start: from, end: to, quantity, events: 2 };
  });
  return { meter, hours };
}

const perUnit = (meter: string, unitPrice: string): Price => ({ meter, model: 'per_unit', unitPrice });
const planOf = (prices: Price[], currency = 'USD'): PlanDefinition & { id: string } => ({ id: 'pro', name: 'Pro', currency, prices });

function inputOf(overrides: Partial<InvoiceInput>): InvoiceInput {
  return {
    customer: { id: 'acme', name: 'Acme GmbH' },
    plan: planOf([perUnit('calls', '0.25')]),
    period: { ...october, timeZone: zone },
    usage: [usageOf('calls', '10', '-4')],
    meters: new Map(),
    taxRate: '0',
    currency: 'USD',
    asOf: Date.parse('2026-10-31T12:00:00.250Z'),
    ...overrides,
  };
}

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
      asOf: '2026-10-31T12:00:00.250Z',
      lines: [
        {
          n: 1,
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
      tax: [{ name: 'Tax', rate: '19', base: '1.50', amount: '0.29' }],
      total: '1.79',
    });
  });

  it('orders lines as the plan does, then by meter key, and numbers them', () => {
    const plan = planOf([perUnit('z', '1'), perUnit('unused', '1'), perUnit('a', '1')]);
    const usage = ['b', 'a', 'z', 'B'].map((meter) => usageOf(meter, '1'));
    const { lines } = buildInvoice(inputOf({ plan, usage }));
    expect(lines.map(({ n, meter, pricing }) => `${n} ${meter} ${pricing}`)).toEqual([
      '1 z per_unit',
      '2 a per_unit',
      '3 B unpriced',
      '4 b unpriced',
    ]);
  });

  it('shows usage without a price as a line of 0 with its hours, never silence', () => {
    const { lines, total } = buildInvoice(inputOf({ plan: undefined, currency: 'KWD' }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ pricing: 'unpriced', quantity: '6', exactAmount: '0', amount: '0.000', tiers: [] });
    expect(lines[0]?.hours.map(({ amount }) => amount)).toEqual(['0.000', '0.000']);
    expect(total).toBe('0.000');
  });

  it('describes a line by its price, else by its meter', () => {
    const meters = new Map([['calls', { name: 'API calls', unit: '', aggregation: 'sum' as const }]]);
    const described = planOf([{ ...perUnit('calls', '1'), description: 'Calls of the Pro plan' }]);
    expect(buildInvoice(inputOf({ plan: described, meters })).lines[0]?.description).toBe('Calls of the Pro plan');
    expect(buildInvoice(inputOf({})).lines[0]?.description).toBe('calls');
  });

  it('counts events for a meter that counts', () => {
    const meters = new Map([['calls', { name: 'Calls', unit: '', aggregation: 'count' as const }]]);
    const [line] = buildInvoice(inputOf({ meters })).lines;
    expect(line).toMatchObject({ quantity: '4', amount: '1.00' });
    expect(line?.hours.map(({ quantity }) => quantity)).toEqual(['2', '2']);
  });

  it('does not rate what sums cannot tell', () => {
    const meters = new Map([['calls', { name: 'Calls', unit: '', aggregation: 'max' as const }]]);
    expect(() => buildInvoice(inputOf({ meters }))).toThrow('cannot be rated');
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
    const usage = [usageOf('calls', ...hourWindows.map(() => '0.5'))];
    const [line] = buildInvoice(inputOf({ usage, plan: planOf([perUnit('calls', '1')], 'JPY'), currency: 'JPY' })).lines;
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

const decimal = (max: number, scale: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((n) => (n / 10 ** scale).toFixed(scale));
const quantity = fc.oneof(
  decimal(10_000, 2),
  decimal(100, 0),
  decimal(50, 1).map((size) => (Number(size) === 0 ? size : `-${size}`)),
);
const price = (meter: string): fc.Arbitrary<Price> =>
  fc.oneof(
    decimal(1000, 4).map((unitPrice) => perUnit(meter, unitPrice)),
    fc.tuple(decimal(1000, 4), decimal(1000, 5), decimal(900, 2)).map(([first, second, flatFee]) => ({
      meter,
      model: 'graduated' as const,
      tiers: [
        { upTo: '20.5', unitPrice: first },
        { upTo: null, unitPrice: second, flatFee },
      ],
    })),
  );

describe('for any usage and plan', () => {
  it('hours add up to days, days to lines, tiers to lines, lines to the subtotal, and tax and total follow', () => {
    const METERS = ['a', 'b', 'c'];
    const usage = fc.tuple(
      ...METERS.map((meter) => fc.array(quantity, { maxLength: 60 }).map((quantities) => usageOf(meter, ...quantities))),
    );
    const prices = fc.tuple(...METERS.slice(0, 2).map(price));
    fc.assert(
      fc.property(usage, prices, fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), decimal(30_000, 3), (used, priced, currency, taxRate) => {
        const invoice = buildInvoice(inputOf({ usage: used, plan: planOf(priced, currency), currency, taxRate }));
        expect(Value.Check(Invoice, invoice)).toBe(true);
        for (const line of invoice.lines) {
          const days = daysOfLine(line, zone);
          for (const parts of [line.hours, days]) {
            expectEqualAmounts(sum(parts.map(({ amount }) => amount)), line.amount);
            expectEqualAmounts(sum(parts.map((part) => part.quantity)), line.quantity);
            expect(parts.at(-1)?.runningAmount).toBe(line.amount);
          }
          if (line.pricing !== 'unpriced') expectEqualAmounts(sum(line.tiers.map(({ amount }) => amount)), line.amount);
          expect(line.amount).toBe(roundAmount(line.exactAmount, currency));
        }
        expectEqualAmounts(sum(invoice.lines.map(({ amount }) => amount)), invoice.subtotal);
        const tax = roundAmount(multiplyDecimals(multiplyDecimals(invoice.subtotal, taxRate), '0.01'), currency);
        expectEqualAmounts(subtractDecimals(invoice.total, invoice.subtotal), tax);
      }),
      { numRuns: 1000 },
    );
  });
});
