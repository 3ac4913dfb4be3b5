import { describe, expect, it } from 'vitest';
import type { Plan } from '../types.ts';
import { addTier, definitionOf, definitionPart, draftOf, emptyPrice, idOf, removeTier } from './draft.ts';

const plan: Plan = {
  id: 'sample-plan',
  version: 1,
  name: 'Sample plan',
  currency: 'USD',
  prices: [
    { meter: 'tokens', model: 'per_unit', unitPrice: '0.0000012', included: '100000' },
    {
      meter: 'seconds',
      description: 'Machine time',
      model: 'graduated',
      tiers: [
        { upTo: '1000', unitPrice: '0.10', flatFee: '5' },
        { upTo: null, unitPrice: '0.08' },
      ],
    },
    { meter: 'storage', model: 'volume', tiers: [{ upTo: null, unitPrice: '0.08' }] },
    { meter: 'mails', model: 'package', size: '1000', unitPrice: '5' },
    { model: 'flat', description: 'Base fee', amount: '49' },
    { meter: 'seats', model: 'flat', amount: '10' },
  ],
  minimum: '100',
  discounts: [{ percent: '10' }, { amount: '5', meter: 'tokens' }],
  updatedAt: '2026-11-19T00:00:00Z',
};

describe('a plan in the editor', () => {
  it('comes out as it went in', () => {
    expect(definitionOf(draftOf(plan))).toEqual(definitionPart(plan));
    expect(definitionPart(plan)).toMatchObject({ minimum: '100', discounts: [{ percent: '10' }, { amount: '5', meter: 'tokens' }] });
    expect(Object.keys(definitionPart(plan))).not.toContain('version');
  });

  it('sends what was typed, without blanks around it and without empty fields', () => {
    const prices = [{ ...emptyPrice(' calls '), unitPrice: ' 0.01 ', included: ' ' }];
    const draft = { name: ' Basic ', currency: 'eur', prices, minimum: ' ', discounts: [] };
    expect(definitionOf(draft)).toEqual({
      name: 'Basic',
      currency: 'EUR',
      prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '0.01' }],
    });
  });

  it('puts a tier below the one that is named, and never below the open end', () => {
    const tiers = ['1', '2', ''].map((upTo) => ({ upTo, unitPrice: '1', flatFee: '' }));
    expect(addTier(tiers, 0).map(({ upTo }) => upTo)).toEqual(['1', '', '2', '']);
    expect(addTier(tiers, 2).map(({ unitPrice }) => unitPrice)).toEqual(['1', '1', '', '1']);
    expect(removeTier(tiers, 1).map(({ upTo }) => upTo)).toEqual(['1', '']);
    expect(removeTier(tiers.slice(2), 0)).toHaveLength(1);
  });

  it('keeps the open end last when a tier is added', () => {
    expect(addTier([{ upTo: '', unitPrice: '0.08', flatFee: '' }])).toEqual([
      { upTo: '', unitPrice: '', flatFee: '' },
      { upTo: '', unitPrice: '0.08', flatFee: '' },
    ]);
  });

  it('makes an id of a name', () => {
    expect([idOf('Größe & Preis 2026'), idOf('  ')]).toEqual(['gro-e-preis-2026', '']);
  });
});
