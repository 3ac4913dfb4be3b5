import { describe, expect, it } from 'vitest';
import { inputOf, october, perUnit, planOf, september, zone } from '../test/support/invoice-input.ts';
import { buildInvoice, writeInvoice } from './invoice.ts';
import { rateInvoice, type SnapshotPlan } from './rated-invoice.ts';
import { splitByPlan } from './segment.ts';

describe('what is not usage', () => {
  const segments = (first: SnapshotPlan, second: SnapshotPlan) =>
    splitByPlan(october, zone, [
      { plan: first, from: null },
      { plan: second, from: '2026-10-26' },
    ]);

  it('a fixed fee is a line without hours, billed without any usage', () => {
    const plan = planOf([{ model: 'flat', amount: '49' }, perUnit('calls', '1')]);
    const { lines, total } = buildInvoice(inputOf({ usage: [] }, plan));
    expect(lines).toMatchObject([
      {
        key: 'fee/2026-09-30T22:00:00Z/0',
        kind: 'fee',
        meter: '',
        description: 'Pro',
        pricing: 'flat',
        quantity: '1',
        amount: '49.00',
        tiers: [],
        hours: [],
      },
    ]);
    expect(lines[0]).not.toHaveProperty('share');
    expect(total).toBe('49.00');
  });

  it('a fixed fee for a meter covers what was used of it, which is a line of its own', () => {
    const plan = planOf([{ meter: 'calls', description: 'All calls', model: 'flat', amount: '49' }]);
    const { lines } = buildInvoice(inputOf({}, plan));
    expect(
      lines.map(({ kind, meter, pricing, quantity, amount, hours }) => [kind, meter, pricing, quantity, amount, hours.length]),
    ).toEqual([
      ['fee', 'calls', 'flat', '1', '49.00', 0],
      ['usage', 'calls', 'covered', '6', '0.00', 2],
    ]);
  });

  it('a package says its size and how many were started', () => {
    const plan = planOf([{ meter: 'calls', model: 'package', size: '4', unitPrice: '5' }]);
    expect(buildInvoice(inputOf({}, plan)).lines[0]?.tiers).toEqual([
      { from: '0', to: null, quantity: '6', unitPrice: '5', packageSize: '4', packages: '2', amount: '10.00' },
    ]);
  });

  it('each segment is rated on its own, by its share of 745 hours', () => {
    const old = planOf([{ model: 'flat', amount: '745' }, perUnit('calls', '1')], { minimum: '7450' });
    const renewed = { ...planOf([{ model: 'flat', amount: '74.5' }]), id: 'renewed' };
    const invoice = buildInvoice(inputOf({ segments: segments(old, renewed) }));
    expect(invoice).toMatchObject({
      plan: 'renewed',
      segments: [
        { from: '2026-09-30T22:00:00Z', to: '2026-10-25T23:00:00Z', plan: 'pro' },
        { from: '2026-10-25T23:00:00Z', to: '2026-10-31T23:00:00Z', plan: 'renewed' },
      ],
      lines: [
        { n: 1, pricing: 'flat', amount: '601.00', share: { seconds: String(601 * 3600), of: String(745 * 3600) } },
        { n: 2, pricing: 'per_unit', amount: '6.00' },
        { n: 3, pricing: 'flat', amount: '14.40', to: '2026-10-31T23:00:00Z' },
      ],
      minimums: [{ key: 'minimum/2026-09-30T22:00:00Z', minimum: '6010.00', base: '607.00', amount: '5403.00' }],
      subtotal: '621.40',
      total: '6024.40',
    });
  });

  it('discounts say what they were taken from, and take away', () => {
    const plan = planOf([perUnit('calls', '1')], { discounts: [{ percent: '10' }, { amount: '2', meter: 'calls' }] });
    expect(buildInvoice(inputOf({}, plan))).toMatchObject({
      subtotal: '6.00',
      discounts: [
        { meter: 'calls', percent: null, offered: '2', base: '6.00', amount: '-2.00' },
        { meter: null, percent: '10', offered: null, base: '4.00', amount: '-0.40' },
      ],
      total: '3.60',
    });
  });

  it('adjustments name their invoice, period, hours and causes, and are part of the total', () => {
    const hour = { start: september.from, end: september.from + 3_600_000, quantity: 10n ** 18n, amount: 25n };
    const charge = { key: 'usage/x/calls', kind: 'usage' as const, meter: 'calls', quantity: 10n ** 18n, amount: 25n, hours: [hour] };
    const cause = { kind: 'late' as const, id: '3', name: 'late.csv', events: 1, quantity: 10n ** 18n };
    const basis = { meter: null, from: september.from, billed: [] };
    const invoice = { id: '7', number: 'INV-7' };
    const adjustments = [{ invoice, period: { ...september, timeZone: zone }, charges: [{ ...charge, causes: [cause], basis }] }];
    expect(buildInvoice(inputOf({ adjustments }))).toMatchObject({
      subtotal: '1.50',
      adjustments: [
        {
          n: 1,
          invoice,
          causes: [{ kind: 'late', id: '3', name: 'late.csv', events: 1, quantity: '1' }],
          period: { from: '2026-08-31T22:00:00Z', to: '2026-09-30T22:00:00Z', timeZone: zone },
          quantity: '1',
          amount: '0.25',
          hours: [{ start: '2026-08-31T22:00:00Z', end: '2026-08-31T23:00:00Z', quantity: '1', amount: '0.25' }],
        },
      ],
      total: '1.75',
    });
  });

  it('a draft is written without hours, with the same amounts', () => {
    const input = inputOf({});
    const [draft, whole] = [writeInvoice(input, rateInvoice(input), { hours: false }), buildInvoice(input)];
    expect(draft).toEqual({ ...whole, lines: whole.lines.map((line) => ({ ...line, hours: [] })) });
  });
});
