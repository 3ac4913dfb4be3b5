import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { billingCase } from '../test/support/billing-cases.ts';
import { inputOf, octoberHours, perUnit, planOf, usageOf } from '../test/support/invoice-input.ts';
import { rateCase } from '../test/support/rate-case.ts';
import type { UsageHour } from './aggregation.ts';
import { chargesOf, dueOf, isCorrection, sumCharges, type BilledDocument, type Charge } from './due.ts';
import { rateInvoice, type SnapshotPlan } from './rated-invoice.ts';

const PER_CALL = perUnit('calls', '1');

/** October by the hours of its usage, rated with everything known at the time. */
function october(plan: SnapshotPlan, quantities: string[], terms: { taxRate?: string } = {}): Charge[] {
  const hours: UsageHour[] = usageOf('calls', ...quantities).hours.filter(({ quantity }) => quantity !== '');
  return chargesOf(rateInvoice(inputOf({ usage: [{ meter: 'calls', hours }], ...terms }, plan)));
}
const final = (charges: readonly Charge[]): BilledDocument => ({ status: 'final', charges });
const voided = (charges: readonly Charge[]): BilledDocument => ({ status: 'void', charges });
const byKind = (charges: readonly Charge[]): Record<string, bigint> =>
  Object.fromEntries(charges.map(({ kind, amount }) => [kind, amount]));
const starts = (charge: Charge | undefined): number[] => charge?.hours.map(({ start }) => start) ?? [];

describe('what is due for a period', () => {
  it('is all of it before anything was billed, and nothing once it was', () => {
    const now = october(planOf([PER_CALL]), ['3', '4'], { taxRate: '19' });
    expect(dueOf(now, [])).toEqual(now);
    expect(sumCharges(now)).toBe(833n);
    expect(dueOf(now, [final(now)])).toEqual([]);
    expect(dueOf(now, [{ status: 'draft', charges: now }])).toEqual(now);
  });

  it('late usage of 10 under a minimum of 100 with 80 used: 0, by a line and the minimum', () => {
    const plan = planOf([PER_CALL], { minimum: '100' });
    const due = dueOf(october(plan, ['80', '10']), [final(october(plan, ['80']))]);
    expect(sumCharges(due)).toBe(0n);
    expect(byKind(due)).toEqual({ usage: 1000n, minimum: -1000n });
    expect(starts(due[0])).toEqual([octoberHours[1]?.from]);
  });

  it('a voided October falls due once, less what November adjusted', () => {
    const plan = planOf([PER_CALL]);
    const invoice = october(plan, ['80', '']);
    const now = october(plan, ['80', '10']);
    const adjustedInNovember = dueOf(now, [final(invoice)]);
    expect(sumCharges(adjustedInNovember)).toBe(1000n);

    const afterVoid = dueOf(now, [voided(invoice), final(adjustedInNovember)]);
    expect(sumCharges(afterVoid)).toBe(8000n);
    expect(starts(afterVoid[0])).toEqual([octoberHours[0]?.from]);

    const billedInDecember = [voided(invoice), final(adjustedInNovember), final(afterVoid)];
    expect(dueOf(now, billedInDecember)).toEqual([]);
  });

  it('names every hour that another price of the total changed', () => {
    const tiers = [
      { upTo: '10', unitPrice: '1' },
      { upTo: null, unitPrice: '0.5' },
    ];
    const plan = planOf([{ meter: 'calls', model: 'volume', tiers }]);
    const due = dueOf(october(plan, ['4', '6', '10']), [final(october(plan, ['4', '6']))]);
    expect(due.map(({ amount, quantity, hours }) => [amount, quantity, hours.map((hour) => [hour.quantity, hour.amount])])).toEqual([
      [
        0n,
        10n ** 19n,
        [
          [0n, -200n],
          [0n, -300n],
          [10n ** 19n, 500n],
        ],
      ],
    ]);
  });

  it('is given back where usage was taken back', () => {
    const plan = planOf([PER_CALL], { discounts: [{ percent: '10' }] });
    const due = dueOf(october(plan, ['80'], { taxRate: '19' }), [final(october(plan, ['80', '10'], { taxRate: '19' }))]);
    expect(byKind(due)).toEqual({ usage: -1000n, discount: 100n, tax: -171n });
    const gone = dueOf([], [final(october(plan, ['80']))]);
    expect(byKind(gone)).toEqual({ usage: -8000n, discount: 800n });
  });

  it('counts a credit note, which names a line and no hours', () => {
    const invoice = october(planOf([PER_CALL]), ['80', '10']);
    const [line] = invoice;
    const creditNote: Charge[] = line === undefined ? [] : [{ ...line, quantity: 0n, amount: -1000n, hours: [] }];
    const due = dueOf(october(planOf([PER_CALL]), ['80', '']), [final(invoice), final(creditNote)]);
    expect(sumCharges(due)).toBe(0n);
    expect(due.map(({ hours }) => hours.map(({ amount }) => amount))).toEqual([[-1000n]]);
  });

  it('is nothing once it was billed, whatever became known and was voided in between; and all documents come to the rating', () => {
    const step = fc.record({ known: fc.nat({ max: 24 }), isVoided: fc.boolean() });
    fc.assert(
      fc.property(billingCase, fc.array(step, { maxLength: 5 }), (one, steps) => {
        const documents: BilledDocument[] = [];
        const rated = (known: number) => rateCase({ ...one, events: one.events.filter((_, n) => (n * 7) % 25 < known) }).rated;
        for (const { known, isVoided } of [...steps, { known: 25, isVoided: false }]) {
          const charges = dueOf(chargesOf(rated(known)), documents);
          documents.push(final(charges));
          expect(dueOf(chargesOf(rated(known)), documents)).toEqual([]);
          if (isVoided) documents[0] = voided(documents[0]?.charges ?? []);
        }
        const now = rated(25);
        const due = dueOf(chargesOf(now), documents);
        const billed = documents.filter(({ status }) => status === 'final').reduce((sum, { charges }) => sum + sumCharges(charges), 0n);
        expect(billed + sumCharges(due)).toBe(now.total);
        for (const { kind, amount, hours } of due)
          if (kind === 'usage') expect(hours.reduce((sum, hour) => sum + hour.amount, 0n)).toBe(amount);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a credit note', () => {
  const entry = (kind: Charge['kind'], quantity: bigint, amount: bigint): Charge => ({
    key: kind,
    kind,
    meter: undefined,
    quantity,
    amount,
    hours: [],
  });

  it('corrects where it takes back a quantity, with all that hangs on it', () => {
    expect(isCorrection([entry('usage', -1n, -100n), entry('tax', 0n, -19n)])).toBe(true);
    expect(isCorrection([entry('fee', -1n, -49n)])).toBe(true);
  });

  it('is goodwill where it gives back money alone', () => {
    expect(isCorrection([entry('usage', 0n, -100n), entry('tax', 0n, -19n)])).toBe(false);
    expect(isCorrection([])).toBe(false);
  });
});
