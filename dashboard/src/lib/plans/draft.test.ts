import { describe, expect, it } from 'vitest';
import type { Plan } from '../types.ts';
import { addTier, definitionOf, draftOf, emptyPrice, idOf } from './draft.ts';

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
    const { id: _id, version: _version, updatedAt: _updatedAt, ...definition } = plan;
    expect(definitionOf(draftOf(plan))).toEqual(definition);
  });

  it('sends what was typed, without blanks around it and without empty fields', () => {
    const draft = { name: ' Basic ', currency: 'eur', prices: [{ ...emptyPrice(' calls '), unitPrice: ' 0.01 ', included: ' ' }] };
    expect(definitionOf(draft)).toEqual({
      name: 'Basic',
      currency: 'EUR',
      prices: [{ meter: 'calls', model: 'per_unit', unitPrice: '0.01' }],
    });
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
