/** An invoice with every kind of entry: fees, tiers, discounts, a minimum, tax, adjustments, and something used without a price. */
import { buildInvoice } from '../../core/invoice.ts';
import { QUANTITY_SCALE } from '../../core/rating.ts';
import { powerOfTen } from '../../core/decimal.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { inputOf, octoberHours, perUnit, planOf, september, zone } from './invoice-input.ts';

const ONE = powerOfTen(QUANTITY_SCALE);

/** Usage in every hour of October. */
export function hourlyUsage(meter: string, quantity: (hour: number) => string) {
  return { meter, hours: octoberHours.map(({ from, to }, hour) => ({ start: from, end: to, quantity: quantity(hour), events: 3 })) };
}

const plan = planOf(
  [
    { model: 'flat', amount: '49', description: 'Base fee' },
    perUnit('calls', '0.0000004'),
    {
      meter: 'traffic',
      model: 'graduated',
      tiers: [
        { upTo: '1000', unitPrice: '0.10', flatFee: '5' },
        { upTo: null, unitPrice: '0.08' },
      ],
    },
    { meter: '=seats', model: 'package', size: '1000', unitPrice: '5' },
  ],
  { minimum: '10000', discounts: [{ percent: '10', meter: 'traffic' }, { amount: '25' }] },
);

export function sampleInvoice(overrides: Partial<Invoice> = {}): Invoice {
  const [first, second] = [september.from, september.from + 3_600_000];
  const input = inputOf(
    {
      usage: [
        hourlyUsage('calls', (hour) => String(24_000 + ((hour * 7919) % 5000))),
        hourlyUsage('traffic', (hour) => `${(hour * 37) % 240}.5`),
        hourlyUsage('=seats', (hour) => (hour % 50 === 0 ? '900' : '0')),
        hourlyUsage('unknown', () => '-1'),
      ],
      meters: new Map([['traffic', { name: 'Traffic out', unit: 'GB', aggregation: 'sum' as const }]]),
      taxRate: '19',
      adjustments: [
        {
          invoice: { id: '6', number: 'INV-2026-00006' },
          period: { ...september, timeZone: zone },
          charges: [
            {
              key: 'usage:calls',
              kind: 'usage',
              meter: 'calls',
              quantity: -30n * ONE,
              amount: -1234n,
              causes: [{ kind: 'undone', id: '4', name: 'usage.csv', events: -3, quantity: -30n * ONE }],
              basis: { meter: { aggregation: 'sum', property: null }, from: september.from, billed: [] },
              // An amount that no hour accounts for: a credit note has given it back.
              hours: [
                { start: first, end: second, quantity: -10n * ONE, amount: -200n },
                { start: second, end: second + 3_600_000, quantity: -20n * ONE, amount: -1000n },
              ],
            },
            {
              key: 'tax',
              kind: 'tax',
              meter: undefined,
              quantity: 0n,
              amount: -234n,
              hours: [],
              causes: [],
              basis: { meter: null, from: september.from, billed: [] },
            },
          ],
        },
      ],
    },
    plan,
  );
  return { ...buildInvoice(input), ...overrides };
}

export const FINAL = {
  id: '12',
  number: 'INV-2026-00012',
  status: 'final',
  finalizedAt: '2026-11-02T08:00:00Z',
  contentHash: 'a3'.repeat(32),
} as const;
